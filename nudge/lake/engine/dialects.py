"""Operations that DuckDB and Spark spell differently; all else is one Ibis expression for both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, cast

import ibis
import pyarrow as pa
from ibis.expr.types import Column, IntegerColumn, IntegerScalar, Table

from nudge.lake.engine import spark, spark_functions
from nudge.lake.engine.query import DUCKDB, Backend, is_spark, keep_rows, translate_errors

ANY: Final = "any_rows_of_a_compiled_query"
"""Name that stands for the table in the text of a `CompiledQuery`."""
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


@dataclass(frozen=True)
class CompiledQuery:
    """A query over a table `ANY`, compiled for DuckDB once and run over tables of other names.

    Attributes:
        text: SQL.
        schema: of the rows that it returns.
    """

    text: str
    schema: pa.Schema

    @classmethod
    def of(cls, expression: Table) -> CompiledQuery:
        """Compile an expression over a table of the name `ANY`."""
        return cls(str(ibis.to_sql(expression, dialect=DUCKDB)), expression.schema().to_pyarrow())

    def run(self, backend: Backend, table: str) -> pa.Table:
        """Run the query over a table of an engine.

        Raises:
            BrokenLakeError: the lake cannot be read.
        """
        with translate_errors():
            found = backend.con.sql(self.text.replace(ANY, table)).to_arrow_table()
        return found.cast(self.schema)


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
