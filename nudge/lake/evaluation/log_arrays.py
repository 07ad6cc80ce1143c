"""Columns of a log's batch as checked arrays, without a loop over rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bandits.arrays import AnyArray, BoolArray, FloatArray, IntArray, UintArray
from nudge.errors import InvalidConfigError
from nudge.lake.evaluation.log_matrices import MapEntries, hash_texts
from nudge.lake.evaluation.log_values import (
    REAL,
    TEXT,
    is_text,
    read_flags,
    read_lists,
    read_numbers,
)

__all__ = ["REAL", "TEXT", "RawBatch"]


@dataclass(frozen=True, eq=False)
class RawBatch:
    """A batch of n rows of a log, as Arrow reads it.

    Attributes:
        log: name of the log, for messages.
        numbers: (n,) of the rows in the log, from 1.
        opened: columns of maps that were read already.
        listed: columns of lists that were read already.
        bad_context: bool (n,), the context is no table; None where it was not read from text.
    """

    log: str
    batch: pa.RecordBatch
    numbers: IntArray
    opened: dict[str, MapEntries] = field(default_factory=dict)
    listed: dict[str, tuple[pa.ListArray, BoolArray]] = field(default_factory=dict)
    bad_context: BoolArray | None = None

    def __len__(self) -> int:
        """Return the number of rows n."""
        return int(self.batch.num_rows)

    def where(self, kept: BoolArray) -> RawBatch:
        """Return the rows where `kept` (n,) holds."""
        if kept.all():
            return self
        bad = None if self.bad_context is None else self.bad_context[kept]
        batch = self.batch.filter(pa.array(kept))
        return RawBatch(self.log, batch, self.numbers[kept], bad_context=bad)

    def has(self, name: str) -> bool:
        """Return whether there is such a column."""
        return name in self.batch.schema.names

    def column(self, name: str) -> pa.Array:
        """Return a column as it is, dictionaries decoded."""
        found = self.batch.column(name)
        return found.dictionary_decode() if pa.types.is_dictionary(found.type) else found

    def null(self, name: str) -> BoolArray:
        """Return bool (n,): the value is missing."""
        return _numpy(self.column(name).is_null())

    def real(self, name: str) -> FloatArray:
        """Return numbers (n,), NaN where missing or unreadable; true is 1 and false 0."""
        return self.numbers_of(name)[0]

    def numbers_of(self, name: str) -> tuple[FloatArray, BoolArray]:
        """Return numbers (n,), and bool (n,): the value is no number.

        Raises:
            InvalidConfigError: the column holds none at all.
        """
        with self._typed(name):
            return read_numbers(self.column(name))

    def flag(self, name: str) -> BoolArray:
        """Return bool (n,), false where missing or unreadable."""
        with self._typed(name):
            return read_flags(self.column(name))[0]

    def bad_flag(self, name: str) -> BoolArray:
        """Return bool (n,): the value is neither true nor false."""
        with self._typed(name):
            return read_flags(self.column(name))[1]

    def text(self, name: str) -> pa.Array:
        """Return values as text (n,).

        Raises:
            InvalidConfigError: they are lists or the like.
        """
        return self._cast(name, TEXT)

    def places(self, name: str, variants: pa.Array) -> IntArray:
        """Return the indices (n,) of the variants in a column.

        Raises:
            InvalidConfigError: a variant is unknown; with its row.
        """
        values = self.text(name)
        found = _numpy(pc.fill_null(pc.index_in(values, value_set=variants), -1)).astype(np.int64)
        if (found < 0).any():
            row = int(np.argmax(found < 0))
            raise self.wrong(name, row, "has an unknown variant", "name them all with --variants")
        return found

    def lists(self, name: str, kind: pa.DataType) -> pa.ListArray:
        """Return lists of a kind (n,), null where unreadable; a text column holds them as JSON."""
        return self._lists(name, kind)[0]

    def bad_list(self, name: str, kind: pa.DataType) -> BoolArray:
        """Return bool (n,): the value is no list of the kind."""
        return self._lists(name, kind)[1]

    def holds_lists(self, name: str) -> bool:
        """Return whether a column holds lists, or JSON of lists."""
        column = self.column(name)
        text = is_text(column) and pc.any(pc.starts_with(column, "[")).as_py()
        return bool(text or pa.types.is_nested(column.type))

    def _lists(self, name: str, kind: pa.DataType) -> tuple[pa.ListArray, BoolArray]:
        if name not in self.listed:
            with self._typed(name):
                self.listed[name] = read_lists(self.column(name), kind)
        return self.listed[name]

    def entries(self, name: str) -> MapEntries:
        """Return a column of maps, to be asked by key."""
        if name not in self.opened:
            self.opened[name] = MapEntries.of(self.column(name))
        return self.opened[name]

    def subjects(self, name: str) -> UintArray:
        """Return subjects as 64-bit hashes (n,); a missing one is a subject too."""
        column = self.column(name)
        if pa.types.is_integer(column.type):
            return _numpy(pc.fill_null(column, 0)).astype(np.uint64)
        raw = column if pa.types.is_binary(column.type) else self.text(name)
        return hash_texts(pc.fill_null(raw.cast(pa.binary()), b""))

    def wrong(self, name: str, row: int, problem: str, cure: str) -> InvalidConfigError:
        """Return the error for a row of a column."""
        at = f"{self.log}: row {int(self.numbers[row]):,}, column {name!r}"
        return InvalidConfigError([f"{at}: {problem}; {cure}"])

    @contextmanager
    def _typed(self, name: str) -> Iterator[None]:
        """Translate the error of a column whose type does not fit."""
        try:
            yield
        except (TypeError, pa.ArrowException) as error:
            problem = str(error) if isinstance(error, TypeError) else "cannot be read"
            text = f"{self.log}: column {name!r} {problem}; correct it, or name another column"
            raise InvalidConfigError([text]) from error

    def _cast(self, name: str, kind: pa.DataType) -> pa.Array:
        with self._typed(name):
            try:
                return self.column(name).cast(kind)
            except pa.ArrowException as error:
                raise TypeError(f"holds {str(self.column(name).type)[:60]}, and no text") from error


def _numpy(column: pa.Array) -> AnyArray:
    found: AnyArray = column.to_numpy(zero_copy_only=False)
    return found
