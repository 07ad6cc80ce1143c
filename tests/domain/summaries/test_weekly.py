"""The weekly page."""

from __future__ import annotations

from typing import Any

import pytest

from nudge.domain.summaries.columns import WIDTH, width_of, wrap
from nudge.domain.summaries.weekly import MOST, Language, page, slot_summary

LONG = {"zh": "暂无定论，差距的区间为负三到十五。" * 20, "en": "It is too early to tell. " * 40}

MANY = {"name": "x", "title": LONG, "count": 3}


def report(slot: str, stopped: list[str]) -> dict[str, Any]:
    """A week's report with sentences that are far too long."""
    whole = {
        "hidden": False,
        "exposures": 1200,
        "conversions": 40,
        "rate": 1 / 30,
        "revenue": 2000.0,
        "lift": {"value": 0.12, "low": 0.03, "high": None},
        "verdict": LONG
        | {"kind": "winner", "reason": "separated", "since": "2026-11-17"}
        | {"can_be_stopped": stopped},
        "variants": [{"variant": "a", "title": {"zh": "充值送咖啡", "en": "Coffee"}}],
    }
    floor = {"lowest": 0.002, "highest": 0.02}
    return {"slot": slot, "whole": whole, "compare": LONG, "floor": floor}


def summary(many: int) -> dict[str, Any]:
    return {
        "from": "2026-11-16",
        "to": "2026-11-22",
        "as_of": None,
        "over": False,
        "slots": [slot_summary("标题" * 80, report(f"slot-{i}", ["a"])) for i in range(many)],
        "funnel": LONG,
        "freezes": [{"slot": "slot-0", "at": "now", "why": LONG["en"]}] * 9,
        "warnings": {
            "opened": 9,
            "levels": {"proposal": 0, "info": 4, "warning": 5, "critical": 0},
            "closed": 2,
            "unclosed": 1200,
            "hours": {"assigned": 1.25, "contacted": None, "closed": 30.0},
            **{name: [MANY] * 9 for name in ("outcomes", "rules", "complained_of")},
        },
    }


@pytest.mark.parametrize("many", [0, 1, 5, 64])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_q4_a_week_is_one_page(many: int, language: Language) -> None:
    """At most 60 lines of 100 columns, however long the sentences; the end stays on it."""
    lines = page(summary(many), language).splitlines()
    assert len(lines) <= MOST
    assert max(map(width_of, lines)) <= WIDTH
    text = "\n".join(lines)
    assert ("漏斗：" if language == "zh" else "Funnel: ") in text
    assert ("未关闭 1,200 单" if language == "zh" else "1,200 not closed") in text
    assert ("护栏冻结另有 6 次" if language == "zh" else "6 more freezes") in text
    if many:
        assert ("可停用 充值送咖啡。" if language == "zh" else "Stop Coffee.") in text
        assert "12% (3% ~ ?)" in text
        since = "结论自 2026-11-17 起成立。" if language == "zh" else "has held since 2026-11-17."
        assert since in text


def test_the_floors_of_a_week_are_told_where_they_are_known() -> None:
    """The page has lowest and highest floor of a slot; a week of an earlier version has none."""
    found = summary(1)
    assert "策略的保底概率：0.2% 至 2%" in page(found, "zh")
    assert "The policy's floor: 0.2% to 2%" in page(found, "en")
    found["slots"][0]["floor"] = {"lowest": None, "highest": None}
    assert "floor" not in page(found, "en")


def test_q4_lines_break_between_words_and_between_characters() -> None:
    """A number stays in one line."""
    assert wrap("a b", "  ", 2) == ["  a b"]
    assert all(width_of(one) <= WIDTH for one in wrap("字" * 200 + " 123456", "", 9))
    assert wrap("x" * 300, "", 1)[0].endswith("...")
