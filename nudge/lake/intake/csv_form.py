"""The form of a CSV file: encoding, separator and header, recognised or named by the user."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nudge.errors import InvalidConfigError
from nudge.lake.intake.csv_lines import LineReader
from nudge.lake.intake.encodings import BLOCK, SHOWN, EncodingVote, marked_encoding
from nudge.lake.intake.header import header_problems
from nudge.lake.intake.text_lines import TextFile

DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
"""Separators that are recognised, the likeliest first."""
SAMPLE: Final = 50
"""Lines by which the separator is recognised."""
HEAD: Final = 4096
FOREIGN: Final = (
    (b"PK\x03\x04", "is an Excel workbook or a ZIP archive; save it as CSV UTF-8"),
    (b"\xd0\xcf\x11\xe0", "is an old Excel workbook; save it as CSV UTF-8"),
    (b"\x1f\x8b", "is compressed; unpack it"),
    (b"\x28\xb5\x2f\xfd", "is compressed; unpack it"),
    (b"%PDF", "is a PDF document; give a CSV or Parquet file"),
)
"""First bytes of files that are neither CSV nor Parquet, with the cure."""
NO_MARK: Final = "looks like UTF-16 without a mark; name it with --encoding utf-16-le (or -be)"
NO_HEADER: Final = "is empty; the first line has to name the columns"


@dataclass(frozen=True)
class CsvForm:
    """The form of a CSV file.

    Attributes:
        text: the file with its encoding.
        columns: names, trimmed.
        header: lines up to the first row's.
        lines: of the whole file, about.
    """

    text: TextFile
    delimiter: str
    columns: tuple[str, ...]
    header: int
    lines: int

    @property
    def told(self) -> str:
        """The form in words."""
        separator = DELIMITERS.get(self.delimiter, repr(self.delimiter))
        return f"CSV, {SHOWN[self.text.encoding]}, separated by {separator}"


def csv_form(path: Path, encoding: str | None = None, delimiter: str | None = None) -> CsvForm:
    """Recognise a CSV file's form.

    Args:
        path: of the file.
        encoding: a key of `SHOWN`, where the user named one.
        delimiter: one character, where the user named one.

    Raises:
        InvalidConfigError: it is no CSV file, or has no header of use; with the cure.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    _check_head(path, head, forced=encoding is not None)
    found, mark = marked_encoding(head, encoding)
    lines, voted = _survey(path, vote=found is None)
    returns = b"\r" in head and not lines
    text = TextFile(path, found or voted, mark, returns)
    first = next(text.blocks(), b"").split(b"\n")
    skipped, told = _separator_line(first)
    chosen = delimiter or told or _delimiter(first[skipped : skipped + SAMPLE])
    columns, used = _header(path, first[skipped:-1], chosen, skipped + 1)
    return CsvForm(text, chosen, columns, skipped + used, max(lines, 1))


def _check_head(path: Path, head: bytes, *, forced: bool) -> None:
    problem = next((told for magic, told in FOREIGN if head.startswith(magic)), None)
    if not forced and problem is None and marked_encoding(head)[0] is None and b"\0" in head:
        nulls = max(head[::2].count(0), head[1::2].count(0))
        problem = NO_MARK if 8 * nulls > len(head) else None
    if problem:
        raise InvalidConfigError([f"{path}: {problem}"])


def _survey(path: Path, *, vote: bool) -> tuple[int, str]:
    """Count the file's line breaks, and let its lines vote about the encoding."""
    votes, lines = EncodingVote(), 0
    with path.open("rb") as file:
        for block in iter(lambda: file.read(BLOCK), b""):
            lines += block.count(b"\n")
            if vote:
                votes.add(block)
    return lines, votes.winner()


def _separator_line(lines: Sequence[bytes]) -> tuple[int, str | None]:
    """Return 1 and the separator where the first line is one for Excel: `sep=;`."""
    first = lines[0].strip(b'\r" ') if lines else b""
    if first[:4].lower() == b"sep=" and len(first) in (4, 5):
        return 1, (first[4:] or b"\t").decode("ascii", "replace")
    return 0, None


def _delimiter(lines: Sequence[bytes]) -> str:
    """Return the separator by which most lines have as many cells as the first."""
    texts = [line.decode("utf-8", "replace").rstrip("\r") for line in lines]
    texts = [text for text in texts if text.strip()]
    scores = {one: _score(texts, one) for one in DELIMITERS}
    best = max(scores, key=lambda one: scores[one])
    return best if scores[best][0] else ","


def _score(texts: Sequence[str], delimiter: str) -> tuple[int, int]:
    widths = list(_widths(texts, delimiter))
    if not widths or widths[0] < 2:  # noqa: PLR2004 - one cell has no separator
        return 0, 0
    return sum(1 for width in widths if width == widths[0]), widths[0]


def _widths(texts: Sequence[str], delimiter: str) -> Iterator[int]:
    for text in texts:
        try:
            yield len(next(csv.reader([text], delimiter=delimiter)))
        except (csv.Error, StopIteration):
            yield 0


def _header(
    path: Path, lines: Sequence[bytes], delimiter: str, first: int
) -> tuple[tuple[str, ...], int]:
    """Return the columns, and the lines up to the first row's."""
    blank = next((n for n, line in enumerate(lines) if line.strip()), len(lines))
    if blank == len(lines):
        raise InvalidConfigError([f"{path}: {NO_HEADER}"])
    reader = LineReader(delimiter)
    for count in range(blank + 1, min(len(lines), blank + SAMPLE) + 1):
        found = reader.read(lines[blank:count], first + blank, final=count == len(lines))
        if found.bad:
            problem = f"line {found.bad[0].line}, the header, {found.bad[0].problem}"
            raise InvalidConfigError([f"{path}: {problem}"])
        if found.cells:
            columns = tuple((cell or "").strip("\ufeff") for cell in found.cells[0])
            problems = header_problems(columns)
            if problems:
                raise InvalidConfigError([f"{path}: {one}" for one in problems])
            return columns, count
    raise InvalidConfigError([f"{path}: {NO_HEADER}"])
