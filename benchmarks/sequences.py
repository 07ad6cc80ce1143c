"""Wrong winners, widths and coverage where visitors differ and are looked at a hundred times.

    python -m benchmarks sequences [--runs N] [--world NAME]

In the worlds of the first table every winner is a wrong one. In those of the second the second
variant is better by a fifth. The baseline is the fixed interval: coverage after 20,000 visitors and
at the end, and the half width that the sequence's is compared with, after as many visitors as a
test of fixed size with power .8 needs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np

from bandits.arrays import BoolArray, FloatArray, IntArray
from bandits.distribution import NO_ARM
from bandits.inference import fixed, sequence
from bandits.inference.arm_sums import ArmSums
from bandits.inference.verdict import verdict
from bandits.inference.verdict_history import winners
from benchmarks.options import option_parser
from benchmarks.sequence_learner import play_learner
from benchmarks.sequence_worlds import BETTER, LOOKS, NOBODY, World, play

BASELINE = "fixed interval"
RUNS, SMALL, PART = 1_000, 2, 50
LEARNED = 100
"""Most runs of a world that the default learner plays: each takes a quarter of a minute."""
EARLY = 20
"""Looks before the first count of coverage."""
FIXED = 28_000
"""Visitors that an even test of 3 % against 3.6 % with power .8 at level .95 needs."""
ALLOWED, LOW, HIGH, WIDER = 0.05, 0.93, 0.97, 1.7
NAMED = {"floor .02": (0.28, np.inf), "floor .10": (0.78, 57_000), "floor .20": (0.0, 40_000)}
EVEN = (0.0, 33_000)
KNOWN = {"a known level, even": (0.78, 20_600), "a known level, floor .10": (0.78, 35_300)}
"""Two thirds of the visitors that the sequence without strata and weights needed in these worlds:
31,000 and 53,000 (1,000 runs of 18a4b85)."""


@dataclass(frozen=True)
class Runs:
    """Results of some runs of a world.

    Attributes:
        wrong: (R,) whether a wrong winner was ever named.
        named: (R,) visitors at which the right one was named first; infinite for never.
        covers: (2, R, 2) whether the fixed interval of two differences holds the truth, early and
            at the end.
        ratio: (R,) half width of the sequence over that of the fixed interval; NaN if not asked.
    """

    wrong: BoolArray
    named: FloatArray
    covers: BoolArray
    ratio: FloatArray

    @classmethod
    def join(cls, parts: Sequence[Runs]) -> Runs:
        """Return the runs of all parts."""
        return cls(
            np.concatenate([one.wrong for one in parts]),
            np.concatenate([one.named for one in parts]),
            np.concatenate([one.covers for one in parts], axis=1),
            np.concatenate([one.ratio for one in parts]),
        )


def run_world(world: World, runs: int, seed: int) -> Runs:
    """Play runs of a world and look at each after every batch.

    A batch is one block with all its rewards, so that one pass in the end gives every look.
    """
    truth, arms = world.truth, world.arms
    sums = [ArmSums.empty(arms)] * runs
    wrong, named = np.zeros(runs, dtype=np.bool_), np.full(runs, np.inf)
    covers, ratio = np.zeros((2, runs, 2), dtype=np.bool_), np.full(runs, np.nan)
    playing = (play_learner if world.learned else play)(world, runs=runs, seed=seed)
    looks = np.full((runs, LOOKS), NO_ARM)
    for look, parts in enumerate(playing):
        for run, part in enumerate(parts):
            sums[run] += part
            if not world.in_one_pass:
                arm = verdict(sums[run]).arm
                looks[run, look] = NO_ARM if arm is None else arm
            if look == EARLY - 1:
                covers[0, run] = _covers(sums[run], truth)
            if (look + 1) * world.batch == FIXED:
                ratio[run] = _ratio(sums[run])
    for run, one in enumerate(sums):
        covers[1, run] = _covers(one, truth)
        if world.in_one_pass:
            ends = np.unique(one.time_blocks.block)
            looks[run, : len(ends)] = winners(one, ends)
        wrong[run], named[run] = _outcome(looks[run], truth, world.batch)
    return Runs(wrong, named, covers, ratio)


def _outcome(looks: IntArray, truth: FloatArray, batch: int) -> tuple[bool, float]:
    """Return whether a wrong winner was ever named, and at how many visitors the right one was."""
    right = truth.argmax() if np.count_nonzero(truth == truth.max()) == 1 else NO_ARM
    found = looks != NO_ARM
    first = np.flatnonzero(found & (looks == right))
    visitors = float((first[0] + 1) * batch) if len(first) else np.inf
    return bool((found & (looks != right)).any()), visitors


def _covers(sums: ArmSums, truth: FloatArray) -> list[bool]:
    pairs = [(0, 1), (0, len(truth) - 1)]
    return [fixed.difference(sums, a, b).contains(truth[a] - truth[b]) for a, b in pairs]


def _ratio(sums: ArmSums) -> float:
    look, always = fixed.difference(sums, 1, 0), sequence.difference(sums, 1, 0)
    return (always.high - always.low) / (look.high - look.low)


def play_parts(world: World, runs: int, pool: ProcessPoolExecutor) -> Runs:
    """Return the runs of a world, played in parts; fewer where the default learner plays."""
    runs, size = (min(runs, LEARNED), PART // 5) if world.learned else (runs, PART)
    sizes = [min(size, runs - start) for start in range(0, runs, size)]
    seeds = range(10_000, 10_000 + len(sizes))
    return Runs.join(list(pool.map(partial(run_world, world), sizes, seeds)))


def print_nobody(name: str, found: Runs) -> bool:
    """Print a world without a best variant; whether its bounds hold."""
    wrong, cover = float(found.wrong.mean()), found.covers.mean(axis=1)
    error = 2.0 * float(np.sqrt(ALLOWED * (1.0 - ALLOWED) / len(found.wrong)))
    spread = 2.0 * float(np.sqrt(0.05 * 0.95 / len(found.wrong)))
    good = wrong <= ALLOWED + error
    good &= bool((cover >= LOW - spread).all() and (cover <= HIGH + spread).all())
    cells = "  ".join(f"{value:.3f}" for value in cover.ravel())
    print(f"  {name:28} {wrong:6.3f}      {cells}   {'' if good else 'BROKEN'}", flush=True)
    return good


def print_better(name: str, found: Runs) -> bool:
    """Print a world with a best variant; whether its bounds hold."""
    share, median = float(np.isfinite(found.named).mean()), float(np.median(found.named))
    least, most = KNOWN.get(name) or NAMED.get(name.rpartition(", ")[2], EVEN)
    ratio, wrong = float(np.nanmean(found.ratio)), float(found.wrong.mean())
    good = share >= least and median <= most and ratio <= WIDER and wrong <= ALLOWED
    cover = "  ".join(f"{value:.3f}" for value in found.covers.mean(axis=1)[:, 0])
    text = f"{share:6.3f} {median:9,.0f}   {ratio:5.2f}   {wrong:6.3f}   {cover}"
    print(f"  {name:28} {text}   {'' if good else 'BROKEN'}", flush=True)
    return good


def main(arguments: Sequence[str] = ()) -> int:
    """Print the tables; 1 where a bound is broken."""
    parser = option_parser("sequences", __doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--world", choices=[*NOBODY, *BETTER], help="one world alone")
    given = parser.parse_args(arguments)
    runs = SMALL if given.small else given.runs
    wanted = [given.world] if given.world else [*NOBODY, *BETTER]
    if given.small:
        wanted = [next(iter(NOBODY)), next(iter(BETTER))]
    good = True
    with ProcessPoolExecutor(1 if given.small else os.cpu_count()) as pool:
        print(f"{runs} runs of each, {LOOKS} looks; {BASELINE}s of two differences cover")
        print("                          wrong winner   at look 20      at the end")
        for name in (one for one in wanted if one in NOBODY):
            good &= print_nobody(name, play_parts(NOBODY[name], runs, pool))
        print(f"the better one named: share, median; width / that of the {BASELINE}; wrong; cover")
        for name in (one for one in wanted if one in BETTER):
            good &= print_better(name, play_parts(BETTER[name], runs, pool))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
