"""How often the guard freezes a slot that does no harm, and how soon one that does.

    python -m benchmarks harms

First the rule alone: worlds of visitors who differ and come back, with a holdout of a tenth, looked
at after every 500 visits; the policy multiplies everybody's probability to pay by an effect. An
effect of 1 or more is no harm. Then a planted harm through the service: a revenue learner, and an
amount that pays more a conversion and makes visitors leave (`harms_world`).

The exit code is 1 where more than alpha of the worlds without harm are frozen, or a harm is not.
"""

from __future__ import annotations

import logging
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import structlog

from bandits.arrays import FloatArray
from bandits.inference.arm_sums import ArmSums
from bandits.inference.holdout import holdout_sums
from benchmarks.folds import served
from benchmarks.harms_world import HARM, NAME, slot, visit
from benchmarks.lifts_service import LONG, OWNER, Service
from benchmarks.options import option_parser
from nudge.domain.reports.harm_guard import IN_YUAN, judge
from nudge.domain.slots.slot import GuardTerms
from nudge.settings.settings import load
from nudge.store.wire.client import Client
from nudge.workers.alarms.harm_guard_loop import HarmGuardLoop
from nudge.workers.store_check import StoreCheck

BASELINE: Final = "policy as good as the holdout"
WORLDS: Final = 500
SMALL: Final = 1
WATCHED: Final = GuardTerms(("abandonment", "downgrade"), alpha=0.05)
SHARE: Final = 0.1
VISITS: Final = 20_000
LOOK: Final = 500
SEASON: Final = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 1.3, 1.3])
"""Of the week: both groups have it."""
AMOUNTS: Final = np.array([10.0, 30.0, 50.0, 100.0, 300.0, 500.0])
SHARES: Final = np.array([0.07, 0.24, 0.36, 0.24, 0.06, 0.03])
"""Shares of the amounts that visitors pay (lab/simulate/visitors.py)."""
ROUND, MOST = 500, 40
SMALL_ROUND, SMALL_MOST = 50, 1


def frozen_at(
    seed: int,
    effect: float,
    *,
    visits: int = VISITS,
    every: int = LOOK,
    harms: GuardTerms = WATCHED,
) -> int | None:
    """After how many visits the guard freezes a world's slot; None where it never does.

    Args:
        seed: of the world.
        effect: of the policy on everybody's probability to pay.
        visits: how many there are.
        every: visits between two looks.
        harms: what the guard watches for.
    """
    sums = dict.fromkeys(harms.metrics, ArmSums.empty(2))
    for number, parts in enumerate(_looks(seed, effect, visits, every), 1):
        for metric in harms.metrics:
            sums[metric] += parts[IN_YUAN[metric]]
            if judge(metric, sums[metric], harms).harm:
                return number * every
    return None


def _looks(seed: int, effect: float, visits: int, every: int) -> Iterator[dict[bool, ArmSums]]:
    """The sums that each look adds: of conversions (False) and of yuan (True)."""
    rng = np.random.default_rng([seed, 7])
    subjects = visits // 2
    rate = rng.beta(2.0, 8.0, subjects)
    likes = rng.choice(AMOUNTS, subjects, p=SHARES)
    who = rng.integers(0, subjects, visits)
    held = (rng.random(subjects) < SHARE)[who]
    day = np.arange(visits) * 28 // visits
    chance: FloatArray = rate[who] * SEASON[day % 7] * np.where(held, 1.0, effect)
    paid = (rng.random(visits) < np.minimum(chance, 1.0)).astype(np.float64)
    yuan = paid * likes[who]
    for start, stop in pairwise([*range(0, visits, every), visits]):
        part = slice(start, stop)
        yield {
            money: holdout_sums(y[part], held[part], SHARE, who[part])
            for money, y in ((False, paid), (True, yuan))
        }


def planted(
    client: Client, directory: Path, each: int = ROUND, most: int = MOST
) -> tuple[int | None, str]:
    """After how many visitors the service has frozen a planted harm, and what the guard said."""
    settings = replace(
        load({"NUDGE_DATA_DIR": str(directory)}), namespace="harm", redis_url=None, holdout=0.0
    )
    service = Service.of(client, settings, [slot()])
    guard = StoreCheck(service.store, settings.store_note)
    watch = HarmGuardLoop(service.store, settings, OWNER, LONG, guard)
    for number in range(most):
        visit(service, range(number * each, (number + 1) * each), HARM)
        if watch.turn(1e6 * number):
            service.follow()
            return (number + 1) * each, service.slot(NAME).mode
    return None, service.slot(NAME).mode


def _row(name: str, effect: float, worlds: int) -> list[int]:
    began = time.perf_counter()
    found = [frozen_at(seed, effect) for seed in range(worlds)]
    at = [x for x in found if x is not None]
    told = f", in the middle after {np.median(at):,.0f} visits" if at else ""
    seconds = time.perf_counter() - began
    print(f"  {name:34} {len(at):4d} of {worlds} frozen{told}   {seconds:.0f} s", flush=True)
    return at


def main(arguments: Sequence[str] = ()) -> int:
    """Print the table; 1 where a bound is broken."""
    parser = option_parser("harms", __doc__)
    parser.add_argument("--worlds", type=int, default=WORLDS)
    given = parser.parse_args(arguments)
    worlds = SMALL if given.small else given.worlds
    rounds = (SMALL_ROUND, SMALL_MOST) if given.small else (ROUND, MOST)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    print(f"worlds of {VISITS:,} visits, looked at {VISITS // LOOK} times, holdout {SHARE:g}")
    allowed = WATCHED.alpha * worlds
    good = len(_row(BASELINE, 1.0, worlds)) <= allowed
    good &= len(_row("policy better by a tenth", 1.1, worlds)) <= allowed
    _row("a fifth pay no more", 0.8, worlds // 5)
    good &= len(_row("two fifths pay no more", 0.6, worlds // 5)) == worlds // 5
    with served() as store, tempfile.TemporaryDirectory(prefix="nudge-harms-") as name:
        visitors, mode = planted(store.client, Path(name), *rounds)
    print(f"planted harm through the service: {mode} after {visitors} visitors")
    return 0 if good and mode == "frozen" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
