"""Rows of a file, given one by one to whoever takes or refuses them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from nudge.lake.intake.bad_row import BadRow
from nudge.lake.intake.input_file import InputFile


def take_rows(
    source: InputFile,
    take: Callable[[Mapping[str, object]], str],
    refuse: Callable[[BadRow], None],
    columns: Sequence[str] | None = None,
) -> None:
    """Give each row of a file to a taker, and tell of each row that is refused.

    Args:
        source: CSV or Parquet.
        take: takes a row, or returns why it is refused.
        refuse: is told each row that is left out, by reader or taker.
        columns: that are read; all by default.

    Raises:
        InvalidConfigError: the disk fails.
    """
    for batch in source.batches(columns):
        for bad in batch.refused:
            refuse(bad)
        for line, row in zip(batch.lines, batch.rows, strict=True):
            problem = take(row)
            if problem:
                refuse(BadRow(line, problem))
