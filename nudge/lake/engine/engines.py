"""The engine that the settings name: DuckDB within the limits of a report, or Spark."""

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
    """An engine over the lake as it is now, for one report.

    Args:
        lake: of the installation.
        name: see `connect`.
        spill: directory for what does not fit into DuckDB's memory; Spark has its own.
        limits: of DuckDB.

    Raises:
        BrokenLakeError: the manifests contradict each other, or a file cannot be read.
        EngineMissingError: the engine is not installed.
        TooLargeError: the limits do not suffice.
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
