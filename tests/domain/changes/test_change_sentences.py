"""Sentences on a change between two periods."""

from __future__ import annotations

from bandits.inference.interval import Estimate, difference, lift
from nudge.domain.changes.change import FigureChange
from nudge.domain.changes.change_sentences import spoken_change


def change(now: Estimate, before: Estimate) -> FigureChange:
    return FigureChange(now, before, difference(now, before), lift(now, before))


def test_q4_a_change_is_said_with_its_interval_and_that_visitors_may_differ() -> None:
    """A change is claimed only where its interval excludes none; an unfinished part is named."""
    was = Estimate(0.031, 0.029, 0.033)
    said = spoken_change(
        change(Estimate(0.036, 0.034, 0.038), was), "week", revenue=False, until=None
    )
    assert said["zh"].startswith("与上一周相比，转化率上升：3.10%→3.60%（+16%，")
    assert "Visitors were not assigned to the two periods by chance" in said["en"]
    said = spoken_change(change(was, was), "month", revenue=True, until="Friday")
    assert "did not change for sure against the month before: 0.03 yuan to 0.03 yuan" in said["en"]
    assert "只比较到 Friday，上期取相同的部分" in said["zh"]
