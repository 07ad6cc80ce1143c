"""What `nudge verify` asks the lake: are its positions dense, and are ids there once."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import ibis
from ibis.backends.duckdb import Backend

from nudge.domain.journal.records import Mark
from nudge.lake.engine.query import answer, upto
from nudge.lake.files.tables import SCHEMAS

EXAMPLES: Final = 10
"""Most repetitions that are named for each table."""
UNIQUE: Final[Mapping[str, str]] = {
    "decisions": "decision_id",
    "exposures": "decision_id",
    "rewards": "reward_id",
}
"""Table -> what no two of its rows have in common."""


@dataclass(frozen=True)
class PositionSpan:
    """The positions of a partition that have a row in some table.

    Attributes:
        rows: how many rows.
        positions: how many different positions.
        first: the lowest.
        last: the highest.
    """

    rows: int
    positions: int
    first: int
    last: int


EMPTY: Final = PositionSpan(0, 0, 0, 0)


@dataclass(frozen=True)
class RepeatedId:
    """An id that more than one row has.

    Attributes:
        table: of the rows.
        id: value of the table's unique column.
        rows: how many.
    """

    table: str
    id: str
    rows: int


def position_spans(backend: Backend, last: Mapping[int, int]) -> dict[int, PositionSpan]:
    """Partition -> the positions that the five tables hold together.

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
    """Partition -> table -> how many rows.

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


def repeated_ids(backend: Backend, last: Mapping[int, int]) -> list[RepeatedId]:
    """Ids that are there more than once, a few of each table.

    Args:
        backend: from `connect`.
        last: partition -> last position to look at.

    Raises:
        BrokenLakeError: a file is missing or unreadable.
    """
    return [one for table in UNIQUE for one in _repeated(backend, table, last)]


def marks(backend: Backend, kind: str, last: Mapping[int, int]) -> Iterator[tuple[int, Mark]]:
    """The marks of a type, each with its partition.

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


def _repeated(backend: Backend, table: str, last: Mapping[int, int]) -> list[RepeatedId]:
    rows = upto(backend.table(table), last)
    counted = rows.group_by(id=rows[UNIQUE[table]]).aggregate(rows=rows.count())
    found = counted.filter(counted.rows > 1).order_by("id").limit(EXAMPLES)
    return [RepeatedId(table, row["id"], row["rows"]) for row in answer(backend, found)]
