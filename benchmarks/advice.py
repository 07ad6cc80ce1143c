"""How often advice calls a variant stoppable that a segment needs, and how often it names the best.

    python -m benchmarks advice

Logs of worlds with segments, looked at ten times on the way to a million visitors. Dimensions are
the channel (two) or the city (six of 40 % to 2 %), and an attribute, the stage (three, of rates
1:2:5). One variant is best for all, or another one is for WAP visitors (8-50 % of all), for some
cities or for a stage, or two are for WAP visitors. Each kind of world is played by a fixed policy
that differs by channel, and by a learner by channel that adapts a hundred times (Thompson, floor
.02). The truth is known, so a harm is one: a removal of all that is called stoppable, at any look,
that costs more than 1 % of the slot's value. The baseline calls stoppable what is below the leader
on average. Where one variant is best for all, the verdict has to name it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bandits.inference.verdict import verdict
from benchmarks.advice_worlds import BEST_FOR_ALL, KINDS, NAMES, Log, World, cube_of
from benchmarks.options import option_parser
from nudge.domain.advice.slot_advice import AdviceTerms, slot_advice
from nudge.domain.reports import comparison
from nudge.domain.reports.comparison import ComparisonRows

BASELINE = "by the mean"
WORLDS, SMALL = 200, 12
VISITORS, LOOKS, STEPS = 1_000_000, 10, 10
MOST_LOST, ALPHA = 0.01, 0.05
POLICIES = ("fixed", "learner")


@dataclass(frozen=True)
class Advised:
    """The end of a world.

    Attributes:
        lost: most that advice cost at any look, by segments and by the mean.
        best: the best for all was named, and no other variant at any look.
        named: all but the best were stoppable at the last look.
    """

    lost: tuple[float, float]
    best: bool
    named: bool


def advised(
    kind: str, seed: int, *, learned: bool = False, visitors: int = VISITORS, looks: int = LOOKS
) -> Advised:
    """Look at a world again and again, and return what following the advice would have cost."""
    world = World.of(kind, seed, learned=learned)
    log, lost, count, won = Log(world, np.random.default_rng(seed + 1_000_000)), [0.0, 0.0], 0, []
    terms = AdviceTerms(NAMES, revenue=False, alpha=ALPHA)
    for _ in range(looks):
        log.play(visitors // looks, STEPS if learned else 1)
        views = {name: cube_of(log, i) for i, name in enumerate(("channel", "context.stage"))}
        found = slot_advice(terms, views)
        for i, names in enumerate((found.stoppable, found.stoppable | found.needs.keys())):
            lost[i] = max(lost[i], world.lost([NAMES.index(name) for name in names]))
        count = len(found.stoppable)
        sums = comparison.arm_sums_of(ComparisonRows.of(views["channel"]), range(3), shares=True)
        won.append(verdict(sums, alpha=ALPHA, unit=1.0).arm)
    best = won[-1] == 0 and set(won) <= {0, None}
    return Advised((lost[0], lost[1]), best, count == len(NAMES) - 1)


def main(arguments: Sequence[str] = ()) -> int:
    """Print harms by kind of world; 1 where a removal cost too much, or a best was not named."""
    small = option_parser("advice", __doc__).parse_args(arguments).small
    worlds, began, wrong = SMALL if small else WORLDS, time.perf_counter(), 0
    print(
        f"{'world':20} {'policy':8} {'logs':>5} {'harmed':>7} {'most lost':>10} {BASELINE:>12} "
        f"{'best named':>11} {'all others':>11}"
    )
    looks = 2 if small else LOOKS
    groups = [(kind, policy) for policy in POLICIES for kind in KINDS]
    for place, (kind, policy) in enumerate(groups):
        number = len(range(place, worlds, len(groups)))
        learned = policy == POLICIES[1]
        found = [advised(kind, seed, learned=learned, looks=looks) for seed in range(number)]
        harm = [sum(one.lost[i] > MOST_LOST for one in found) for i in range(2)]
        best, named = sum(one.best for one in found), sum(one.named for one in found)
        wrong += harm[0] + (number - best if kind in BEST_FOR_ALL else 0)
        most = max(one.lost[0] for one in found)
        told = str(best) if kind in BEST_FOR_ALL else "-"
        print(
            f"{kind:20} {policy:8} {number:5} {harm[0]:7} {most:10.4f} {harm[1]:12} {told:>11} "
            f"{named:11}"
        )
    print(f"{time.perf_counter() - began:.1f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
