"""Reports and evaluations over a lake of ten million decisions: seconds, processor and memory.

Each report is made as a worker makes it: with its advice by the slot's own context. The slot and
its revisions are read from a store.

    python -m benchmarks reports            # 10,000,000 decisions: 1.5 GB of disk, some minutes
    python -m benchmarks reports --rows 1000000

Baseline `by hand`: the same counts by channel and variant as SQL over the lake's own tables, which
joins exposures, decisions and rewards on their ids.
"""

from __future__ import annotations

import math
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks import big_lake
from benchmarks.big_lake import SLOT, VARIANTS, written
from benchmarks.folds import served
from benchmarks.options import option_parser
from nudge.config.slot_file import parse_slot
from nudge.domain.reports.questions import (
    CONTEXT,
    DIMENSIONS,
    EvaluationQuestion,
    PerformanceQuestion,
)
from nudge.flows.reports.evaluate import evaluate_lake
from nudge.flows.reports.performance import Reports
from nudge.lake.engine.engine import EngineLimits, engine
from nudge.lake.files.reader import Lake
from nudge.lake.reports.slot_rows import slot_rows
from nudge.store.store import Store

BASELINE: Final = "by hand: counts by channel and variant"
ROWS: Final = 10_000_000
SMALL: Final = 2_000
FEW: Final = 2
"""Days of the small form."""
USUAL: Final[Sequence[tuple[str, ...]]] = (
    (),
    *((name,) for name in DIMENSIONS),
    *((CONTEXT + name,) for name in big_lake.ATTRIBUTES),
)
"""Questions that a worker sums up ahead: nothing, and each dimension."""
OTHERS: Final[Sequence[tuple[str, ...]]] = (("channel", "context.city_tier"),)
SHORT: Final = (USUAL[0], USUAL[-1], *OTHERS)
"""Of each kind one: those of the small form."""
TARGETS: Final = ("uniform", "always:data")
SECONDS: Final = {"first": 2.0, "again": 1.0, "evaluation": 5.0}
MEMORY: Final = 1e9
BROKEN: Final[list[str]] = []
"""Bounds that were broken in this process."""
BY_HAND: Final = """
SELECT d.channel, e.variant, count(*), sum(r.conversions) FROM exposures e
JOIN decisions d USING (decision_id)
LEFT JOIN (SELECT decision_id, sum(conversions) conversions FROM rewards GROUP BY 1) r
USING (decision_id) GROUP BY ALL
"""
SERVED: Final = parse_slot(
    {
        "slot": SLOT,
        "revision": 1,
        "on": "decision",
        "holdout": 1 / big_lake.HELD,
        "stickiness": {"period": "1d"},
        "context": [
            {"name": name, "kind": "category", "cells": list(values)}
            for name, values in big_lake.ATTRIBUTES.items()
        ],
        "variants": [{"name": name, "value": name} for name in VARIANTS],
        "reward": {"event": "paid", "objective": "conversion", "window": "1d"},
        "fallback": {"default": VARIANTS[-1]},
    },
    "benchmark",
)


@contextmanager
def told(what: str, most: float = math.inf) -> Iterator[None]:
    """Print what something took, and whether that is more than is allowed."""
    began, used = time.perf_counter(), time.process_time()
    yield
    wall, cpu = time.perf_counter() - began, time.process_time() - used
    broken = f"  BROKEN: at most {most} s" if wall > most else ""
    print(f"  {what:44} {wall:7.2f} s  processor {cpu:7.2f} s{broken}", flush=True)
    if broken:
        BROKEN.append(what)


def measured(root: Path, questions: Sequence[Sequence[str]]) -> None:
    """Prepare as a worker does, then ask: what was prepared, and what was not."""
    with served() as store:
        store.slots.put(SERVED, None)
        lake = Lake(root / "lake")
        with (
            told("days that are over, joined (in spare time)"),
            engine(lake, EngineLimits(), root / "cache") as (backend, contents),
        ):
            slot_rows(backend, contents, SLOT, root / "cache")
        worker = Reports(store, lake, root / "cache", 0.0)
        with told("sums of the usual questions, and advice (in spare time)"):
            worker.keep()
        for by in questions:
            asked = PerformanceQuestion(SLOT, by=tuple(by))
            for time_, bound in (("the first time", "first"), ("again", "again")):
                most = SECONDS[bound] if len(by) <= 1 else math.inf
                with told(f"report by {', '.join(by) or 'nothing'}, {time_}", most):
                    worker.make(asked)
        unprepared(root, store)
    for target in TARGETS:
        with told(f"evaluation with DR, {target}", SECONDS["evaluation"]):
            evaluate_lake(lake, root / "cache", EvaluationQuestion(SLOT, target))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(f"  most memory {peak / 1e9:.2f} GB (at most {MEMORY / 1e9})", flush=True)
    if BROKEN or peak > MEMORY:
        sys.exit(1)


def unprepared(root: Path, store: Store) -> None:
    """Ask a worker that has just started, and one whose lake has grown since it prepared."""
    asked = PerformanceQuestion(SLOT, by=("channel",))
    with told("report by channel, of a new worker"):
        Reports(store, Lake(root / "lake"), root / "cache", 0.0).make(asked)
    for path in (root / "cache" / "sums" / SLOT).glob("*.state"):
        path.unlink()
    for path in (root / "cache" / "open" / SLOT).iterdir():
        path.unlink()
    with told("report by channel, where more was logged since"):
        Reports(store, Lake(root / "lake"), root / "cache", 0.0).make(asked)


def by_hand(root: Path) -> None:
    """The baseline."""
    lake = Lake(root / "lake")
    with engine(lake, EngineLimits(), root / "cache") as (backend, _), told(BASELINE):
        backend.raw_sql(BY_HAND).fetchall()


def apart(work: Callable[..., object], *given: object) -> int:
    """Do it in a process of its own, so that what it takes is its own; return the exit code."""
    child = multiprocessing.get_context("spawn").Process(target=work, args=given)
    child.start()
    child.join()
    return child.exitcode or 0


def main(arguments: Sequence[str] = ()) -> int:
    """Print the table; 1 where a bound is broken. Everything written is removed again."""
    parser = option_parser("reports", __doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    given = parser.parse_args(arguments)
    rows, days = (SMALL, FEW) if given.small else (given.rows, big_lake.DAYS)
    with tempfile.TemporaryDirectory(prefix="nudge-") as name:
        root = Path(name)
        if code := apart(written, root / "lake", rows, days):
            return code
        size = sum(path.stat().st_size for path in (root / "lake").rglob("*.parquet"))
        print(f"{rows:,} decisions of {days} days, {size / 1e9:.2f} GB")
        print(
            f"allowed, by one dimension: {SECONDS['first']} s, again {SECONDS['again']} s", end=""
        )
        print(f", evaluation {SECONDS['evaluation']} s")
        questions = SHORT if given.small else (*USUAL, *OTHERS)
        return apart(by_hand, root) or apart(measured, root, questions)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
