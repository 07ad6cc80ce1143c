"""Days of a verdict by the operator's calendar."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from places import CONFIG

from bandits.units import HOUR
from benchmarks.advice_worlds import NAMES, Log, World, cube_of
from nudge.config.slot_file import load_slots
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.basics.local_time import date_of
from nudge.domain.reports.cube import Cube
from nudge.domain.reports.report import ReportTerms, report
from nudge.domain.reports.verdict_days import VerdictDays

SLOT = load_slots(CONFIG / "slots")["banner"]
CALENDAR = OperatorCalendar()


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Asia/Kolkata", "America/New_York"])
def test_a_day_ends_with_the_last_block_that_was_over(zone: str) -> None:
    """Each block belongs to the day in which it ends, also where clocks change at half an hour."""
    calendar = OperatorCalendar.named(zone)
    blocks = int(1_793_000_000 // HOUR) + np.arange(24 * 20)  # summer time ends in New York
    days = VerdictDays.of(np.repeat(blocks[::-1], 2), calendar)
    ends = {calendar.day_of(float((block + 1) * HOUR - 1)): block for block in blocks}
    assert dict(zip(days.day.tolist(), days.end.tolist(), strict=True)) == ends


def told(cube: Cube, by: tuple[str, ...] = ()) -> Any:
    """The report of a cube."""
    variants = tuple(replace(SLOT.variants[0], name=name, enabled=True, title={}) for name in NAMES)
    terms = ReportTerms(replace(SLOT, variants=variants), {}, 0.0, calendar=CALENDAR)
    return report(terms, by, cube)


def test_a_report_tells_since_when_by_what_was_known_at_the_end_of_each_day() -> None:
    """The slot and each segment have the first day of the last stretch with their verdict."""
    rates = np.repeat(np.array([[0.06, 0.04, 0.02], [0.03, 0.03, 0.03]])[:, None], 3, axis=1)
    shares = np.outer([0.5, 0.5], [0.5, 0.3, 0.2])
    log = Log(World(shares, rates, np.full((2, 3), 1 / 3)), np.random.default_rng(5))
    first, looks = int(CALENDAR.start_of_day(20_760)) // HOUR, []
    for _ in range(5):
        log.play(24_000, steps=24)
        cube = cube_of(log, 0)
        hours = replace(cube.blocks, block=cube.blocks.block + first)
        looks.append(told(replace(cube, blocks=hours), ("channel",)))
    winners = [one["whole"]["verdict"]["winner"] for one in looks]
    verdict, wap = looks[-1]["whole"]["verdict"], looks[-1]["segments"][1]["verdict"]
    assert (verdict["winner"], wap["winner"], wap["since"]) == ("data_draw", None, None)
    since = max(day for day, winner in enumerate(winners) if winner is None) + 1
    assert 0 < since < 4
    day = date_of(20_760 + since)
    assert verdict["since"] == day.isoformat()
    assert f"since {day.day} November" in verdict["en"]
    assert f"该结论自 11 月 {day.day} 日起成立" in verdict["zh"]
