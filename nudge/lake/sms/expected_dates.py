"""Dates on which the lake's visitors were expected to recharge, as they were known at each time."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

import pyarrow as pa
from ibis.expr.types import Table

from nudge.domain.people.rhythm import Rhythm
from nudge.domain.sms.expected_spans import expected_spans
from nudge.lake.engine.dialects import register_rows
from nudge.lake.engine.query import Backend, answer
from nudge.lake.files.tables import FIRST, LAST, micros
from nudge.lake.reports.taken_back import drop_taken_back, with_roots

MOST_PEOPLE: Final = 100_000
"""People whose dates are looked at: of more, about so many are taken, always the same."""
_DIGITS: Final = 4
"""Last digits of a subject, by which people are sampled: subjects are random."""
_COLUMNS: Final = ("root", "since", "until", "expected")


def sample_people(backend: Backend, rows: Table, most: int = MOST_PEOPLE) -> tuple[Table, bool]:
    """Return the rows of about so many people, and whether they are a part.

    Args:
        backend: from `connect`.
        rows: with `root`.
        most: people.
    """
    (found,) = answer(backend, rows.aggregate(people=rows.root.nunique()))
    if found["people"] <= most:
        return rows, False
    bound = f"{most * 16**_DIGITS // found['people']:0{_DIGITS}x}"
    return rows.filter(rows.root.right(_DIGITS) < bound), True


def with_expected(backend: Backend, rows: Table, rhythm: Rhythm | None) -> Table:
    """Add `expected`, the date that was expected when a row happened; null where none was.

    Args:
        backend: from `connect`.
        rows: with `root` and `seconds`, when each happened.
        rhythm: of the crowd; None where none is known.

    Raises:
        BrokenLakeError: the lake cannot be read.
    """
    spans = register_rows(backend, "sms_spans", _spans(backend, rows, rhythm))
    same = [rows.root == spans.root, rows.seconds >= spans.since, rows.seconds < spans.until]
    both = rows.left_join(spans, same)
    return both.select(*rows.columns, expected=both.expected)


def _spans(backend: Backend, rows: Table, rhythm: Rhythm | None) -> pa.Table:
    found: dict[str, list[object]] = {name: [] for name in _COLUMNS}
    for root, times in _payments(backend, rows).items():
        for span in expected_spans(times, rhythm):
            values = (root, span.since, min(span.until, LAST), _bounded(span.expected_at))
            for name, value in zip(_COLUMNS, values, strict=True):
                found[name].append(value)
    kinds = (pa.string(), pa.float64(), pa.float64(), pa.timestamp("us"))
    arrays = [pa.array(found[name], kind) for name, kind in zip(_COLUMNS, kinds, strict=True)]
    return pa.table(arrays, names=list(_COLUMNS))


def _bounded(seconds: float) -> int:
    return micros(min(max(seconds, FIRST), LAST))


def _payments(backend: Backend, rows: Table) -> dict[str, list[float]]:
    """Return the times of the payments of the rows' people, as servers reported them."""
    paid = drop_taken_back(backend, backend.table("events"))
    paid = paid.filter(paid.type == "paid", paid.source == "server")
    whole = with_roots(backend, paid.select("subject", seconds=paid.at_seconds), "sms_payers")
    mine = whole.filter(whole.root.isin(rows.root)).select("root", "seconds")
    found: defaultdict[str, list[float]] = defaultdict(list)
    for row in answer(backend, mine.order_by("root", "seconds")):
        found[row["root"]].append(row["seconds"])
    return found
