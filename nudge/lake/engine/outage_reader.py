"""The reader of quarantines: from the lake's marks, on DuckDB and on Spark."""

from __future__ import annotations

from nudge.domain.alarms.quarantine import TYPE, Quarantine
from nudge.lake.engine.outages import parse_quarantines
from nudge.lake.engine.query import Backend, answer


def read_quarantines(backend: Backend) -> tuple[Quarantine, ...]:
    """Return the quarantines in force as the lake's marks tell them, in the order of their ids.

    Args:
        backend: from `connect`.

    Raises:
        BrokenLakeError: the lake cannot be read.
    """
    marks = backend.table("marks")
    rows = answer(backend, marks.filter(marks.type == TYPE).select("fields_json"))
    return parse_quarantines(str(row["fields_json"]) for row in rows)
