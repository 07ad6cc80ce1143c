"""Checks that `nudge verify` makes of the lake: positions are dense, and each id occurs once."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import ibis
from ibis.backends.duckdb import Backend

from bandits.units import DAY
from nudge.domain.journal.records import Mark
from nudge.domain.values.instants import EARLIEST
from nudge.lake.engine.query import answer, upto
from nudge.lake.files.tables import SCHEMAS

EXAMPLES: Final = 10
"""Most repeated ids that are listed for each table."""
UNIQUE: Final[Mapping[str, str]] = {
    "decisions": "decision_id",
    "exposures": "decision_id",
    "rewards": "reward_id",
}
"""Table -> the column whose values are unique."""


@dataclass(frozen=True)
class PositionSpan:
    """Positions of a partition that have a row in some table, counted.

    Attributes:
        positions: number of different positions; fewer than `rows` where rows share one.
        first: lowest position.
        last: highest position.
    """

    rows: int
    positions: int
    first: int
    last: int


EMPTY: Final = PositionSpan(0, 0, 0, 0)


@dataclass(frozen=True)
class RepeatedId:
    """An id that occurs in more than one row of a table.

    Attributes:
        id: value of the table's unique column.
        rows: number of rows with it.
    """

    table: str
    id: str
    rows: int


def position_spans(backend: Backend, last: Mapping[int, int]) -> dict[int, PositionSpan]:
    """Return, for each partition, the span of positions that the five tables hold together.

    Args:
        backend: from `connect`.
        last: partition -> last position to look at.

    Raises:
        BrokenLakeError: a file is missing or unreadable.
    """
    places = [upto(backend.table(name), last)["partition", "position"] for name in SCHEMAS]
    rows = ibis.union(*places)
    counted = rows.group_by("partition").aggregate(
        rows=rows.count(),
        positions=rows.position.nunique(),
        first=rows.position.min(),
        last=rows.position.max(),
    )
    return {row.pop("partition"): PositionSpan(**row) for row in answer(backend, counted)}


def count_rows(backend: Backend, last: Mapping[int, int]) -> dict[int, Counter[str]]:
    """Count the rows of each partition and table.

    Args:
        backend: from `connect`.
        last: partition -> last position to look at.

    Raises:
        BrokenLakeError: a file is missing or unreadable.
    """
    tables = [
        upto(backend.table(name), last).select("partition", table=ibis.literal(name))
        for name in SCHEMAS
    ]
    rows = ibis.union(*tables)
    found: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for row in answer(backend, rows.group_by("partition", "table").aggregate(rows=rows.count())):
        found[row["partition"]][row["table"]] = row["rows"]
    return found


def find_repeated_ids(backend: Backend, last: Mapping[int, int]) -> list[RepeatedId]:
    """Find ids that occur more than once, at most `EXAMPLES` a table.

    Args:
        backend: from `connect`.
        last: partition -> last position to look at.

    Raises:
        BrokenLakeError: a file is missing or unreadable.
    """
    return [one for table in UNIQUE for one in _repeated(backend, table, last)]


def marks(backend: Backend, kind: str, last: Mapping[int, int]) -> Iterator[tuple[int, Mark]]:
    """Yield the marks of a type, each with its partition.

    Args:
        backend: from `connect`.
        kind: type of the marks.
        last: partition -> last position to look at.

    Raises:
        BrokenLakeError: a file is missing or unreadable.
    """
    rows = upto(backend.table("marks"), last)
    for row in answer(backend, rows.filter(rows.type == kind).select("partition", "fields_json")):
        yield row["partition"], Mark(kind, json.loads(row["fields_json"]))


def count_odd_times(backend: Backend) -> list[tuple[int, str, int]]:
    """Count exposures before 2000 or a day ahead of their record: partition, slot, number.

    Raises:
        BrokenLakeError: a file is missing or unreadable.
    """
    shown = backend.table("exposures")
    ahead = shown.at_seconds > shown.logged_at.epoch_seconds() + DAY
    odd = shown.filter((shown.at_seconds < EARLIEST) | ahead)
    counted = odd.group_by("partition", "slot").aggregate(rows=odd.count())
    found = answer(backend, counted.order_by("partition", "slot"))
    return [(row["partition"], row["slot"], row["rows"]) for row in found]


def _repeated(backend: Backend, table: str, last: Mapping[int, int]) -> list[RepeatedId]:
    rows = upto(backend.table(table), last)
    counted = rows.group_by(id=rows[UNIQUE[table]]).aggregate(rows=rows.count())
    found = counted.filter(counted.rows > 1).order_by("id").limit(EXAMPLES)
    return [RepeatedId(table, row["id"], row["rows"]) for row in answer(backend, found)]
