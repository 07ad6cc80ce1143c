"""Quiet years of the monitors' benchmark: how often nothing is wrong and an alarm comes."""

from __future__ import annotations

import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np

from benchmarks.monitors_rig import GROUPS, Rig, split_copies
from benchmarks.monitors_world import DAY, World

ALLOWED = 1.0
CHUNK = 20
LEARNED = 7
"""Days that are learned by the hour before the first one that is judged."""


def count_alarms(days: int, wander: float, task: tuple[int, int]) -> tuple[Counter[str], list[str]]:
    """Return the false alarms by stream of copies of the world, and when they came.

    Args:
        days: of each copy.
        wander: standard deviation of a day's level.
        task: seed, and the number of copies.
    """
    seed, copies = task
    world, rig = World(seed, copies, wander, wander), Rig(copies)
    found: Counter[str] = Counter()
    when = []
    rig.learn(world, LEARNED)
    for minute in range(LEARNED * DAY, (LEARNED + days) * DAY):
        for group, result in rig.advance(minute, world.advance(minute)).items():
            if not result.alarm.any():
                continue
            for stream, copy in np.argwhere(split_copies(result.alarm, copies)):
                name = GROUPS[group][stream]
                found[name] += 1
                level = split_copies(result.level, copies)[stream, copy]
                when.append(
                    f"{name}, day {minute // DAY}, {minute % DAY // 60} h, level {level:.2f}"
                )
    return found, when


def show_quiet(years: int, days: int, wander: float) -> bool:
    """Print the false alarms of simulated quiet years; whether there are few enough."""
    tasks = [(seed, min(CHUNK, years - seed)) for seed in range(0, years, CHUNK)]
    total: Counter[str] = Counter()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for found, when in pool.map(partial(count_alarms, days, wander), tasks):
            total += found
            print(*(f"    {one}" for one in when), sep="\n", flush=True)
    rate = total.total() / (years * days / 365)
    print(
        f"quiet: {total.total()} false alarms in {years} years of {days} days, {rate:.3f} a year"
        f" (asked at most {ALLOWED:g}); {dict(total)}",
        flush=True,
    )
    return rate <= ALLOWED
