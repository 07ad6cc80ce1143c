"""Campaign logs on disk, CSV or Parquet, read row by row."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.replay.rows import Row
from nudge.errors import InvalidConfigError

PARQUET = (".parquet", ".pq")


@dataclass(frozen=True)
class CampaignLog:
    """A campaign log with its columns and length.

    Attributes:
        rows: number of rows.
    """

    path: Path
    columns: tuple[str, ...]
    rows: int


def open_log(path: Path) -> CampaignLog:
    """Open a log, and find its columns and length.

    Raises:
        InvalidConfigError: the file does not exist, or cannot be read.
    """
    if not path.is_file():
        raise InvalidConfigError([f"{path}: no such file; give a campaign log, CSV or Parquet"])
    if path.suffix in PARQUET:
        from nudge.lake.files.rows import parquet_columns, parquet_length  # noqa: PLC0415 - pyarrow is slow

        return CampaignLog(path, tuple(parquet_columns(path)), parquet_length(path))
    lines = _lines(path)
    header = next(lines, None)
    if header is None:
        raise InvalidConfigError([f"{path}: is empty; write the names of the columns first"])
    return CampaignLog(path, tuple(header), sum(1 for _ in lines))


def iter_rows(log: CampaignLog, columns: Sequence[str]) -> Iterator[Row]:
    """Yield the rows in the file's order.

    Args:
        log: log from `open_log`.
        columns: columns that a row must have at least.

    Raises:
        InvalidConfigError: the file is damaged; it names the line.
    """
    if log.path.suffix in PARQUET:
        from nudge.lake.files.rows import iter_parquet  # noqa: PLC0415 - pyarrow is slow to load

        yield from iter_parquet(log.path, [name for name in columns if name in log.columns])
        return
    lines = _lines(log.path)
    next(lines)
    for line in lines:
        yield dict(zip(log.columns, line, strict=True))


def _lines(path: Path) -> Iterator[list[str]]:
    """Yield the header, then the rows; empty lines are skipped.

    Raises:
        InvalidConfigError: the file is damaged; it names the line.
    """
    at, width = 0, 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:  # some editors begin with a mark
            lines = csv.reader(file)
            for line in filter(None, lines):
                at, width = lines.line_num, width or len(line)
                if len(line) != width:
                    wrong = f"has {len(line)} fields, the header {width}"
                    raise InvalidConfigError([f"{path}: line {at}: {wrong}; make them agree"])
                yield line
    except (OSError, csv.Error, UnicodeDecodeError) as error:
        text = f"{path}: behind line {at}: cannot be read ({error}); save it as CSV in UTF-8"
        raise InvalidConfigError([text]) from error
