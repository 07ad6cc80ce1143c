"""Sentence of an alarm's cause."""

from __future__ import annotations

from dataclasses import replace

from nudge.domain.alarms.cause_sentence import CauseFacts, cause_sentences
from nudge.domain.basics.calendar import OperatorCalendar

CALENDAR = OperatorCalendar.named("Asia/Shanghai")
FACTS = CauseFacts(
    cause=({"stage": "pay", "method": "wechat"},),
    rate=0.031,
    usual=0.82,
    arrivals=1_790,
    lost=1_412,
    share=0.957,
    began=1_795_950_120.0,
    unchanged=("channel", "city", "member_tier"),
    reasons=(("timeout", 0.91),),
)


def test_a_cause_is_told_with_figures_beginning_and_what_did_not_change() -> None:
    """One sentence names the values, both rates, the loss, the local time and what is unchanged."""
    assert cause_sentences(FACTS, CALENDAR) == {
        "zh": "自 2026-11-29 19:02 起，环节“pay”、支付方式“微信支付”的转化率由平时的 82.0% 降至 "
        "3.1%，1,790 次访问中比平时多流失约 1,412 次，占全部降幅的 95.7%，失败原因主要是支付超时"
        "（91%）；渠道、城市、member_tier均未见异常。",
        "en": "Since 2026-11-29 19:02 the conversion rate of stage “pay” and payment method WeChat "
        "Pay is 3.1 % instead of the usual 82.0 %: of 1,790 visits about 1,412 more than usual "
        "were lost, 95.7 % of the whole fall, mostly for timeout (91 %); unchanged: channel, city "
        "and member_tier.",
    }


def test_all_visits_and_no_cause_are_different_sentences() -> None:
    """A fall of everything names no value; one without an explanation says so."""
    everything = cause_sentences(replace(FACTS, cause=(), reasons=()), CALENDAR)
    assert "整体转化率由平时的 82.0%" in everything["zh"]
    assert "conversion rate of all visits is 3.1 %" in everything["en"]
    assert "whole fall" not in everything["en"]
    unknown = cause_sentences(replace(FACTS, cause=None, unchanged=()), CALENDAR)
    assert unknown["zh"].endswith("未能定位到具体原因。")
    assert unknown["en"].endswith("; no single cause stands out.")


def test_several_parts_are_told_apart() -> None:
    """Parts of a cause are joined so that nobody reads them as one."""
    said = cause_sentences(replace(FACTS, cause=({"city": "A"}, {"city": "B"})), CALENDAR)
    assert "城市“A”以及城市“B”的转化率" in said["zh"]
    assert "of city A, and of city B is" in said["en"]
