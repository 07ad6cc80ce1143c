"""The warnings of a week, counted from cases."""

from __future__ import annotations

from typing import Any

from care_site import step

from nudge.domain.care.case import Case, case_id, case_of, opening_record
from nudge.domain.care.signal import Signal
from nudge.domain.care.warning_rule import CaseLevel, EventTest, WarningPolicy, WarningRule
from nudge.domain.summaries.care_week import CareTitles, care_lines, care_week

HOUR = 3600.0
START, END = 1_000 * HOUR, 1_168 * HOUR
RULES = (WarningRule("low", EventTest("feedback"), title={"zh": "评价低", "en": "Low score"}),)
POLICY = WarningPolicy(RULES, outcomes={"stays": {"zh": "已挽留", "en": "stays"}})
TITLES = CareTitles(POLICY, {"speed": {"zh": "网速", "en": "Speed"}})


def case(subject: str, at: float, *steps: Any, rule: str = "low", level: str = "info") -> Case:
    """A case about speed that was opened at a time."""
    signal = Signal(at, "feedback", "f", "shop", 2.0, groups=("speed",))
    name = case_id(0, subject, rule, "shop", at)
    opened_by = WarningRule(rule, EventTest("feedback"), CaseLevel(level))
    record = opening_record(name, subject, opened_by, "shop", at, signal)
    found = case_of(0, record, at)
    for one in steps:
        found = found.with_step(one)
    return found


def close(at: float) -> Any:
    return step("close", at, f"c{at}", outcome="stays")


def week(*cases: Case) -> dict[str, Any]:
    return care_week(cases, START, END).plain(TITLES, unclosed=4)


def test_what_was_opened_and_what_was_closed_are_counted_apart() -> None:
    """A case of before that is closed in the week is closed, and not opened; one behind is none."""
    found = week(
        case("a", START, step("assign", START + HOUR, "x", to="ann"), close(START + 9 * HOUR)),
        case("a", START + 1, rule="other", level="critical"),
        case("b", START - HOUR, close(START + HOUR)),
        case("c", START + HOUR, close(END + 1)),
        case("d", START + 2, rule="proposal", level="proposal"),
    )
    assert (found["opened"], found["closed"], found["unclosed"]) == (4, 2, 4)
    assert found["levels"] == {"proposal": 1, "info": 2, "warning": 0, "critical": 1}
    assert found["hours"] == {"assigned": 1.0, "contacted": None, "closed": 5.5}
    assert [(one["name"], one["count"]) for one in found["outcomes"]] == [("stays", 2)]
    assert (found["rules"][0]["name"], found["rules"][0]["count"]) == ("low", 2)


def test_people_are_counted_and_not_their_cases() -> None:
    """One angry visitor is one who complained of the speed."""
    found = week(case("a", START), case("a", START + 9), case("b", START + 5))
    assert found["complained_of"] == [
        {"name": "speed", "title": {"zh": "网速", "en": "Speed"}, "count": 2}
    ]


def test_the_page_has_titles_and_says_so_where_nothing_was_opened() -> None:
    """At most five lines, in the language of the page."""
    found = week(case("a", START, close(START + 3 * HOUR)), case("b", START, level="critical"))
    zh, en = ("\n".join(care_lines(found, language)) for language in ("zh", "en"))
    assert "流失预警：新开 2 单（严重 1，提示 1），关闭 1 单，目前未关闭 4 单" in zh
    assert "抱怨最多：网速 2 人" in zh
    assert "处理结果：已挽留 1 单" in zh
    assert "Median time from the opening: closed 3.0 h" in en
    assert "Most opened by: Low score (2)" in en
    assert list(care_lines(week(), "en")) == ["Warnings: none was opened; 4 are not closed by now."]
