"""Operations that DuckDB and Spark spell differently; all else is one Ibis expression for both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, cast

import ibis
import pyarrow as pa
from ibis.expr.types import Column, IntegerColumn, IntegerScalar, Table

from nudge.lake.engine import spark, spark_functions
from nudge.lake.engine.query import Backend, is_spark, keep_rows, translate_errors

PART: Final = 1_000_000
"""Approximate number of rows that Spark hands over at once."""


def arrow(backend: Backend, expression: Table) -> pa.Table:
    """Run an expression and return its rows as an Arrow table.

    Raises:
        BrokenLakeError: the lake cannot be read.
    """
    if is_spark(backend):
        return spark.arrow(backend, expression)
    with translate_errors():
        return backend.to_pyarrow(expression)


def batches(
    backend: Backend, rows: Table, names: Sequence[str], size: int
) -> Iterator[pa.RecordBatch]:
    """Yield columns of the joined form in batches, so that only a part of the rows is in memory.

    Args:
        backend: from `connect`.
        rows: the joined form, with `decision_id`.
        names: columns to read.
        size: most rows of a batch.

    Raises:
        BrokenLakeError: the lake cannot be read.
    """
    if is_spark(backend):
        yield from _parts(backend, rows, names, size)
        return
    with translate_errors():
        # Not `to_pyarrow_batches`: Ibis 12 asks for what DuckDB 2 has under another name.
        query = backend.con.sql(backend.compile(rows.select(*names)))
        yield from query.to_arrow_reader(size)


def _parts(
    backend: Backend, rows: Table, names: Sequence[str], size: int
) -> Iterator[pa.RecordBatch]:
    # Spark has no reader of batches: the rows are kept and asked for in parts.
    place = spark_functions.hash_values(rows.decision_id)
    with keep_rows(backend, rows.select(*names, part_of_log=place)) as whole:
        (count,) = spark.arrow(backend, whole.aggregate(rows=whole.count()))["rows"].to_pylist()
        parts = 1 << (count // PART).bit_length()
        for number in range(parts):
            part = whole.filter((whole.part_of_log & (parts - 1)) == number)
            yield from spark.arrow(backend, part.select(*names)).to_batches(size)


def register_rows(backend: Backend, name: str, rows: pa.Table) -> Table:
    """Register an Arrow table with the engine, so that queries can use it by name."""
    if is_spark(backend):
        return spark.register_rows(backend, name, rows)
    # Not `create_table`: Ibis 12 drops its own view of the rows with words that DuckDB 2 lacks.
    backend.con.register(name, rows)
    return cast("Table", backend.table(name))


def hash_values(backend: Backend, value: Column) -> IntegerColumn:
    """Return a 64-bit hash of a column; its values differ between engines."""
    return spark_functions.hash_values(value) if is_spark(backend) else value.hash()


def hash_subject(backend: Backend, subject: Column) -> IntegerColumn:
    """Return the 64-bit hash of a subject, equal in every engine: groups and splits rest on it."""
    return spark_functions.hash_subject(subject) if is_spark(backend) else subject.hash()


def combine_bits(backend: Backend, places: IntegerColumn) -> IntegerScalar:
    """Aggregate places (each below 63) to one number that has the bit of each place that occurs."""
    if is_spark(backend):
        return spark_functions.combine_bits(places)
    return cast("IntegerColumn", ibis.literal(1, "int64") << places).bit_or()
