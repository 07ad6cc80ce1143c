"""Uplift of contacts: whom they bring back, whether that can be told, and what is measured next.

    python -m benchmarks uplift [--campaign FILE] [--runs 100] [--people 20000]

**Worlds** (`uplift_worlds`; a fifth is held out): `told` counts runs by their verdict. `gain` is
the true increment of the fifth that the model ranks first among people whom it did not see, over
that of a random fifth, the baseline.

**A real campaign** (`--campaign`: Hillstrom's, with the columns `segment` and `visit`; women's mail
against none): 100 splits in halves. One half ranks, and tells what a next campaign will measure for
the first fifth and for the rest; the other half is that campaign.

The exit code is 1 where the gain is below 1.5 in a world in which contact helps some, a campaign
that helps nobody is said to help or harm in more than 5 of 100 runs, or the intervals hold the
measured difference in fewer than 95 of 100 splits.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from bandits.arrays import BoolArray
from benchmarks.options import option_parser
from benchmarks.uplift_worlds import HELPS_SOME, NAMES, draw_campaign
from nudge.domain.winback.contact_columns import ContactRoles
from nudge.domain.winback.contact_effect import ContactVerdict, Increment
from nudge.domain.winback.contact_table import ContactTable
from nudge.flows.winback.campaign_file import read_campaign
from nudge.lake.intake.input_file import open_input
from nudge.models.uplift.effect import measure_effect
from nudge.models.uplift.ranking import fifths_of

BASELINE: Final = "a random fifth"
RUNS: Final = 100
PEOPLE: Final = 20_000
GAIN: Final = 1.5
WRONG: Final = 0.05
COVERED: Final = 0.95
"""Bounds of the exit code."""
QUIET: Final = frozenset((ContactVerdict.NO_DIFFERENCE, ContactVerdict.CANNOT_ANSWER))
ROLES: Final = ContactRoles(
    "segment", "visit", "Womens E-Mail", "No E-Mail", ("conversion", "spend")
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run both parts and return the exit code."""
    parser = option_parser("uplift", __doc__)
    parser.add_argument("--campaign", type=Path, help="file of Hillstrom's campaign")
    parser.add_argument("--runs", type=int, default=RUNS, help="campaigns of each world")
    parser.add_argument("--people", type=int, default=PEOPLE, help="people of a campaign")
    options = parser.parse_args(arguments)
    runs, people = (2, 2_000) if options.small else (options.runs, options.people)
    broken = _worlds(runs, people)
    if options.campaign:
        broken |= _halves(options.campaign, runs)
    return int(broken)


def _worlds(runs: int, people: int) -> bool:
    print(f"{'world':<12}{'increment':>10}{BASELINE:>16}{'gain':>7}{'s a run':>9}  told")
    broken = False
    for name in NAMES:
        began = time.perf_counter()
        rng = np.random.default_rng((15, NAMES.index(name)))
        verdicts: Counter[str] = Counter()
        top, all_ = 0.0, 0.0
        for seed in range(runs):
            campaign, others = (draw_campaign(name, people, rng) for _ in range(2))
            found = measure_effect(campaign.table, seed)
            verdicts[found.report.verdict.value] += 1
            if found.model is not None:
                first = fifths_of(found.model.score(others.table), rng) == 0
                top += float(others.increment[first].mean()) / runs
                all_ += float(others.increment.mean()) / runs
        seconds = (time.perf_counter() - began) / runs
        gain = top / all_ if all_ > 0.0 else 1.0
        told = ", ".join(f"{verdict} {count}" for verdict, count in verdicts.most_common())
        print(f"{name:<12}{top:>10.4f}{all_:>16.4f}{gain:>7.2f}{seconds:>9.1f}  {told}", flush=True)
        loud = runs - sum(verdicts[one.value] for one in QUIET)
        broken |= name in HELPS_SOME and gain < GAIN
        broken |= name == "nobody" and loud > WRONG * runs
    return broken


def _halves(path: Path, runs: int) -> bool:
    people = read_campaign(open_input(path), ROLES, print).table
    hits: Counter[str] = Counter()
    for seed in range(runs):
        rng = np.random.default_rng((16, seed))
        order = rng.permutation(len(people))
        half = len(people) // 2
        fit, check = people.take(order[:half]), people.take(order[half:])
        found = measure_effect(fit, seed)
        if found.model is None:
            continue
        first = fifths_of(found.model.score(check), rng) == 0
        hits["first fifth"] += _holds(found.report.top, check, first)
        hits["rest"] += _holds(found.report.rest, check, ~first)
    print(
        f"real campaign: measured by the other half within the interval, of {runs} splits: ", end=""
    )
    print(", ".join(f"{name} {count}" for name, count in hits.items()))
    return any(count < COVERED * runs for count in hits.values()) or not hits


def _holds(one: Increment | None, check: ContactTable, group: BoolArray) -> bool:
    """Return True where the plain difference of a group's means lies in the interval."""
    contacted, held_out = (
        check.outcome[group & side].mean() for side in (check.contacted, ~check.contacted)
    )
    return one is not None and one.next_low <= float(contacted - held_out) <= one.next_high


if __name__ == "__main__":
    sys.exit(main())
