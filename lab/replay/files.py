"""Campaign logs on disk, CSV or Parquet, read row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from lab.replay.rows import Row

if TYPE_CHECKING:  # pyarrow, which a stand-in of this module need not have
    from nudge.lake.intake.bad_row import BadRow
    from nudge.lake.intake.input_file import InputFile


class NumberedRow(NamedTuple):
    """A row with its places.

    Attributes:
        number: of the row among all of its file, from 1, those included that cannot be read.
        line: as the file's reader counts, for messages.
    """

    number: int
    line: int
    row: Row


def iter_rows(
    log: InputFile, columns: Sequence[str], refuse: Callable[[BadRow], object]
) -> Iterator[NumberedRow]:
    """Yield the rows in the file's order.

    Args:
        log: of `open_input`.
        columns: that a row must have at least.
        refuse: called with each row, or run of rows, that cannot be read.

    Raises:
        InvalidConfigError: the disk fails.
    """
    number = 0
    for batch in log.batches([name for name in columns if name in log.columns]):
        bad = sorted(batch.refused, reverse=True)
        for line, row in zip(batch.lines, batch.rows, strict=True):
            while bad and bad[-1].line < line:
                number += bad[-1].rows
                refuse(bad.pop())
            number += 1
            yield NumberedRow(number, line, row)
        for one in reversed(bad):
            number += one.rows
            refuse(one)
