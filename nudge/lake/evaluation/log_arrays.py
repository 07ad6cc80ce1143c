"""Columns of a log's batch as checked arrays, without a loop over rows."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from bandits.arrays import AnyArray, BoolArray, FloatArray, IntArray, UintArray
from nudge.errors import InvalidConfigError
from nudge.lake.evaluation.log_matrices import MapEntries, hash_texts

REAL, TEXT = pa.float64(), pa.string()


@dataclass(frozen=True, eq=False)
class RawBatch:
    """A batch of n rows of a log, as Arrow reads it.

    Attributes:
        log: name of the log, for messages.
        numbers: (n,) of the rows in the log, from 1.
        opened: columns of maps that were read already.
    """

    log: str
    batch: pa.RecordBatch
    numbers: IntArray
    opened: dict[str, MapEntries] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of rows n."""
        return int(self.batch.num_rows)

    def where(self, kept: BoolArray) -> RawBatch:
        """Return the rows where `kept` (n,) holds."""
        if kept.all():
            return self
        return RawBatch(self.log, self.batch.filter(pa.array(kept)), self.numbers[kept])

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
        """Return numbers (n,), NaN where missing; true is 1 and false 0.

        Raises:
            InvalidConfigError: a value is not a number; with its row.
        """
        column = self.column(name)
        if _is_text(column) and _casts(column, pa.bool_()):
            column = column.cast(pa.bool_()).cast(REAL)
        else:
            column = self._cast(name, REAL, "a number")
        return _numpy(column).astype(np.float64, copy=False)

    def flag(self, name: str) -> BoolArray:
        """Return bool (n,), false where missing.

        Raises:
            InvalidConfigError: a value is neither true nor false; with its row.
        """
        return _numpy(pc.fill_null(self._cast(name, pa.bool_(), "true or false"), fill_value=False))

    def text(self, name: str) -> pa.Array:
        """Return values as text (n,).

        Raises:
            InvalidConfigError: they are lists or the like.
        """
        return self._cast(name, TEXT, "text")

    def places(self, name: str, variants: pa.Array) -> IntArray:
        """Return the indices (n,) of the variants in a column.

        Raises:
            InvalidConfigError: a variant is unknown; with its row.
        """
        values = self.text(name)
        found = _numpy(pc.fill_null(pc.index_in(values, value_set=variants), -1)).astype(np.int64)
        if (found < 0).any():
            row = int(np.argmax(found < 0))
            known = ", ".join(variants.to_pylist())
            problem = f"unknown variant {values[row].as_py()!r}, not one of {known}"
            raise self.wrong(name, row, problem, "name them all with --variants")
        return found

    def lists(self, name: str, kind: pa.DataType) -> pa.ListArray:
        """Return lists of a kind (n,); a text column holds them as JSON.

        Raises:
            InvalidConfigError: a value is not such a list; with its row.
        """
        column = self.column(name)
        try:
            if _is_text(column):
                return pa.array(self.json(name), pa.list_(kind))
            return column.cast(pa.list_(kind))
        except (pa.ArrowException, TypeError) as error:
            cure = "write lists such as " + ("[0.2, 0.8]" if kind == REAL else '["a", "b"]')
            raise self.wrong(name, 0, f"there is no list of {kind} ({error})", cure) from error

    def json(self, name: str) -> list[object]:
        """Return a text column's values, read as JSON.

        Raises:
            InvalidConfigError: a value is not JSON; with its row.
        """
        texts = [value or "null" for value in self.column(name).to_pylist()]
        try:
            return list(orjson.loads("[" + ",".join(texts) + "]"))
        except orjson.JSONDecodeError:
            row = next(i for i, text in enumerate(texts) if not _is_json(text))
            problem = f"{texts[row]!r} is not JSON"
            raise self.wrong(name, row, problem, "write lists such as [0.2, 0.8]") from None

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
        return hash_texts(pc.fill_null(column.cast(pa.binary()), b""))

    def wrong(self, name: str, row: int, problem: str, cure: str) -> InvalidConfigError:
        """Return the error for a row of a column."""
        at = f"{self.log}: row {int(self.numbers[row]):,}, column {name!r}"
        return InvalidConfigError([f"{at}: {problem}; {cure}"])

    def _cast(self, name: str, kind: pa.DataType, what: str) -> pa.Array:
        column = self.column(name)
        try:
            return column.cast(kind)
        except pa.ArrowException:
            row = next(i for i in range(len(column)) if not _casts(column.slice(i, 1), kind))
            problem = f"{column[row].as_py()!r} is not {what}"
            raise self.wrong(name, row, problem, "correct it, or name another column") from None


def _numpy(column: pa.Array) -> AnyArray:
    found: AnyArray = column.to_numpy(zero_copy_only=False)
    return found


def _is_text(column: pa.Array) -> bool:
    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))


def _casts(column: pa.Array, kind: pa.DataType) -> bool:
    try:
        column.cast(kind)
    except pa.ArrowException:
        return False
    return True


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True
