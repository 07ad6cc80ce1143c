"""DuckDB SQL for each table, over exactly the rows that its manifests claim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import pyarrow as pa

from nudge.lake.files.reader import Lake, Source
from nudge.lake.files.tables import SCHEMAS

_READ: Final = "hive_partitioning = true, hive_types = {'date': DATE}"
# It opens every file to plan a query, three times the work: only for files that may lack a column.
_BY_NAME: Final = f"{_READ}, union_by_name = true"
_TYPES: Final = {
    pa.string(): "VARCHAR",
    pa.bool_(): "BOOLEAN",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.uint64(): "UBIGINT",
    pa.float64(): "DOUBLE",
    pa.timestamp("us"): "TIMESTAMP",
    pa.list_(pa.string()): "VARCHAR[]",
    pa.list_(pa.float64()): "DOUBLE[]",
    pa.map_(pa.string(), pa.string()): "MAP(VARCHAR, VARCHAR)",
}


def sql_view(lake: Lake, table: str) -> str:
    """Build a SELECT of a table's present rows, with `date` as the last column.

    Files whose rows all count are read as they are; the others are cut to their ranges.

    Raises:
        BrokenLakeError: the manifests contradict each other.
    """
    return select(table, lake.tables()[table])


def select(table: str, sources: Sequence[Source]) -> str:
    """Build the SELECT of `sql_view` from sources that were read before."""
    # An empty row set first: it gives an empty lake, and a column that old files lack, its type.
    parts = [_empty(table)]
    for full in (True, False):
        read = _READ if full else _BY_NAME
        whole = [source for source in sources if source.whole and source.full == full]
        partial = [source for source in sources if not source.whole and source.full == full]
        parts += [_all(whole, read)] if whole else []
        parts += [_cut(partial, read)] if partial else []
    return "\nUNION ALL BY NAME\n".join(parts)


def watermarks(marks: Mapping[int, float]) -> str:
    """Build a SELECT of partition and watermark in seconds."""
    rows = "".join(f", ({partition}, {mark!r})" for partition, mark in marks.items())
    cast = 'partition::INTEGER AS "partition", watermark::DOUBLE AS watermark'
    values = f"(VALUES (NULL, NULL){rows}) v(partition, watermark)"
    return f"SELECT {cast} FROM {values} WHERE partition IS NOT NULL"  # noqa: S608  # numbers only


def _empty(table: str) -> str:
    columns = [f'NULL::{_TYPES[field.type]} AS "{field.name}"' for field in SCHEMAS[table]]
    return f"SELECT {', '.join(columns)}, NULL::DATE AS date WHERE false"


def _all(sources: Sequence[Source], how: str) -> str:
    return f"SELECT * FROM read_parquet({_paths(sources)}, {how})"  # noqa: S608  # quoted paths


def _cut(sources: Sequence[Source], how: str) -> str:
    ranges = [
        f"({_quoted(str(source.path))}, {of.partition}, {of.after}, {of.upto})"
        for source in sources
        for of in source.ranges
    ]
    read = f"read_parquet({_paths(sources)}, filename = true, {how}) t"
    claims = f"(VALUES {', '.join(ranges)}) r(file, p, behind, upto)"
    within = "t.partition = r.p AND t.position > r.behind AND t.position <= r.upto"
    on = f"t.filename = r.file AND {within}"
    return f"SELECT t.* EXCLUDE (filename) FROM {read} JOIN {claims} ON {on}"  # noqa: S608  # as above


def _paths(sources: Sequence[Source]) -> str:
    return "[" + ", ".join(_quoted(str(source.path)) for source in sources) + "]"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
