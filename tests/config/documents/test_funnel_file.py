"""The funnel's file: the shipped one is read, and each mistake is named with its cure."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from places import CONFIG

from nudge.config.documents.funnel_file import funnel_warnings, load_funnel, parse_funnel
from nudge.domain.funnel.funnel import Compare, FunnelQuestion, VisitPeriod, period_of
from nudge.domain.funnel.funnel_report import kind_of
from nudge.errors import InvalidConfigError, InvalidRequestError

HOME = {"name": "home", "events": [{"type": "step", "step": "home"}]}
PAID = {"name": "paid", "events": [{"type": "paid", "source": "server"}]}
VISIT = {"gap": "30m", "late": "6h"}


def table(**changes: Any) -> dict[str, Any]:
    """A funnel of two stages, with changes."""
    return {"visit": VISIT, "stages": [HOME, PAID], **changes}


def test_the_shipped_funnel_is_the_recharge_path() -> None:
    """The stages are those of the field notes, and only a server's word is a payment."""
    found = load_funnel(CONFIG)
    assert found.names == ("home", "recharge", "amount_number", "pay_tapped", "method", "paid")
    assert [event.source for event in found.stages[-1].events] == ["server"]
    assert found.gap == 1800


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"stages": [HOME]}, "stages: has too few or too many; give 2 to 20 stages"),
        ({"stages": [HOME, HOME]}, "stages.home.name: is given twice"),
        (
            {"stages": [HOME, {"name": "x", "events": HOME["events"]}]},
            "stages.x.events: 'home' reaches two stages",
        ),
        (
            {"stages": [HOME, {"name": "x", "events": [{"type": "stp"}]}]},
            "stages.x.events[0].type: 'stp' is not allowed; did you mean 'step'?",
        ),
        (
            {"stages": [HOME, {"name": "x", "events": [{"type": "step"}]}]},
            "stages.x.events: 'step' and step do not fit",
        ),
        ({"visit": {"gap": "30m", "late": "6 hours"}}, "visit.late: '6 hours' is not a duration"),
        ({"dimensions": {"channel": "x"}}, "dimensions.channel: is there already"),
        ({"stage": []}, "stage: is unknown; did you mean 'stages'?"),
    ],
)
def test_mistakes_are_named_with_their_cure(changes: dict[str, Any], problem: str) -> None:
    """Each message has file, key, what is wrong and what would be right."""
    with pytest.raises(InvalidConfigError) as caught:
        parse_funnel(table(**changes), "funnel.toml")
    assert any(one.startswith(f"funnel.toml: {problem}") for one in caught.value.problems)


def at(text: str) -> float:
    """Seconds of a date and time in China."""
    return datetime.fromisoformat(f"{text}+08:00").timestamp()


@pytest.mark.parametrize(
    ("compare", "start", "end"),
    [
        ("week", "2026-03-24T00:00", "2026-03-25T00:00"),
        ("month", "2026-02-28T00:00", "2026-03-01T00:00"),
        ("quarter", "2025-12-31T00:00", "2026-01-01T00:00"),
    ],
)
def test_earlier_periods_follow_the_calendar(compare: Compare, start: str, end: str) -> None:
    """Months are the calendar's, on the operator's clock; a day that is missing is the last one."""
    asked = FunnelQuestion(VisitPeriod(at("2026-03-31T00:00"), at("2026-04-01T00:00")), "", compare)
    found = asked.before()
    assert found is not None
    assert [datetime.fromtimestamp(x, UTC).timestamp() for x in (found.start, found.end)] == [
        at(start),
        at(end),
    ]


@pytest.mark.parametrize("compare", ["week", "month", "quarter", None])
def test_a_question_travels_as_json(compare: Compare | None) -> None:
    """A question that a job keeps is read back as the same question."""
    asked = FunnelQuestion(VisitPeriod(1.5, 2.5), "variant:banner", compare)
    assert FunnelQuestion.read(json.loads(json.dumps(asked.plain))) == asked


def test_a_period_begins_before_it_ends() -> None:
    """Without dates it is the last week; a period that ends first is refused."""
    assert period_of(None, None, 8 * 86_400.0) == VisitPeriod(86_400.0, 8 * 86_400.0)
    with pytest.raises(InvalidRequestError):
        period_of(5.0, 5.0, 9.0)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ((0,), "straight"),
        ((0, 1, 2), "straight"),
        ((0, 2), "skips"),
        ((1,), "skips"),
        ((0, 1, 0, 1), "loops"),
        ((0, 2, 0), "skips and loops"),
    ],
)
def test_paths_are_told_by_kind(path: tuple[int, ...], kind: str) -> None:
    """A visitor who leaves a stage out skips; one who comes back to one loops."""
    assert kind_of(path) == kind


def test_f15_an_offset_of_the_funnel_s_own_counts_no_longer(tmp_path: Path) -> None:
    """A file of an earlier version is read; `nudge check` says that the setting zone holds."""
    text = (CONFIG / "funnel.toml").read_text()
    (tmp_path / "funnel.toml").write_text(text)
    assert funnel_warnings(tmp_path) == []
    old = text.replace('gap = "30m"', 'utc_offset = "2h"\ngap = "30m"')
    (tmp_path / "funnel.toml").write_text(old)
    assert load_funnel(tmp_path) == load_funnel(CONFIG)
    [warning] = funnel_warnings(tmp_path)
    assert "zone" in warning
