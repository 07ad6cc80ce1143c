"""Spark as the lake's engine, with the tables that DuckDB has, for the same Ibis expressions."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any, Final, cast

import ibis
import pyarrow as pa
from ibis.expr.types import Table

from nudge.lake.engine.spark_functions import DEFINITION
from nudge.lake.engine.spark_session import start_session
from nudge.lake.engine.undone import HIDDEN, TYPE
from nudge.lake.files.errors import BrokenLakeError
from nudge.lake.files.reader import Contents, Source
from nudge.lake.files.tables import SCHEMAS

LOCAL: Final = "local[*]"
NAME: Final = "spark"
KEPT: Final = "kept_"
"""Prefix of the names of cached rows."""


def master_of(engine: str) -> str | None:
    """Return the URL of the Spark master that a setting names, or None for DuckDB."""
    if engine == NAME:
        return LOCAL
    return None if engine == "duckdb" else engine


def connect(contents: Contents, master: str) -> Any:  # noqa: ANN401 - a backend of an optional library
    """Open an Ibis backend on Spark with the lake's tables as they were at one moment.

    Args:
        contents: snapshot of the lake.
        master: URL of Spark's, such as `spark://host:7077` or `local[*]`.

    Raises:
        EngineMissingError: Spark or Java is not installed.
        BrokenLakeError: a file cannot be read.
    """
    session = start_session(master)
    backend = ibis.pyspark.connect(session)
    with translate_errors():
        session.sql(DEFINITION)
        frames = {
            table: _view(session, contents.root, table, sources)
            for table, sources in contents.tables().items()
        }
        for table, frame in _without_undone(frames).items():
            frame.createOrReplaceTempView(table)
        marks = [(p, float(mark)) for p, mark in contents.watermarks().items()]
        kinds = "partition int, watermark double"
        session.createDataFrame(marks, kinds).createOrReplaceTempView("watermarks")
    return backend


def _without_undone(frames: dict[str, Any]) -> dict[str, Any]:
    """Return the tables without the rows of imports that were taken back, as `undone` has it."""
    marks, decisions = frames["marks"], frames["decisions"]
    names = ["`partition` p", "concat('import:', fields['import']) name", "fields['slot'] of"]
    found = marks.filter(f"type = '{TYPE}'").selectExpr(*names, "position upto")
    if found.isEmpty():
        return frames
    undone = found.groupBy("p", "name", "of").agg({"upto": "max"}).toDF("p", "name", "of", "upto")
    same = (decisions["partition"] == undone["p"]) & (decisions["source"] == undone["name"])
    before = (decisions["slot"] == undone["of"]) & (decisions["position"] < undone["upto"])
    ids = decisions.join(undone, same & before).select("decision_id")
    return {
        table: frame.join(ids, "decision_id", "left_anti") if table in HIDDEN else frame
        for table, frame in frames.items()
    }


def _view(session: Any, root: Path, table: str, sources: Sequence[Source]) -> Any:  # noqa: ANN401 - the same
    from pyspark.sql import functions as f  # noqa: PLC0415 - an extra

    schema = ", ".join(f"`{x.name}` {_kind(str(x.type))}" for x in SCHEMAS[table])
    parts = [session.createDataFrame([], f"{schema}, `date` date")]
    read = session.read.option("basePath", str(root / table))
    for full in (True, False):
        whole = [str(one.path) for one in sources if one.whole and one.full == full]
        if whole:
            # Without columns that none of them has: those are null, as in the empty rows' schema.
            parts.append(read.option("mergeSchema", str(not full).lower()).parquet(*whole))
    for source in (one for one in sources if not one.whole):
        inside = reduce(
            or_,
            [
                (f.col("partition") == of.partition)
                & (f.col("position") > of.after)
                & (f.col("position") <= of.upto)
                for of in source.ranges
            ],
        )
        parts.append(read.parquet(str(source.path)).filter(inside))
    return reduce(lambda one, other: one.unionByName(other, allowMissingColumns=True), parts)


def _kind(kind: str) -> str:
    """Return the name of the type that Spark reads from Parquet for an Arrow type."""
    names = {
        "int32": "int",
        "int64": "bigint",
        "uint64": "decimal(20,0)",
        "bool": "boolean",
        "timestamp[us]": "timestamp_ntz",
        "list<item: string>": "array<string>",
        "list<element: string>": "array<string>",
        "list<item: double>": "array<double>",
        "list<element: double>": "array<double>",
        "map<string, string>": "map<string,string>",
    }
    return names.get(kind, kind)


def rows_of(backend: Any, expression: Table) -> list[dict[str, Any]]:  # noqa: ANN401 - the same
    """Run an expression on Spark and return its rows as dictionaries.

    Raises:
        BrokenLakeError: a file is missing or unreadable.
    """
    found: list[dict[str, Any]] = arrow(backend, expression).to_pylist()
    return found


def arrow(backend: Any, expression: Table) -> pa.Table:  # noqa: ANN401 - the same
    """Run an expression on Spark without Ibis' detour over pandas, which changes types."""
    with translate_errors():
        return _frame(backend, expression).toArrow()


def register_rows(backend: Any, name: str, rows: pa.Table) -> Table:  # noqa: ANN401 - the same
    """Register an Arrow table with Spark as a view."""
    with translate_errors():
        backend._session.createDataFrame(rows).createOrReplaceTempView(name)  # noqa: SLF001 - the same
        return cast("Table", backend.table(name))


@contextmanager
def keep_rows(backend: Any, expression: Table) -> Iterator[Table]:  # noqa: ANN401 - the same
    """Cache an expression's rows while the context lasts, for several queries.

    Raises:
        BrokenLakeError: a file is missing or unreadable.
    """
    table = cache_table(backend, expression)
    try:
        yield table
    finally:
        forget(backend, table.get_name())


def cache_table(backend: Any, expression: Table) -> Table:  # noqa: ANN401 - the same
    """Cache an expression's rows from the first query on, until `forget`.

    Raises:
        BrokenLakeError: a file is missing or unreadable.
    """
    name = f"{KEPT}{secrets.token_hex(8)}"
    with translate_errors():
        _frame(backend, expression).cache().createOrReplaceTempView(name)
        return cast("Table", backend.table(name))


def forget(backend: Any, pattern: str = f"{KEPT}*") -> None:  # noqa: ANN401 - the same
    """Drop the cached rows of this connection whose names match a pattern.

    Raises:
        BrokenLakeError: Spark is gone.
    """
    session = backend._session  # noqa: SLF001 - Ibis has no other way to it
    with translate_errors():
        for view in session.sql(f"SHOW VIEWS LIKE '{pattern}'").collect():
            session.table(view.viewName).unpersist()
            session.catalog.dropTempView(view.viewName)


def _frame(backend: Any, expression: Table) -> Any:  # noqa: ANN401 - the same
    return backend._session.sql(backend.compile(expression))  # noqa: SLF001 - the same


@contextmanager
def translate_errors() -> Iterator[None]:
    """Turn Spark's errors into the lake's error.

    Raises:
        BrokenLakeError: Spark raised an error.
    """
    from py4j.protocol import Py4JError  # noqa: PLC0415 - comes with it
    from pyspark.errors import PySparkException  # noqa: PLC0415 - an extra

    try:
        yield
    except (PySparkException, Py4JError) as error:
        raise BrokenLakeError(f"Spark cannot read the lake: {error}") from error
