"""The first day: what a new slot brings beside the operator's own rule, by the worlds' truth.

    python -m benchmarks first_day [--runs N] [--part worlds|bench|total|prices] [--floor F]

`worlds`: forty worlds (`first_day_worlds`), each played `--runs` times with the default settings:
the expected reward of the visitors so far over the baseline's, after 500 to 20,000 visitors. It has
to be at least .95 at every mark, in 95 of 100 runs. `bench`: the first 5,000 visitors of the bench
as a share of the oracle's reward, with a rule that is right and with one two places off. `total`:
the bench's 100,000 visitors in all its slots, with the bound and without; the operator's own rules
are the last amount and the fallbacks of the shipped slots.

The learner publishes as the service does: after tens of visitors at first, then every 500.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

import bandits
from bandits.arrays import FloatArray
from bandits.baseline.choice import make_baseline
from bandits.config import read_config
from benchmarks.first_day_worlds import FirstDayWorld, Maker, bench_world, plain_world
from benchmarks.learners_world import load_world
from benchmarks.options import option_parser
from nudge.domain.slots.snapshot_pace import news_batches

BASELINE: Final = "operator's own rule"
MARKS: Final = (500, 2_000, 5_000, 20_000)
WORLDS: Final[Mapping[str, Maker]] = {
    "rule best": partial(plain_world, kind="rule best"),
    "far off": partial(plain_world, kind="far off"),
    "noise": partial(plain_world, kind="noise"),
    "like the bench": bench_world,
}
PARTS: Final = ("worlds", "bench", "total", "prices")
OF_EACH: Final = 10
KEPT, IN_RUNS = 0.95, 0.95
FIRST, ALL = 5_000, 100_000
BATCH = 500
DEFAULT: Final[Mapping[str, object]] = {"kind": "auto"}
LOW: Final[Mapping[str, object]] = {"kind": "auto", "floor": 0.002}
BENCH: Final[Mapping[str, tuple[Mapping[str, object], int, float]]] = {
    "right rule, floor .002": (LOW, 0, 0.80),
    "right rule, default": (DEFAULT, 0, 0.78),
    "two places off, default": (DEFAULT, 2, 0.60),
    "two places off, no bound": ({**DEFAULT, "give_up": 1.0}, 2, 0.0),
}
FREE: Final[Mapping[str, object]] = {**DEFAULT, "give_up": 1.0}
PRICES: Final[Mapping[str, Mapping[str, object]]] = {
    "floor .02": FREE,
    "floor .002": {**FREE, "floor": 0.002},
    "floor .02, explore_share .25": {**FREE, "explore_share": 0.25},
    "floor .02, explore_share .1": {**FREE, "explore_share": 0.1},
    "floor .1, explore_share .1": {**FREE, "floor": 0.1, "explore_share": 0.1},
}
"""Without a bound, which lowers every floor at first."""
TOTAL: Final[Mapping[str, tuple[Mapping[str, object], float]]] = {
    "with the bound": (LOW, 0.93),
    "without": ({**LOW, "give_up": 1.0}, 0.945),
}


@dataclass(frozen=True, eq=False)
class FirstDayRun:
    """Result of one run.

    Attributes:
        reward: (N,) expected reward of each visitor under the distribution served.
        own: (N,) under the baseline.
        best: (N,) under the best arm.
        inverse: (K,) mean over the visitors of one over the propensity of each arm.
    """

    reward: FloatArray
    own: FloatArray
    best: FloatArray
    inverse: FloatArray

    def over_own(self, marks: Sequence[int]) -> FloatArray:
        """Return the reward of the first visitors over the baseline's, at each mark."""
        return np.array([self.reward[:m].sum() / self.own[:m].sum() for m in marks])

    def over_best(self, visitors: int) -> float:
        """Return the reward of the first visitors as a share of the oracle's."""
        return float(self.reward[:visitors].sum() / self.best[:visitors].sum())

    @property
    def least_worth(self) -> float:
        """The even exposures that the least shown arm is worth to a later question."""
        return float(len(self.reward) / self.inverse.max())


def play(world: FirstDayWorld, seed: int) -> FirstDayRun:
    """Play one run of a world: conversions come late, and each batch has its own snapshot."""
    n, arms = world.truth.shape
    rng = np.random.default_rng([seed, 3])
    chance, drawn = rng.random(n), rng.random(n)
    learner = bandits.make_learner(world.config, seed=seed)
    paid = np.full(n, np.inf)
    told = np.zeros(n, dtype=np.bool_)
    reward, inverse = np.zeros(n), np.zeros(arms)
    for start, stop in news_batches(n, BATCH):
        part = np.arange(start, stop)
        now = float(world.at[part[0]])
        came = np.flatnonzero((paid <= now) & ~told)
        told[came] = True
        learner.reward(came, np.ones(len(came)), paid[came])
        policy = bandits.load_policy(learner.snapshot(now))
        columns = {name: column[part] for name, column in world.contexts.items()}
        pmf = policy.distribution(columns)
        inverse += (1.0 / pmf).sum(axis=0)
        reward[part] = (pmf * world.truth[part]).sum(axis=1)
        arm = (pmf.cumsum(axis=1) < drawn[part, None]).sum(axis=1).clip(0, arms - 1)
        hit = chance[part] < world.truth[part, arm]
        paid[part] = np.where(hit, world.at[part] + world.delay[part], np.inf)
        learner.expose(part, columns, arm, world.at[part])
    return FirstDayRun(reward, own_reward(world), world.truth.max(axis=1), inverse / n)


def own_reward(world: FirstDayWorld) -> FloatArray:
    """Return the expected reward (N,) of each visitor under the operator's own rule."""
    baseline = make_baseline(read_config(world.config))
    if baseline is None:
        raise ValueError("the world has no rule")
    every = np.ones(world.truth.shape, dtype=np.bool_)
    return world.truth[np.arange(len(every)), baseline.arms(world.contexts, every)]


def run_world(
    kind: str, policy: Mapping[str, object], marks: Sequence[int], seed: tuple[int, int]
) -> FloatArray:
    """Return the rewards over the baseline's of one run: world and run are the seed."""
    world = WORLDS[kind](seed[0], marks[-1], policy)
    return play(world, 1_000 * seed[1] + seed[0]).over_own(marks)


def run_bench(policy: Mapping[str, object], off: int, visitors: int, seed: int) -> float:
    """Return the share of the oracle's reward in the bench's own world."""
    return play(bench_world(seed, visitors, policy, varied=False, off=off), seed).over_best(
        visitors
    )


def show_worlds(
    pool: ProcessPoolExecutor,
    seeds: Sequence[tuple[int, int]],
    marks: Sequence[int],
    floor: float,
) -> bool:
    """Print the runs of each kind of world; whether the bound holds in enough of them.

    Args:
        pool: that plays them.
        seeds: world and run of each, as `run_world` has it.
        marks: visitors.
        floor: of the policy; 0 is the default.
    """
    policy = dict(DEFAULT) | ({"floor": floor} if floor else {})
    print(f"reward over that of the {BASELINE}: the 5th of 100 runs at {marks}; runs below {KEPT}")
    every = []
    for kind in WORLDS:
        found = np.array(list(pool.map(partial(run_world, kind, policy, marks), seeds)))
        every.append(found)
        low, below = np.quantile(found, 0.05, axis=0), (found.min(axis=1) < KEPT).mean()
        cells = "  ".join(f"{value:.3f}" for value in low)
        means = "  ".join(f"{value:.3f}" for value in found.mean(axis=0))
        print(f"  {kind:24} {cells}   {below:.3f}   mean {means}", flush=True)
    kept = float((np.concatenate(every).min(axis=1) >= KEPT).mean())
    print(f"  {'all':24} {kept:.3f} of {sum(map(len, every))} runs keep {KEPT} at every mark")
    return kept >= IN_RUNS


def show_bench(pool: ProcessPoolExecutor, runs: int, visitors: int) -> bool:
    """Print the first visitors of the bench; whether the shares are reached."""
    good = True
    print(f"share of the oracle's reward, first {visitors:,} visitors of the bench, {runs} seeds")
    for name, (policy, off, least) in BENCH.items():
        found = list(pool.map(partial(run_bench, policy, off, visitors), range(1, runs + 1)))
        mean = float(np.mean(found))
        good &= mean >= least
        print(f"  {name:28} {mean:.3f} (least {min(found):.3f}; asked {least:.2f})", flush=True)
    return good


def run_price(policy: Mapping[str, object], visitors: int, seed: int) -> tuple[float, float]:
    """Return the share of the oracle's reward of a run, and what its least shown arm is worth."""
    run = play(bench_world(seed, visitors, policy, varied=False), seed)
    return run.over_best(visitors), run.least_worth


def show_prices(pool: ProcessPoolExecutor, runs: int, visitors: int) -> None:
    """Print what floors and shares of exploring draws cost and leave."""
    print(f"share of the oracle's reward, {visitors:,} visitors of the bench, {runs} seeds;")
    print("  even exposures that the least shown variant is worth, in the median")
    for name, policy in PRICES.items():
        seeds = range(1, runs + 1)
        found = np.array(list(pool.map(partial(run_price, policy, visitors), seeds)))
        share, worth = float(found[:, 0].mean()), float(np.median(found[:, 1]))
        print(f"  {name:30} {share:.3f}   {worth:8,.0f}", flush=True)


def show_total(pool: ProcessPoolExecutor, runs: int, visitors: int) -> bool:
    """Print the whole bench; whether the shares are reached."""
    good = True
    slots = load_world().slots
    print(f"share of the oracle's reward, {visitors:,} visitors of the bench, {runs} seeds")
    print(f"  {'':28} all slots; {', '.join(slots)}")
    tasks = [(slot, seed) for seed in range(1, runs + 1) for slot in slots]
    for name, (policy, least) in TOTAL.items():
        found = np.array(list(pool.map(partial(sum_slot, policy, visitors), tasks)))
        reward, best = found.reshape(runs, len(slots), 2).sum(axis=0).T
        total = float(reward.sum() / best.sum())
        good &= total >= least
        cells = ", ".join(f"{share:.3f}" for share in (reward / best).tolist())
        print(f"  {name:28} {total:.4f} (asked {least:.3f}); {cells}", flush=True)
    return good


def sum_slot(
    policy: Mapping[str, object], visitors: int, task: tuple[str, int]
) -> tuple[float, float]:
    """Return the reward of one slot of the bench with one seed, and the oracle's."""
    slot, seed = task
    run = play(bench_world(seed, visitors, policy, varied=False, slot=slot), seed)
    return float(run.reward.sum()), float(run.best.sum())


def main(arguments: Sequence[str] = ()) -> int:
    """Print the tables; 1 where a bound is broken."""
    parser = option_parser("first_day", __doc__)
    parser.add_argument("--runs", type=int, default=3, help="of each world; seeds of the bench")
    parser.add_argument("--part", choices=PARTS, help="one table alone")
    parser.add_argument(
        "--floor", type=float, default=0.0, help="of the worlds; default: the slot's"
    )
    given = parser.parse_args(arguments)
    each, runs, marks, first, whole = OF_EACH, given.runs, MARKS, FIRST, ALL
    if given.small:
        each, runs, marks, first, whole = 1, 1, (20, 40), 40, 60
    wanted = [given.part] if given.part else list(PARTS)
    good = True
    with ProcessPoolExecutor(1 if given.small else os.cpu_count()) as pool:
        if "worlds" in wanted:
            seeds = [(world, run) for world in range(each) for run in range(runs)]
            good &= show_worlds(pool, seeds, marks, given.floor)
        if "bench" in wanted:
            good &= show_bench(pool, max(runs, 5) if not given.small else 1, first)
        if "total" in wanted:
            good &= show_total(pool, max(runs, 5) if not given.small else 1, whole)
        if "prices" in wanted:
            show_prices(pool, max(runs, 4) if not given.small else 1, marks[-1])
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
