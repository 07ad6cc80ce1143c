"""Segments: the first rule that holds, with its reason; files with every problem named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from places import CONFIG

from bandits.units import DAY
from nudge.config.documents.segment_file import load_segments, parse_segments
from nudge.domain.people.recharges import Payment
from nudge.domain.people.rhythm import Rhythm
from nudge.domain.people.visitor import VisitorState
from nudge.domain.slots.segments import Segments, members
from nudge.errors import InvalidConfigError

NOW = 1_790_000_000.0


@pytest.fixture(scope="module")
def shipped() -> Segments:
    return load_segments(CONFIG)


def visitor(*amounts: int, every: float = 30.0, ago: float = 5.0) -> VisitorState:
    """A visitor who paid these amounts in yuan, so many days apart, the last so many days ago."""
    last = NOW - ago * DAY
    first = last - every * DAY * (len(amounts) - 1)
    payments = tuple(
        Payment(first + i * every * DAY, 100 * amount) for i, amount in enumerate(amounts)
    )
    return VisitorState(
        payments=payments,
        first_paid_at=first,
        last_amount=payments[-1].amount if payments else None,
        last_paid_at=last if payments else None,
    )


@pytest.mark.parametrize(
    ("state", "stage", "tier"),
    [
        (visitor(), None, None),
        (visitor(50), "growth", "mid"),
        (visitor(30, 30), "growth", "low"),
        (visitor(30, 30, 30, every=40.0), "stable", "low"),
        (visitor(50, 50, 50, 50, 50, 50), "stable", "mid"),
        (visitor(300, 300, 300, 300, 500, 300), "stable", "high"),
        (visitor(100, 100, 100, 50, 50, 30), "warning", "mid"),
        (visitor(50, 50, 50, 50, ago=50.0), "warning", "mid"),
        (visitor(50, 50, 50, 50, ago=120.0), "left", "mid"),
    ],
)
def test_the_shipped_stages_follow_the_payments(
    shipped: Segments, state: VisitorState, stage: str | None, tier: str | None
) -> None:
    """New, regular, spending less, overdue, long gone; and how much they are worth."""
    found = members(shipped, state.context(NOW), NOW)
    names = {kind: one.segment.name for kind, one in found.items()}
    assert (names.get("stage"), names.get("tier")) == (stage, tier)


def test_a_membership_has_its_reason(shipped: Segments) -> None:
    """The attributes that the rule looked at are told, with their values."""
    found = members(shipped, visitor(50, 50, 50, 50, ago=120.0).context(NOW), NOW)
    # 30 days between payments, a day of uncertainty.
    assert found["stage"].because == {"alive": None, "overdue_days": pytest.approx(89.0)}
    assert dict(found["stage"].segment.title) == {"zh": "流失", "en": "left"}


def test_the_rhythm_of_all_people_tells_who_left(shipped: Segments) -> None:
    """The stage is `left` once staying is improbable, where the own interval still waits."""
    monthly = Rhythm(12, 3.0, 7.5, 0.8, 300.0, 1_000, 5_000, "2026-11-30", -1.0)
    silent = visitor(*(50,) * 12, ago=75.0)
    assert members(shipped, silent.context(NOW), NOW)["stage"].segment.name == "warning"
    context = silent.context(NOW, monthly)
    found = members(shipped, context, NOW)["stage"]
    assert (found.segment.name, found.because["alive"]) == ("left", context["alive"])
    on_time = visitor(*(50,) * 12, ago=20.0).context(NOW, monthly)
    assert members(shipped, on_time, NOW)["stage"].segment.name == "stable"


def test_what_the_caller_says_stands(shipped: Segments) -> None:
    """A page or a server that knows the stage is not overruled."""
    found = members(shipped, visitor(50).context(NOW) | {"stage": "stable"}, NOW)
    assert set(found) == {"tier"}


def test_later_kinds_see_earlier_ones() -> None:
    """A kind is an attribute for the rules of those behind it."""
    rules = {
        "stage": [{"name": "new", "when": {"attribute": "payments", "below": 2}}],
        "care": [{"name": "call", "when": {"attribute": "stage", "is": "new"}}],
    }
    found = members(parse_segments(rules, "test"), {"payments": 1}, NOW)
    assert {kind: one.segment.name for kind, one in found.items()} == {
        "stage": "new",
        "care": "call",
    }


WHEN = {"attribute": "payments", "above": 1}


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ({"Stage": [{"name": "a", "when": WHEN}]}, "Stage"),
        ({"stage": []}, "stage"),
        ({"stage": "a"}, "stage"),
        ({"stage": [{"when": WHEN}]}, "stage"),
        ({"stage": [{"name": "a"}]}, "stage.a.when"),
        ({"stage": [{"name": "a", "when": {"attribute": "x"}}]}, "stage.a.when"),
        ({"stage": [{"name": "a", "when": WHEN, "colour": 1}]}, "stage.a.colour"),
        ({"stage": [{"name": "a", "when": WHEN, "title": {"fr": "a"}}]}, "stage.a.title"),
        ({"stage": [{"name": "a", "when": WHEN}] * 2}, "stage.a.name"),
        ({f"kind_{i}": [{"name": "a", "when": WHEN}] for i in range(11)}, "(whole table)"),
    ],
)
def test_a_problem_names_its_place(table: dict[str, Any], key: str) -> None:
    """File, key, what is wrong and what would be right."""
    with pytest.raises(InvalidConfigError) as caught:
        parse_segments(table, "segments.toml")
    assert all(one.startswith(f"segments.toml: {key}") for one in caught.value.problems)


def test_without_a_file_there_are_none(tmp_path: Path) -> None:
    """Segments are optional."""
    assert load_segments(tmp_path) == {}
