"""Sentences about a comparison, in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from bandits.inference.interval import Estimate
from nudge.domain.reports.capped_revenue import CappedRevenue
from nudge.domain.reports.sentences import Finding, Need, percent, preliminary, sentence

LEAD = Estimate(0.12, 0.08, 0.17)


def test_a_winner_is_named_with_its_lead_and_what_can_be_stopped() -> None:
    """A verdict's sentence says who, for whom, by how much, and what to do now."""
    found = Finding("winner", "separated", "A", "B", LEAD, ("B",), segment={"channel": "wap"})
    said = sentence(found)
    assert said["en"] == "For WAP visitors: A beats B by 12 % (8-17 %); B can be stopped."
    assert said["zh"] == "WAP 访客：A 优于 B，转化率相对高出 12%（区间 8%～17%）；可停用 B。"


def test_of_many_the_next_best_is_named() -> None:
    """The lead is that over the second; all that nobody would miss can be stopped."""
    found = Finding("winner", "separated", "A", "B", LEAD, ("B", "C"), others=2, revenue=True)
    assert sentence(found) == {
        "zh": "A 优于其他所有方案，与第二名 B 相比，每次曝光的收入相对高出 12%"
        "（区间 8%～17%）；可停用 B、C。",
        "en": "A beats every other variant, and the next best, B, by 12 % (8-17 %); B and C can be "
        "stopped.",
    }


def test_what_holds_on_average_is_said_to_be_so() -> None:
    """A need for a variant below on average stands behind the verdict, and stops nothing."""
    need = Need("B", {"channel": "wap"}, leads=True)
    found = Finding("winner", "separated", "A", "B", LEAD, needs=(need,), average=True)
    assert sentence(found) == {
        "zh": "平均来看，A 优于 B，转化率相对高出 12%（区间 8%～17%）；WAP 访客中 B 领先。",
        "en": "On average A beats B by 12 % (8-17 %); for WAP visitors B leads.",
    }
    unknown = Need("C", {"context.tier": "gold"}, leads=False)
    open_one = Finding("too_early", "still_open", "A", "B", needs=(unknown,))
    assert sentence(open_one)["en"].endswith(
        "Where tier is gold C may be better, so do not stop it yet."
    )
    close = sentence(Finding("cannot_tell", "too_close", "A", "B", needs=(need,), average=True))
    assert "choose either" not in close["en"]
    assert "任选" not in close["zh"]


def test_since_when_stands_behind_the_lead() -> None:
    """The day, with the year where the newest exposures are of another one."""
    day = date(2026, 11, 3)
    found = Finding("winner", "separated", "A", "B", LEAD, ("B",), since=day, newest=day)
    assert sentence(found) == {
        "zh": "A 优于 B，转化率相对高出 12%（区间 8%～17%），该结论自 11 月 3 日起成立；可停用 B。",
        "en": "A beats B by 12 % (8-17 %), as has been clear since 3 November; B can be stopped.",
    }
    later = sentence(replace(found, newest=date(2027, 1, 2)))
    assert "自 2026 年 11 月 3 日起" in later["zh"]
    assert "since 3 November 2026;" in later["en"]
    close = sentence(Finding("cannot_tell", "too_close", "A", "B", since=day, newest=day))
    assert close["zh"].startswith("A 与 B 效果基本持平，该结论自 11 月 3 日起成立；任选其一即可")
    assert "practically equal, as has been clear since 3 November; choose" in close["en"]


@pytest.mark.parametrize(
    ("segment", "zh", "en"),
    [
        (
            {"channel": "web", "context.stage": "new"},
            "网页访客、stage 为 new 的访客：",
            "For web visitors where stage is new: ",
        ),
        ({"day": "2026-11-22"}, "2026-11-22：", "On 2026-11-22: "),
        ({"page": "home"}, "home 页面：", "On page home: "),
        ({"hour": "09"}, "09 点时段：", "In the hour from 09:00: "),
        ({"weekday": "6"}, "周六：", "On Saturdays: "),
        ({"week": "2026-11-23"}, "2026-11-23 起的一周：", "In the week of 2026-11-23: "),
        ({"hour": "other"}, "其他时段的访客：", "For every other hour: "),
        ({"channel": ""}, "渠道未知的访客：", "Where channel is not known: "),
        ({"context.tier": ""}, "tier 未知的访客：", "Where tier is not known: "),
        ({"context.tier": "other"}, "其他 tier 的访客：", "For every other tier: "),
        ({}, "", ""),
    ],
)
def test_a_segment_is_put_in_words(segment: dict[str, str], zh: str, en: str) -> None:
    """For whom the sentence holds stands before it."""
    said = sentence(Finding("cannot_tell", "nothing_shown", segment=segment))
    assert said["zh"] == f"{zh}无法判断：该时段内没有曝光。"
    assert (
        said["en"].lower() == f"{en}this cannot be told: nothing was shown in this period.".lower()
    )


def test_what_is_not_final_is_said_to_be_so() -> None:
    """A verdict on open windows is marked as none."""
    found = Finding("too_early", "few_rewards", rewards=3, needed=20, waiting=1)
    assert preliminary(found)["en"].endswith("(Not final: 1 exposure may still convert.)")
    assert "初步结果" in preliminary(found)["zh"]


def test_percents_have_a_decimal_where_it_says_something() -> None:
    """One below ten, none above, and no minus before nothing."""
    told = [percent(x) for x in (0.1234, 0.034, 0.0999, 0.08, -0.006, -0.00001)]
    assert told == ["12", "3.4", "10", "8", "-0.6", "0"]


def test_q4_sentences_speak_titles_and_keep_names_without() -> None:
    """Each language has its own title; one language stands for both, and a name for itself."""
    titles = {"a": {"zh": "100 元", "en": "100 yuan"}, "b": {"zh": "充值三重礼"}}
    found = Finding("winner", "separated", "a", "b", None, ("b", "c"), others=2, titles=titles)
    said = sentence(found)
    assert said["zh"] == "“100 元” 优于其他所有方案；可停用 “充值三重礼”、c。"
    assert said["en"].startswith("“100 yuan” beats every other")
    assert "“充值三重礼” and c can be stopped" in said["en"]


def test_what_a_cap_leaves_out_of_a_comparison_is_said() -> None:
    """How many exposures, how many yuan, and up to what; nothing where nothing was cut."""
    cut, none = CappedRevenue(250, 1, 9750.5), CappedRevenue(250, 0, 0)
    found = Finding("winner", "separated", "A", "B", revenue=True, capped=cut)
    assert sentence(found) == {
        "zh": "A 优于 B。（比较时单次曝光的收入最多计 250 元：1 次曝光超出，超出部分共 9,750.50 元"
        "未计入。）",
        "en": "A beats B. (Compared is revenue of up to 250 yuan an exposure: 1 exposure was above "
        "it, by 9,750.50 yuan in all.)",
    }
    assert sentence(replace(found, capped=none))["en"] == "A beats B."
