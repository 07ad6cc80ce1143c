"""Advice to stop variants, in worlds of visitors who differ: what following it would cost.

    python -m benchmarks advice [--logs N]

Each log is 100,000 visitors of a world drawn at random: three segments, four variants, and effects
that differ by segment, or one variant that is best for all. A learner by segment shows them. Advice
is asked for at each of ten looks. The truth is known: a variant that is called stoppable may cost
at most a hundredth of the slot's value. The baseline is advice by the mean.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bandits.arrays import FloatArray
from bandits.inference.arm_sums import ArmSums
from bandits.inference.coverage import run_sums
from bandits.inference.verdict import verdict
from benchmarks.options import option_parser
from benchmarks.sequence_worlds import LOOKS, World, play_segments
from nudge.domain.advice.stopping import TOLERANCE, SegmentSums, stop_advice

BASELINE = "advice by the mean"
LOGS, SMALL, EVERY = 200, 2, 10
SEGMENTS, ARMS = 3, 4


def draw_world(rng: np.random.Generator, *, one_best: bool) -> World:
    """Return a world: levels of 2 to 20 %, effects of up to 60 %."""
    level = np.exp(rng.uniform(np.log(0.02), np.log(0.2), SEGMENTS))[:, None]
    effect = rng.uniform(0.7, 1.3, (1 if one_best else SEGMENTS, ARMS))
    if one_best:
        effect[0, rng.integers(ARMS)] = 1.6
    rates = np.minimum(level * effect, 0.5)
    shares = rng.dirichlet(np.full(SEGMENTS, 4.0))
    return World(tuple(map(tuple, rates.tolist())), tuple(shares.tolist()))


def cost_of(world: World, gone: Sequence[int]) -> float:
    """Return the share of the slot's best value that is lost without some variants."""
    rates, shares = np.array(world.rates), np.array(world.shares)
    best = float(shares @ rates.max(axis=1))
    return 1.0 - float(shares @ np.delete(rates, list(gone), axis=1).max(axis=1)) / best


def ask(world: World, seed: int) -> tuple[float, float, bool, bool]:
    """Return the worst cost of advice at any look, of advice by the mean, and what is said last.

    The last two: whether a winner is named, and whether all others are called stoppable.
    """
    parts = [ArmSums.empty(ARMS)] * SEGMENTS
    worst = naive = 0.0
    named = said = False
    for look, (table, _) in enumerate(play_segments(world, runs=1, seed=seed)):
        one = table.take(np.array([0])).total()
        parts = [old + run_sums(one, segment) for segment, old in enumerate(parts)]
        if (look + 1) % EVERY:
            continue
        whole = parts[0] + parts[1] + parts[2]
        found = verdict(_joined(parts), unit=1.0)
        if not found.beaten or found.leader is None:
            continue
        segments = [SegmentSums(str(i), sums) for i, sums in enumerate(parts)]
        mean = float(whole.table.mean()[found.leader])
        advice = stop_advice(found.beaten, mean, {"segment": segments}, alpha=0.05, unit=1.0)
        worst = max(worst, cost_of(world, advice.stoppable))
        naive = max(naive, cost_of(world, found.beaten))
        named, said = found.arm is not None, len(advice.stoppable) == ARMS - 1
    return worst, naive, named, said


def _joined(parts: Sequence[ArmSums]) -> ArmSums:
    """Return all segments' sums with the same blocks of time."""
    return sum_of([_dated(part) for part in parts])


def _dated(part: ArmSums) -> ArmSums:
    return replace(part, blocks=replace(part.time_blocks, dated=True))


def sum_of(parts: Sequence[ArmSums]) -> ArmSums:
    """Return the sum of some parts."""
    total = parts[0]
    for one in parts[1:]:
        total += one
    return total


def main(arguments: Sequence[str] = ()) -> int:
    """Print the table; 1 where advice costs too much."""
    parser = option_parser("advice", __doc__)
    parser.add_argument("--logs", type=int, default=LOGS)
    given = parser.parse_args(arguments)
    logs = SMALL if given.small else given.logs
    rng = np.random.default_rng(17)
    good = True
    print(f"{logs} logs of each kind, {LOOKS // EVERY} looks; the baseline is {BASELINE}")
    for one_best in (False, True):
        worlds = [draw_world(rng, one_best=one_best) for _ in range(logs)]
        found: FloatArray = np.array([ask(world, 500 + i) for i, world in enumerate(worlds)])
        dear = found[:, :2] > TOLERANCE
        print("one variant is best for all" if one_best else "effects differ by segment")
        print(f"  advice costs more than 1 % in {int(dear[:, 0].sum())} logs;")
        print(f"  {BASELINE} in {int(dear[:, 1].sum())}, at worst {found[:, 1].max():.1%}")
        print(f"  a winner is named in {int(found[:, 2].sum())}")
        print(f"  all others are called stoppable in {int(found[:, 3].sum())}")
        good &= not dear[:, 0].any()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
