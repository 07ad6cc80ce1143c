"""Blocks of a CSV file read by Arrow at once, where each line is one row for sure.

Arrow is twenty times as fast as a loop, and does not fit all that people bring: it joins what
follows an unclosed quote, drops a byte of a line break in a quoted cell (apache/arrow#51368), takes
NUL, and stops at bytes that are not text. So its answer counts only where nothing of this can be.
"""

from __future__ import annotations

import csv as python_csv
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from bandits.arrays import IntArray
from nudge.lake.intake.bad_row import BadRow
from nudge.lake.intake.block import RowBlock
from nudge.lake.intake.csv_lines import QUOTE, width_problem
from nudge.lake.intake.text_lines import LONGEST

BREAK: Final = 10
"""The byte that ends a line."""
BLANK: Final = 32
OTHER_BLANKS: Final = tuple(one.encode() for one in "\u00a0\u3000")
"""Blanks that people write without seeing them, beside tabs."""
TEXT: Final = pa.string()


@dataclass(frozen=True)
class BlockReader:
    """A reader of blocks of whole lines.

    Attributes:
        columns: names of all columns, in the file's order.
        names: those that are wanted.
    """

    columns: Sequence[str]
    names: Sequence[str]
    delimiter: str

    def read(self, text: bytes, first: int) -> RowBlock | None:
        """Read a block; None where a line may be anything else than one row.

        Args:
            text: whole lines in UTF-8.
            first: number of the first line.
        """
        ends = np.flatnonzero(np.frombuffer(text, np.uint8) == BREAK)
        if not _plain(text, ends):
            return None
        blank = self._has_blanks(text)
        if blank and len(self.columns) == 1:
            return None  # a line of blanks is no row, and Arrow takes it for one
        skipped: dict[int, BadRow | None] = {}
        batch = self._parse(text, first, skipped)
        if batch is None or batch.num_rows + len(skipped) != len(ends):
            return None
        if QUOTE in text[-LONGEST - 1 :] and self._ends_open(text, ends):
            return None
        places = np.arange(len(ends), dtype=np.int64)
        lines = first + np.delete(places, list(skipped)) if skipped else first + places
        bad = tuple(one for _, one in sorted(skipped.items()) if one is not None)
        return RowBlock(_trimmed(batch) if blank else batch, lines, bad)

    def _parse(
        self, text: bytes, first: int, skipped: dict[int, BadRow | None]
    ) -> pa.RecordBatch | None:
        def skip(row: csv.InvalidRow) -> str:
            place = row.number - 1
            problem = width_problem(row.actual_columns, len(self.columns))
            skipped[place] = BadRow(first + place, problem) if row.text.strip() else None
            return "skip"

        read = csv.ReadOptions(
            use_threads=False, block_size=len(text) + 1, column_names=list(self.columns)
        )
        parse = csv.ParseOptions(
            delimiter=self.delimiter, newlines_in_values=True, invalid_row_handler=skip
        )
        convert = csv.ConvertOptions(
            include_columns=list(self.names),
            column_types=dict.fromkeys(self.names, TEXT),
            null_values=[""],
            strings_can_be_null=True,
        )
        try:
            table = csv.read_csv(pa.BufferReader(text), read, parse, convert)
        except pa.ArrowException:
            return None
        if not self.names:
            return pa.RecordBatch.from_struct_array(pa.nulls(table.num_rows, pa.struct([])))
        return table.combine_chunks().to_batches()[0] if table.num_rows else _empty(self.names)

    def _ends_open(self, text: bytes, ends: IntArray) -> bool:
        """Return whether the last line leaves a quote open: Arrow takes it for closed."""
        last = text[int(ends[-2]) + 1 if len(ends) > 1 else 0 : int(ends[-1])].decode()
        reader = python_csv.reader(iter((last.removesuffix("\r"), "")), delimiter=self.delimiter)
        try:
            next(reader)
        except python_csv.Error:
            return True
        return reader.line_num > 1

    def _has_blanks(self, text: bytes) -> bool:
        """Return whether a cell may begin or end with blanks."""
        if any(one in text for one in OTHER_BLANKS) or (self.delimiter != "\t" and b"\t" in text):
            return True
        if b" " not in text:
            return False
        raw = np.frombuffer(text, np.uint8)
        blanks = np.flatnonzero(raw == BLANK)
        edges = [ord(self.delimiter), *b'\r\n"']
        # The byte before the first one is the last one, which ends a line: an edge, too.
        return bool(np.isin(raw[blanks - 1], edges).any() or np.isin(raw[blanks + 1], edges).any())


def _plain(text: bytes, ends: IntArray) -> bool:
    """Return whether a block is text whose lines end as lines should."""
    if b"\0" in text or int(np.diff(ends, prepend=-1).max()) > LONGEST + 1:
        return False
    if b"\r" in text and text.count(b"\r") != text.count(b"\r\n"):
        return False
    try:
        return text.isascii() or bool(text.decode())
    except UnicodeDecodeError:
        return False


def _empty(names: Sequence[str]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([], TEXT) for _ in names], list(names))


def _trimmed(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return the cells without the blanks around them; a cell of blanks only is empty."""
    nothing, empty = pa.scalar(None, TEXT), pa.scalar("", TEXT)
    columns = [pc.utf8_trim_whitespace(column) for column in batch.columns]
    found = [pc.if_else(pc.equal(one, empty), nothing, one) for one in columns]
    return pa.RecordBatch.from_arrays(found, batch.schema.names) if found else batch
