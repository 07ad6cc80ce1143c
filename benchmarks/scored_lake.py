"""A lake of a million scores: each follows a decision of its visitor, some with a text."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from bandits.arrays import IntArray
from benchmarks.big_lake import (
    DAY,
    DAYS,
    PARTITIONS,
    START,
    Day,
    Writer,
    decisions_of,
    drawn,
    ids,
    same,
    stamps,
    subjects,
    words,
)
from nudge.lake.files.reader import Lake

END: Final = START + DAYS * DAY
SUBJECTS: Final = 400_000
"""People of a million scores."""
SCENES: Final = ("recharge", "query", "service", "network", "package", "hall")
TOUCH_POINTS: Final = ("app_home", "wap_recharge", "hotline", "mini_program")
TEXTED: Final = 25
"""One score of so many has a text."""
PAID: Final = 2
"""One visitor of so many has paid, too."""
_SHARES: Final = np.array([0.05, 0.02, 0.02, 0.03, 0.04, 0.06, 0.08, 0.15, 0.2, 0.15, 0.2])


def scored_lake(root: Path, scores: int, people: int, *, seed: int = 0) -> Lake:
    """Write a lake with so many scores in 30 days."""
    rng = np.random.default_rng(seed)
    writer = Writer(Lake(root), rng, people)
    for number in range(DAYS):
        start = START + number * DAY
        day = drawn(rng, start, max(1, scores // DAYS), people)
        events = pa.concat_tables([_feedback(rng, day), _payments(rng, day)]).sort_by("at")
        writer.publish(start, {"decisions": decisions_of(day), "events": events})
    return writer.lake


def _feedback(rng: np.random.Generator, day: Day) -> pa.Table:
    n = len(day.at)
    score = rng.choice(len(_SHARES), n, p=_SHARES)
    columns = [
        words([str(i) for i in range(len(_SHARES))], score),
        words(SCENES, rng.integers(0, len(SCENES), n)),
        words(TOUCH_POINTS, rng.integers(0, len(TOUCH_POINTS), n)),
        words(("true", "false"), (rng.integers(0, TEXTED, n) > 0).astype(np.int64)),
    ]
    fields = _maps(("score", "scene", "touch_point", "has_text"), columns)
    return _events(rng, day, np.arange(n), "feedback", 20.0, fields)


def _payments(rng: np.random.Generator, day: Day) -> pa.Table:
    rows = np.flatnonzero(day.person % PAID == 0)
    amount = words(("10", "30", "50", "100"), rng.integers(0, 4, len(rows)))
    return _events(rng, day, rows, "paid", 60.0, _maps(("amount",), [amount]))


def _events(
    rng: np.random.Generator, day: Day, rows: IntArray, kind: str, later: float, fields: pa.Array
) -> pa.Table:
    n, at, person = len(rows), day.at[rows] + later, day.person[rows]
    return pa.table(
        {
            "partition": pa.array((person % PARTITIONS).astype(np.int32)),
            "logged_at": stamps(at),
            "at": stamps(at),
            "subject": subjects(person),
            "event_id": ids(rng, n),
            "type": same(kind, n),
            "source": same("server", n),
            "decision_id": pa.nulls(n, pa.string()),
            "fields": fields,
            "fields_json": same("{}", n),
            "at_seconds": pa.array(at),
            "skew_seconds": pa.nulls(n, pa.float64()),
        }
    )


def _maps(names: tuple[str, ...], columns: list[pa.Array]) -> pa.Array:
    n, wide = len(columns[0]), len(names)
    order = np.arange(n * wide).reshape(wide, n).T.ravel()
    values = pa.concat_arrays(columns).take(pa.array(order))
    keys = words(names, np.tile(np.arange(wide), n))
    return pa.MapArray.from_arrays(pa.array(np.arange(n + 1, dtype=np.int32) * wide), keys, values)
