"""DuckDB for reports, with limits on memory and threads."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
from ibis.backends.duckdb import Backend

from nudge.lake.engine.query import connect_contents, translate_errors
from nudge.lake.files.errors import TooLargeError
from nudge.lake.files.reader import Contents, Lake


@dataclass(frozen=True)
class EngineLimits:
    """Limits on the memory and threads of one report.

    Attributes:
        memory: bytes; a larger query spills to disk. The process around it takes a few hundred
            million bytes more.
    """

    memory: int = 1_000_000_000
    threads: int = 2


@contextmanager
def engine(lake: Lake, limits: EngineLimits, spill: Path) -> Iterator[tuple[Backend, Contents]]:
    """Open a DuckDB over the lake's present contents, for one report.

    Args:
        lake: lake of the installation.
        limits: limits of the work.
        spill: directory for data that does not fit into memory; emptied after the report.

    Raises:
        BrokenLakeError: the manifests contradict each other, or a file cannot be read.
        TooLargeError: the report needs more than the limits allow.
    """
    contents = lake.contents()
    spill.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=spill) as directory, translate_errors():
        backend = connect_contents(contents)
        try:
            for name, value in (
                ("memory_limit", f"'{limits.memory}B'"),
                ("threads", limits.threads),
                ("temp_directory", f"'{directory}'"),
                ("preserve_insertion_order", "false"),
                ("enable_progress_bar", "false"),
            ):
                backend.raw_sql(f"SET {name} = {value}")
            yield backend, contents
        except duckdb.OutOfMemoryException as error:
            cure = "ask about a shorter period, or fewer dimensions"
            raise TooLargeError(
                f"the question needs more memory than it may use; {cure}"
            ) from error
        finally:
            backend.disconnect()
