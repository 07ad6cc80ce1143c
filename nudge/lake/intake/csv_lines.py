"""Lines of a CSV file read one by one: what the fast way does not take for sure.

A quoted cell may go on in the next lines. Whether it does, or its quote was forgotten, is decided
by reading on strictly: if the row is none in the end, its first line alone is bad, and reading goes
on with the second. So a forgotten quote costs its line and swallows nothing.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from nudge.lake.intake.bad_row import BadRow
from nudge.lake.intake.text_lines import LONGEST

MOST_LINES: Final = 1_000
"""Most lines of one row."""
QUOTE: Final = b'"'
TOO_LONG: Final = f"has more than {LONGEST:,} bytes; shorten it"
NOT_TEXT: Final = "has bytes that are not text in the file's encoding; save the file as UTF-8"
NUL: Final = "has a NUL character; remove it"
OPEN: Final = "opens a quote that is not closed as it should; double the quotes inside of a cell"
RETURN: Final = "has a carriage return inside of it; quote the cell"

Cells = list[str | None]


class _LineError(ValueError):
    """A line that is none of a CSV file; the text is the problem."""


@dataclass
class LineRows:
    """The rows of some lines.

    Attributes:
        cells: (n, width) of the rows, None where empty.
        lines: (n,) number of each row's first line.
        bad: lines that are no rows.
        used: number of lines that were read; what follows needs more lines to be told.
    """

    cells: list[Cells] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    used: int = 0


@dataclass(frozen=True)
class LineReader:
    """A reader of a CSV file's lines.

    Attributes:
        width: cells of a row; None takes any number.
    """

    delimiter: str
    width: int | None = None

    def read(self, lines: Sequence[bytes], first: int, *, final: bool) -> LineRows:
        """Read lines.

        Args:
            lines: in UTF-8, without their line breaks.
            first: number of the first one.
            final: nothing follows in the file.
        """
        found = LineRows()
        while found.used < len(lines):
            number = first + found.used
            try:
                step = self._row(lines, found.used, final=final)
            except _LineError as error:
                found.bad.append(BadRow(number, str(error)))
                found.used += 1
                continue
            if step is None:
                break
            cells, count = step
            if cells:
                found.cells.append(cells)
                found.lines.append(number)
            found.used += count
        return found

    def _row(self, lines: Sequence[bytes], at: int, *, final: bool) -> tuple[Cells, int] | None:
        """Return a row's cells and number of lines; no cells for an empty line."""
        text = _text(lines[at])
        if not text.strip() or text.isspace():
            return [], 1
        if QUOTE not in lines[at] and "\r" not in text:
            return self._checked(text.split(self.delimiter)), 1
        reader = csv.reader(iter((text, "")), delimiter=self.delimiter)
        try:
            cells = next(reader)
        except csv.Error as error:
            raise _LineError(RETURN) from error
        if reader.line_num == 1:
            return self._checked(cells), 1
        return self._several(lines, at, final=final)

    def _several(self, lines: Sequence[bytes], at: int, *, final: bool) -> tuple[Cells, int] | None:
        """Return a row of several lines; None where lines are lacking that may close its quote."""
        feed = _Feed(lines, at)
        reader = csv.reader(feed, delimiter=self.delimiter, strict=True)
        try:
            cells = next(reader)
        except csv.Error as error:
            if feed.ended and not final:
                return None
            raise _LineError(OPEN) from error
        return self._checked(cells), reader.line_num

    def _checked(self, cells: list[str]) -> Cells:
        if self.width is not None and len(cells) != self.width:
            raise _LineError(width_problem(len(cells), self.width))
        return [cell.strip() or None for cell in cells]


class _Feed:
    """The lines of a row that may have several, up to the limits of a row."""

    def __init__(self, lines: Sequence[bytes], at: int) -> None:
        self._lines = iter(self._texts(islice(lines, at, at + MOST_LINES)))
        self._left = len(lines) - at
        self.ended = False
        """All lines were taken, and the limits allow for more."""

    def __iter__(self) -> Iterator[str]:
        return self._lines

    def _texts(self, lines: Iterator[bytes]) -> Iterator[str]:
        size = count = 0
        for raw in lines:
            size, count = size + len(raw), count + 1
            if size > LONGEST:
                return
            try:
                yield _text(raw) + "\n"
            except _LineError:
                return
        self.ended = count == self._left and count < MOST_LINES


def width_problem(cells: int, width: int) -> str:
    """Return the problem of a row that is wider or narrower than the header."""
    return f"has {cells} cells, the header has {width}; make them agree, or quote the cells"


def _text(raw: bytes) -> str:
    """Return a line's text.

    Raises:
        _LineError: it is too long, or no text.
    """
    if len(raw) > LONGEST:
        raise _LineError(TOO_LONG)
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise _LineError(NOT_TEXT) from error
    if "\0" in text:
        raise _LineError(NUL)
    return text.removesuffix("\r")
