"""Logs of decisions from a CSV or Parquet file, or from a lake."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from nudge.lake.evaluation.log_file import LogFile
from nudge.lake.intake.input_file import InputFile, open_input


def open_log(path: Path, slot: str | None = None, engine: str = "duckdb") -> LogFile:
    """Open a log: a CSV or Parquet file, or a lake's directory.

    Args:
        path: of the file or the directory; the first bytes tell the kind of a file.
        slot: whose decisions are wanted; a lake needs it, a file with a column `slot` is cut.
        engine: that reads a lake; see `query.connect`.

    Raises:
        InvalidConfigError: the log does not exist or cannot be read.
        BrokenLakeError: the lake's manifests contradict each other.
    """
    if path.is_dir():
        from nudge.lake.evaluation.log_lake import open_lake  # noqa: PLC0415 - duckdb and ibis, which a file does not need

        return open_lake(path, slot, engine)
    return file_log(open_input(path), slot)


def file_log(file: InputFile, slot: str | None = None) -> LogFile:
    """Return a file as a log of decisions.

    Args:
        file: of `open_input`.
        slot: whose decisions are wanted, where the file has a column `slot`.
    """
    log = LogFile(file.name, file.columns, file.rows, file.blocks, file.form, file.unit)
    if slot is None or "slot" not in log.columns:
        return log
    return log.filter("slot", lambda column: pc.equal(column.cast(pa.string()), slot))
