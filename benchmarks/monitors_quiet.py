"""Quiet years of the monitors' benchmark: how often nothing is wrong and an alarm comes."""

from __future__ import annotations

import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from benchmarks.monitors_rig import GROUPS, Rig, split_copies
from benchmarks.monitors_world import DAY, YEAR, World

ALLOWED = 1.0
PIECES = 12
"""Parts of a year. Each begins anew, so that all copies of one part are advanced at once."""
LEARNED = 84
"""Days that are learned by the hour before the first one of a part."""
WARM = 2
"""Days that are played by the minute before those that count: each part goes on from a state that
a year without cuts would have, and no monitor begins in the middle of a promotion."""
ORDER = (2, 9, 1, 8, 4, 11, 3, 0, 5, 7, 10, 6)
"""Parts by what they hold: clock changes and long holidays come first."""


@dataclass(frozen=True)
class Piece:
    """Part of the year, in all copies of the world.

    Attributes:
        seed: of the copies.
        copies: number of them.
        first: day of the year.
        days: from that one on.
        wander: standard deviation of a day's level.
    """

    seed: int
    copies: int
    first: int
    days: int
    wander: float


def count_alarms(piece: Piece) -> tuple[Counter[str], list[str]]:
    """Return the false alarms of a piece by stream, and when they came."""
    copies = piece.copies
    world, rig = World(piece.seed, copies, piece.wander, piece.wander), Rig(copies)
    found: Counter[str] = Counter()
    when = []
    # The year before holds the days that are learned: day numbers are never negative.
    first = YEAR + piece.first
    rig.learn(world, range(first - WARM - LEARNED, first - WARM))
    for minute in range((first - WARM) * DAY, (first + piece.days) * DAY):
        for group, result in rig.advance(minute, world.advance(minute)).items():
            if minute < first * DAY or not result.alarm.any():
                continue
            for stream, copy in np.argwhere(split_copies(result.alarm, copies)):
                name = GROUPS[group][stream]
                found[name] += 1
                level = split_copies(result.level, copies)[stream, copy]
                when.append(f"{name}, {tell_time(minute)}, level {level:.2f}")
    return found, when


def tell_time(minute: int) -> str:
    """Return a minute in words: the day of the year and the hour."""
    return f"day {minute // DAY % YEAR}, {minute % DAY // 60} h"


def cut_year(years: int, days: int, wander: float) -> list[Piece]:
    """Return the pieces of some years of so many days."""
    cuts = [days * number // PIECES for number in range(PIECES + 1)]
    return [
        Piece(number, years, cuts[number], cuts[number + 1] - cuts[number], wander)
        for number in ORDER
        if cuts[number] < cuts[number + 1]
    ]


def show_quiet(years: int, days: int, wander: float) -> bool:
    """Print the false alarms of simulated quiet years; whether there are few enough."""
    total: Counter[str] = Counter()
    seen = 0
    pieces = cut_year(years, days, wander)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for piece, (found, when) in zip(pieces, pool.map(count_alarms, pieces), strict=True):
            total += found
            seen += piece.days * piece.copies
            print(*(f"    {one}" for one in when), sep="\n")
            print(f"  {total.total()} false alarms in {seen / YEAR:.1f} years", flush=True)
    rate = total.total() * YEAR / seen
    print(
        f"quiet: {total.total()} false alarms in {seen / YEAR:.1f} years, {rate:.3f} a year"
        f" (asked at most {ALLOWED:g}); {dict(total)}",
        flush=True,
    )
    return rate <= ALLOWED
