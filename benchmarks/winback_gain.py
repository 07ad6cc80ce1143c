"""Win-back on live cases: whom a contact brings back, as the list tells it.

    python -m benchmarks winback_gain [--runs 100] [--people 20000] [--lakes 2]

**Cases** (`uplift_worlds`, as cases: facts at the opening, a fifth held out) go through the table
of live cases, the model and the form in which the uplift is in force; then the list scores people
whom it never saw. `gain` is the true increment of the fifth that the list puts first over that of a
random fifth, the baseline. `told` counts runs by their verdict, `rows` those in which any row of
the list is told a difference.

**Lakes** (`--lakes`): so many runs of each world are written to a lake, record by record as the
archive writes them, and fitted from there as the worker does.

The exit code is 1 where the gain is below 1.5 in a world in which contact helps some, or cases that
nobody gains from are said to gain or to lose in more than 5 of 100 runs, in the verdict or a row.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from bandits.arrays import FloatArray
from benchmarks.options import option_parser
from benchmarks.uplift_worlds import HELPS_SOME, NAMES, Campaign, draw_campaign
from benchmarks.winback_lake import fitted_from_lake
from nudge.domain.slots.slot import Scalar
from nudge.domain.winback.case_features import case_features
from nudge.domain.winback.contact_effect import ContactVerdict
from nudge.domain.winback.live_table import LivePerson, live_table
from nudge.domain.winback.uplift_in_force import UpliftInForce
from nudge.models.uplift.effect import measure_effect
from nudge.models.uplift.in_force import uplift_in_force
from nudge.models.uplift.ranking import fifths_of

BASELINE: Final = "a random fifth"
RUNS: Final = 100
PEOPLE: Final = 20_000
LAKES: Final = 2
SCORED: Final = 4_000
"""People whom the list scores."""
GAIN: Final = 1.5
WRONG: Final = 0.05
"""Bounds of the exit code."""
QUIET: Final = frozenset((ContactVerdict.NO_DIFFERENCE, ContactVerdict.CANNOT_ANSWER))
WORLDS: Final = ("nobody", "all alike", "a few", "a slope", "harms some")
RULE: Final = "left_pay"
AT: Final = 1_789_920_000.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run both parts and return the exit code."""
    parser = option_parser("winback_gain", __doc__)
    parser.add_argument("--runs", type=int, default=RUNS, help="runs of each world")
    parser.add_argument("--people", type=int, default=PEOPLE, help="people of a run")
    parser.add_argument("--lakes", type=int, default=LAKES, help="runs by way of a lake")
    options = parser.parse_args(arguments)
    small = (2, 2_000, 1)
    runs, people, lakes = small if options.small else (options.runs, options.people, options.lakes)
    print(f"{'world':<12}{'increment':>10}{BASELINE:>16}{'gain':>7}{'s a run':>9}  told")
    broken = [_world(name, (runs, people, lakes)) for name in WORLDS]
    return int(any(broken))


def _world(name: str, sizes: tuple[int, int, int]) -> bool:
    runs, people, lakes = sizes
    verdicts: Counter[str] = Counter()
    gains, loud, began = np.zeros((runs, 2)), 0, time.perf_counter()
    for run in range(runs):
        rng = np.random.default_rng((17, NAMES.index(name), run))
        campaign, others = draw_campaign(name, people, rng), draw_campaign(name, SCORED, rng)
        found = _fit(list(people_of(campaign)), by_lake=run < lakes)
        verdicts[found.verdict.value] += 1
        line, is_told = _scores(found, others)
        first = fifths_of(line, rng) == 0
        gains[run] = others.increment[first].mean(), others.increment.mean()
        loud += bool(is_told) or found.verdict not in QUIET
    seconds = (time.perf_counter() - began) / runs
    top, all_ = gains.mean(axis=0)
    gain = top / all_ if all_ > 0.0 else 1.0
    told = ", ".join(f"{one} {count}" for one, count in verdicts.most_common())
    print(f"{name:<12}{top:>10.4f}{all_:>16.4f}{gain:>7.2f}{seconds:>9.1f}  {told}; rows {loud}")
    sys.stdout.flush()
    if name == "nobody":
        return loud > WRONG * runs
    return name in HELPS_SOME and gain < GAIN


def _fit(people: list[LivePerson], *, by_lake: bool) -> UpliftInForce:
    if by_lake:
        with tempfile.TemporaryDirectory(prefix="nudge-bench-") as folder:
            return fitted_from_lake(Path(folder), people, AT)
    table = live_table(people)
    return uplift_in_force(measure_effect(table), table, AT)


def _scores(found: UpliftInForce, others: Campaign) -> tuple[FloatArray, bool]:
    """Return the gain of each person (n,) as the list has it, and whether any row is told one."""
    told = [
        found.score(case_features(one.facts, one.attributes, one.rule)) for one in people_of(others)
    ]
    return np.array([one.gain for one in told]), any(one.is_told for one in told)


def people_of(campaign: Campaign) -> Iterator[LivePerson]:
    """Yield the people of a campaign as cases."""
    table = campaign.table
    for n in range(len(table)):
        facts: dict[str, Scalar] = {}
        for factor in table.factors:
            value = float(factor.values[n])
            facts[factor.name] = factor.levels[int(value)] if factor.levels else value
        yield LivePerson(RULE, not table.contacted[n], bool(table.outcome[n]), facts, {})


if __name__ == "__main__":
    sys.exit(main())
