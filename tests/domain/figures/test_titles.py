"""Titles of codes."""

from __future__ import annotations

from nudge.domain.figures.titles import ATTRIBUTES, FAILURES, STAGES, named_value, value_title
from nudge.domain.people.failures import CODES, KINDS


def test_every_reason_of_a_failed_payment_has_a_title() -> None:
    """A code that the service knows is shown to nobody as a code."""
    assert {*CODES, *KINDS} <= set(FAILURES)


def test_titles_exist_in_both_languages() -> None:
    """A title is there in Chinese and in English, and neither is empty."""
    for titles in (*ATTRIBUTES.values(), *STAGES.values(), *FAILURES.values()):
        assert set(titles) == {"zh", "en"}
        assert all(titles.values())


def test_several_values_are_named_each() -> None:
    """The values of a cause are joined by a comma, and each is put into words."""
    assert named_value("method", "alipay, wechat", "zh") == "支付方式“支付宝、微信支付”"
    assert named_value("method", "alipay, wechat", "en") == "payment method Alipay, WeChat Pay"
    assert named_value("stage", "method", "en") == "stage “payment method chosen”"


def test_what_has_no_title_is_shown_as_it_is() -> None:
    """A name that the operator gave is a name in both languages."""
    assert value_title("city", "南京", "en") == "南京"
    assert value_title("stage", "pay", "zh") == "pay"
