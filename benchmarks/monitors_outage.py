"""Outages of one method in the monitors' benchmark: how soon they are found, three ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from bandits.arrays import FloatArray
from benchmarks.monitors_rig import GROUPS, Rig, split_copies
from benchmarks.monitors_world import DAY, HOUR, World

STARTS, LASTS = 18 * HOUR, 2 * HOUR
METHOD: Final = 1
"""Method that fails: three payments in ten."""
LEARNED: Final = 60
"""Quiet days that are learned by the hour; one more is watched before the outage."""
WANDER: Final = 0.1
"""Standard deviation of a day's level of the rate; the traffic is the same on every day."""
CLOSE: Final = 5
"""Minutes within which a beginning is dated, in the median of the runs."""
HALF: Final = 0.5


@dataclass(frozen=True)
class Way:
    """Way in which the service learns of an outage.

    Attributes:
        name: in words.
        streams: groups and streams that may find it.
        reported: the failed payments are reported.
        asked: minutes by share of the runs.
    """

    name: str
    streams: tuple[tuple[str, int], ...]
    reported: bool
    asked: tuple[tuple[float, float], ...]


WAYS: Final = (
    Way(
        "failures reported", (("failures", METHOD), ("method", METHOD)), True, ((0.5, 3), (0.95, 5))
    ),
    Way("choice of a method is an event", (("method", METHOD),), False, ((0.5, 10), (0.95, 15))),
    Way("only payments seen", (("rate", 0),), False, ((0.85, 20),)),
)


def find_outages(
    way: Way, runs: int, seed: int, learned: int
) -> tuple[FloatArray, FloatArray, int]:
    """Return the minutes (runs,) until found and the error of the beginning, and early alarms.

    Args:
        way: in which the service learns of it.
        runs: independent outages.
        seed: of the world.
        learned: quiet days that are learned before one that is watched.
    """
    groups = tuple(dict.fromkeys(group for group, _ in way.streams))
    world, rig = World(seed, runs, WANDER, 0.0), Rig(runs, groups)
    rig.learn(world, range(learned))
    first = learned * DAY
    starts = first + DAY + STARTS
    took, off, early = np.full(runs, np.inf), np.full(runs, np.inf), 0
    for minute in range(first, starts + LASTS):
        out = minute >= starts
        seen = world.advance(minute, (METHOD,) if out else (), reported=way.reported)
        results = rig.advance(minute, seen)
        for group, stream in way.streams:
            alarm = split_copies(results[group].alarm, runs)[stream]
            began = split_copies(results[group].began, runs)[stream]
            if out:
                new = alarm & ~np.isfinite(took)
                took[new], off[new] = minute + 1 - starts, (began - starts)[new]
            else:
                early += int(alarm.sum())
    return took, off, early


def show_outages(runs: int, learned: int) -> bool:
    """Print how soon outages are found and how their beginning is dated; whether soon enough."""
    good = True
    print(f"outage of {GROUPS['method'][METHOD]} for {LASTS} minutes, {runs} runs a way")
    for seed, way in enumerate(WAYS):
        took, off, early = find_outages(way, runs, seed, learned)
        cells = []
        for share, minutes in way.asked:
            reached = float(np.quantile(took, share, method="inverted_cdf"))
            good &= reached <= minutes
            cells.append(f"{share:.0%} within {reached:g} min (asked {minutes:g})")
        close = float((np.abs(off) <= CLOSE).mean())
        good &= close >= HALF
        print(
            f"  {way.name:32} {'; '.join(cells)}; beginning within {CLOSE} min in {close:.1%};"
            f" alarms before {early}",
            flush=True,
        )
    return good
