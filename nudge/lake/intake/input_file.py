"""Files that people bring, opened by one door: what they hold, in which form, row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pyarrow as pa

from nudge.errors import InvalidConfigError
from nudge.lake.intake.block import RowBatch, RowBlock
from nudge.lake.intake.csv_file import CsvFile
from nudge.lake.intake.csv_form import csv_form
from nudge.lake.intake.parquet_file import MAGIC, open_parquet

SUFFIXES: Final = (".parquet", ".pq")
"""Ends of names that promise a Parquet file."""


@dataclass(frozen=True)
class InputFile:
    """A file of rows that can be read again and again.

    Attributes:
        name: for messages.
        columns: names, trimmed; no two are the same.
        rows: number of rows, for progress; of a CSV file, about.
        form: in words: "CSV, GB18030, separated by semicolon".
        unit: what the numbers of its rows count: "line" or "row".
        blocks: reads the rows with these columns, as columns.
        types: of a Parquet file's columns.
    """

    name: str
    columns: tuple[str, ...]
    rows: int
    form: str
    unit: str
    blocks: Callable[[Sequence[str]], Iterator[RowBlock]]
    types: dict[str, pa.DataType] = field(default_factory=dict)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[RowBatch]:
        """Yield the rows with these columns, all where None, and the rows that are refused.

        Raises:
            InvalidConfigError: the disk fails.
        """
        for block in self.blocks(self.columns if columns is None else columns):
            yield block.row_batch()

    def check_ids(self, *names: str) -> None:
        """Check that columns can hold ids, as far as they are there.

        Raises:
            InvalidConfigError: a column's type cannot be an id.
        """
        problems = [
            f"{self.name}: column {name!r} holds {str(self.types[name])[:60]}; "
            "write ids as text or as whole numbers"
            for name in names
            if name in self.types and not _can_be_id(self.types[name])
        ]
        if problems:
            raise InvalidConfigError(problems)


def open_input(path: Path, encoding: str | None = None, delimiter: str | None = None) -> InputFile:
    """Open a CSV or Parquet file; its first bytes tell which it is.

    Args:
        path: of the file.
        encoding: of a CSV file, a key of `encodings.SHOWN`; recognised where None.
        delimiter: of a CSV file, one character; recognised where None.

    Raises:
        InvalidConfigError: the file cannot be read, or its columns cannot be told apart; with the
            cure.
    """
    with readable_file(path):
        if not path.is_file():
            what = "is a directory or a device" if path.exists() else "does not exist"
            raise InvalidConfigError([f"{path}: {what}; give a CSV or Parquet file"])
        with path.open("rb") as file:
            parquet = file.read(len(MAGIC)) == MAGIC
        if not parquet:
            return _csv_input(path, encoding, delimiter)
    found = open_parquet(path)
    columns = tuple(found.names)
    return InputFile(
        *(str(path), columns, sum(found.groups), "Parquet", "row"),
        found.blocks,
        dict(found.types),
    )


def _csv_input(path: Path, encoding: str | None, delimiter: str | None) -> InputFile:
    if path.suffix in SUFFIXES and encoding is None and delimiter is None:
        text = "cannot be read as Parquet, which its name says it is; write or name it again"
        raise InvalidConfigError([f"{path}: {text}"])
    form = csv_form(path, encoding, delimiter)

    def blocks(names: Sequence[str]) -> Iterator[RowBlock]:
        with readable_file(path):
            yield from CsvFile(form).blocks(names)

    rows = max(0, form.lines - form.header)
    return InputFile(str(path), form.columns, rows, form.told, "line", blocks)


@contextmanager
def readable_file(path: Path) -> Iterator[None]:
    """Translate errors of the disk into a line with the cure.

    Raises:
        InvalidConfigError: the file cannot be read.
    """
    try:
        yield
    except OSError as error:
        text = f"cannot be read ({error.strerror or 'the disk fails'}); check the file"
        raise InvalidConfigError([f"{path}: {text}"]) from error


def _can_be_id(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _can_be_id(kind.value_type)
    types = pa.types
    text = (types.is_string, types.is_large_string, types.is_string_view)
    number = (types.is_integer, types.is_floating, types.is_decimal)
    return any(holds(kind) for holds in (*text, *number))
