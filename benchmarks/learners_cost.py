"""The cost of learning and choosing: one visitor, a batch, counting, publishing.

    python -m benchmarks learners_cost [--json]

Medians of CPU time on one core.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np

import bandits
from bandits.arrays import AnyArray
from benchmarks.options import option_parser

BASELINE = "(limit "
"""Nothing else is measured beside it: each figure stands beside its limit."""
ARMS, FEATURES, VISITORS = 6, 16, 10_000
EXPOSURES, SMALL = 100_000, (1_000, 500)
"""Exposures; exposures and visitors of the small form."""
LIMITS = {
    "one visitor: distribution and draw, us": 25.0,
    "a batch of 10,000: distribution and draw, us a visitor": 1.0,
    "a batch of 10,000 new cells, us a visitor": 1.0,
    "fit and publish with 100,000 exposures, ms": 200.0,
    "the same from nothing, ms": 200.0,
}


def config() -> dict[str, object]:
    """Six amounts; 16 attributes: 4 categories, 4 numbers, 8 flags."""
    cells = ["a", "b", "c", "d"]
    context = [{"name": f"c{i}", "kind": "category", "cells": cells} for i in range(4)]
    context += [{"name": f"n{i}", "kind": "number", "cells": [10, 50, 100]} for i in range(4)]
    context += [{"name": f"f{i}", "kind": "flag"} for i in range(8)]
    amounts = (10, 30, 50, 100, 300, 500)
    arms = [{"name": str(x), "attributes": {"amount": x}} for x in amounts]
    return {"arms": arms, "context": context, "policy": {"kind": "auto"}}


def contexts(n: int, seed: int) -> dict[str, AnyArray]:
    """Random visitors; what the arms' order depends on varies most."""
    rng = np.random.default_rng(seed)
    columns: dict[str, AnyArray] = {
        f"c{i}": rng.choice(["a", "b", "c", "d"], n, p=[0.7, 0.1, 0.1, 0.1]) for i in range(4)
    }
    columns |= {f"n{i}": rng.choice([5.0, 20.0, 60.0, 200.0], n, p=[0.7, 0.1, 0.1, 0.1])
                for i in range(4)}  # fmt: skip
    return columns | {f"f{i}": rng.random(n) < 0.1 for i in range(8)}  # noqa: PLR2004


def median(work: Callable[[], object], repeats: int) -> float:
    """Median CPU seconds of a piece of work."""
    taken = []
    for _ in range(repeats):
        start = time.process_time_ns()
        work()
        taken.append(time.process_time_ns() - start)
    return float(np.median(taken)) / 1e9


def measure(n: int = EXPOSURES, visitors: int = VISITORS) -> dict[str, float]:
    """All figures by name, of n exposures and a batch of so many visitors."""
    rng = np.random.default_rng(0)
    learner = bandits.make_learner(config(), seed=1)
    who, arms, at = contexts(n, 1), rng.integers(0, ARMS, n), np.sort(rng.uniform(0, 2.6e6, n))
    hits = np.flatnonzero(rng.random(n) < 0.03)  # noqa: PLR2004
    ids, keys = np.arange(n), np.arange(visitors)
    start = time.process_time()
    for part in np.array_split(ids, n // 500):
        learner.expose(part, {k: v[part] for k, v in who.items()}, arms[part], at[part])
        learner.reward(part, np.isin(part, hits).astype(float), at[part] + 60.0)
    counted = 2 * n / (time.process_time() - start)
    start = time.process_time()
    blob = learner.snapshot(at[-1])
    cold = time.process_time() - start
    warm = median(lambda: learner.snapshot(at[-1]), 5)
    fresh = contexts(visitors, 2)
    policy = bandits.load_policy(blob)
    new = median(lambda: policy.draw(policy.distribution(fresh), keys), 1)
    old = median(lambda: policy.draw(policy.distribution(fresh), keys), 9)
    mask = np.ones(ARMS, dtype=np.bool_)
    rows = [{k: v[i].item() for k, v in fresh.items()} for i in range(visitors // 5)]
    numbers = iter(range(10**9))
    one = median(lambda: [_one(policy, row, mask, next(numbers)) for row in rows], 5) / len(rows)
    return {
        "one visitor: distribution and draw, us": one * 1e6,
        "a batch of 10,000: distribution and draw, us a visitor": old / visitors * 1e6,
        "a batch of 10,000 new cells, us a visitor": new / visitors * 1e6,
        "exposures and rewards a second": counted,
        "fit and publish with 100,000 exposures, ms": warm * 1e3,
        "the same from nothing, ms": cold * 1e3,
        "distinct cells in the batch": float(len(np.unique(list(map(str, rows))))),
        "snapshot, kB": len(blob) / 1e3,
    }


def _one(policy: bandits.Policy, row: dict[str, object], mask: AnyArray, key: int) -> int:
    u = bandits.distribution.uniform_from_key(str(key), b"bench")
    return bandits.distribution.draw(policy.distribution_one(row, mask), u)


def main(arguments: Sequence[str] = ()) -> int:
    """Print the figures beside their limits."""
    parser = option_parser("learners_cost", __doc__)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    figures = measure(*SMALL) if given.small else measure()
    if given.json:
        print(json.dumps(figures))
        return 0
    for name, value in figures.items():
        limit = f"   {BASELINE}{LIMITS[name]:g})" if name in LIMITS else ""
        print(f"{name:58s} {value:12.1f}{limit}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
