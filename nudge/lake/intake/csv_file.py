"""CSV files as blocks of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from nudge.lake.intake.block import RowBlock
from nudge.lake.intake.csv_blocks import TEXT, BlockReader
from nudge.lake.intake.csv_form import CsvForm
from nudge.lake.intake.csv_lines import LineReader, LineRows


@dataclass(frozen=True)
class CsvFile:
    """A CSV file whose form is known; each reading begins anew."""

    form: CsvForm

    def blocks(self, names: Sequence[str]) -> Iterator[RowBlock]:
        """Yield the rows with these columns, and the lines that are none.

        Raises:
            OSError: the file cannot be read.
        """
        form, left, line = self.form, b"", 1
        fast = BlockReader(form.columns, names, form.delimiter)
        for whole in form.text.blocks():
            text = left + whole
            if line == 1:
                line, text = form.header + 1, _behind(text, form.header)
            block = fast.read(text, line) if text else None
            if block is None:
                rows, lines = self._slow(text, line, final=False)
                block, left = self._block(rows, names), _joined(lines[rows.used :])
                line += rows.used
            else:
                left, line = b"", line + text.count(b"\n")
            yield block
        if left:
            rows, _ = self._slow(left, line, final=True)
            yield self._block(rows, names)

    def _slow(self, text: bytes, line: int, *, final: bool) -> tuple[LineRows, list[bytes]]:
        lines = text.split(b"\n")[:-1]
        reader = LineReader(self.form.delimiter, len(self.form.columns))
        return reader.read(lines, line, final=final), lines

    def _block(self, rows: LineRows, names: Sequence[str]) -> RowBlock:
        places = [self.form.columns.index(name) for name in names]
        columns = [pa.array([row[i] for row in rows.cells], TEXT) for i in places]
        if names:
            batch = pa.RecordBatch.from_arrays(columns, list(names))
        else:
            batch = pa.RecordBatch.from_struct_array(pa.nulls(len(rows.cells), pa.struct([])))
        return RowBlock(batch, np.array(rows.lines, dtype=np.int64), tuple(rows.bad))


def _behind(text: bytes, lines: int) -> bytes:
    """Return the text behind its first lines."""
    at = 0
    for _ in range(lines):
        at = text.find(b"\n", at) + 1
    return text[at:]


def _joined(lines: Sequence[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)
