"""Choice of the engine that the settings name: DuckDB with limits, or Spark."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from nudge.lake.engine import spark
from nudge.lake.engine.engine import EngineLimits, engine
from nudge.lake.engine.query import DUCKDB, Backend, connect_contents
from nudge.lake.files.reader import Contents, Lake

DEFAULT: Final = EngineLimits()


@contextmanager
def named_engine(
    lake: Lake, name: str, spill: Path, limits: EngineLimits = DEFAULT
) -> Iterator[tuple[Backend, Contents]]:
    """Open the engine that a setting names over the lake's present contents, for one report.

    Args:
        lake: lake of the installation.
        name: engine, as `connect` takes it.
        spill: directory for data that does not fit into DuckDB's memory; Spark has its own.
        limits: of DuckDB.

    Raises:
        BrokenLakeError: the manifests contradict each other, or a file cannot be read.
        EngineMissingError: the engine is not installed.
        TooLargeError: the report needs more than the limits allow.
    """
    if name == DUCKDB:
        with engine(lake, limits, spill) as found:
            yield found
    else:
        contents = lake.contents()
        backend = connect_contents(contents, name)
        try:
            yield backend, contents
        finally:
            spark.forget(backend)
