"""Monitors: how soon outages are found, how often a quiet year alarms, and what it costs.

    python -m benchmarks monitors [--part outage|quiet|bank|cost] [--runs N] [--years N]

`outage`: two hours of failed payments of one method, 50 visits a minute, in three ways: failures
are reported; they are silent, but the choice of a method is an event; only payments are seen.
`quiet`: years without any fault, fast forward, under one budget of one false alarm a year.
`bank`: a real series of calls, learned on the months before October. `cost`: CPU a minute of
thousands of streams.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from bandits.monitoring import (
    CalendarDay,
    DelayLaw,
    DetectorTerms,
    RateCounts,
    RateDetector,
    Season,
)
from benchmarks.monitors_bank import show_bank
from benchmarks.monitors_outage import LEARNED, show_outages
from benchmarks.monitors_quiet import show_quiet
from benchmarks.options import option_parser

BASELINE: Final = "asked"
PARTS: Final = ("outage", "bank", "cost", "quiet")
STREAMS, MINUTES = 5_000, 60
CALLS: Final = Path("../shared/data/bank_calls.csv")
CORE: Final = 6_000.0
"""A tenth of a core, in milliseconds a minute."""


def show_cost(streams: int, minutes: int) -> bool:
    """Print the CPU of a minute of the detectors; whether it is at most a tenth of a core."""
    rng = np.random.default_rng(0)
    law, terms = DelayLaw.prior(2.0), DetectorTerms()
    detector, season = RateDetector.start(streams, law, terms), Season.start(np.full(streams, 0.4))
    limits = np.full(streams, 1e9)
    arrivals = rng.poisson(12.0, (minutes, streams)).astype(np.float64)
    paid = rng.binomial(arrivals.astype(np.int64), 0.4).astype(np.float64)
    began = time.process_time()
    for minute in range(minutes):
        usual = season.find_usual(CalendarDay(2), 10)
        counts = RateCounts(arrivals[minute], paid[minute])
        detector, _ = detector.advance(minute, counts, usual, law, limits, terms)
    taken = (time.process_time() - began) / minutes * 1e3
    size = sum(one.nbytes for one in detector.arrays().values()) / streams
    print(
        f"cost: {taken:.1f} ms CPU a minute for {streams:,} streams (asked {CORE:,.0f});"
        f" {size:.0f} bytes of state a stream",
        flush=True,
    )
    return taken <= CORE


def main(arguments: Sequence[str] = ()) -> int:
    """Print the parts; 1 where a bound is broken."""
    parser = option_parser("monitors", __doc__)
    parser.add_argument("--part", choices=PARTS, help="one part alone")
    parser.add_argument("--runs", type=int, default=200, help="outages a way; sets of drops")
    parser.add_argument("--years", type=int, default=200, help="quiet years")
    parser.add_argument("--days", type=int, default=365, help="days of a quiet year")
    parser.add_argument("--wander", type=float, default=0.1, help="of a day's level")
    parser.add_argument("--calls", type=Path, default=CALLS, help="the bank's calls")
    given = parser.parse_args(arguments)
    small: bool = given.small
    runs, years, days = (2, 1, 1) if small else (given.runs, given.years, given.days)
    good = True
    for part in [given.part] if given.part else PARTS:
        if part == "outage":
            good &= show_outages(runs, 0 if small else LEARNED)
        elif part == "cost":
            good &= show_cost(50 if small else STREAMS, 5 if small else MINUTES)
        elif part == "quiet":
            good &= show_quiet(years, days, given.wander)
        elif given.calls.exists() and not (small and given.part is None):
            good &= show_bank(given.calls, runs)
        else:
            print(f"bank: left out ({given.calls} with --calls)")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
