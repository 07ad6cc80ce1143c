"""Values of a log's columns, with a mask of those that cannot be read.

Whole columns are read at once; only where that fails, value by value. Texts of JSON are read once
for each different one: a log of millions of rows has few different lists.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from bandits.arrays import BoolArray, FloatArray

REAL, TEXT = pa.float64(), pa.string()
_FLAGS: Final = {"true": 1.0, "1": 1.0, "false": 0.0, "0": 0.0}


def read_numbers(column: pa.Array) -> tuple[FloatArray, BoolArray]:
    """Return numbers (n,), NaN where missing, and bool (n,): the value is no number.

    True is 1 and false 0.

    Raises:
        TypeError: the column's type holds no numbers.
    """
    found = _cast(column, REAL)
    if found is not None:
        return _floats(found), np.zeros(len(column), dtype=np.bool_)
    if not is_text(column):
        raise TypeError(f"holds {str(column.type)[:60]}, and no numbers")
    texts = column.to_pylist()
    values = [None if one is None else _number(one) for one in texts]
    bad = np.array([a is not None and b is None for a, b in zip(texts, values, strict=True)])
    return np.array([math.nan if one is None else one for one in values]), bad.astype(np.bool_)


def read_flags(column: pa.Array) -> tuple[BoolArray, BoolArray]:
    """Return bool (n,), false where missing, and bool (n,): the value is neither true nor false.

    Raises:
        TypeError: the column's type holds no flags.
    """
    found = _cast(column, pa.bool_())
    if found is None and not is_text(column):
        raise TypeError(f"holds {str(column.type)[:60]}, and not true or false")
    if found is None:
        values = [_FLAGS.get((one or "0").strip().lower()) for one in column.to_pylist()]
        bad = np.array([one is None for one in values])
        return np.array([one == 1.0 for one in values]), bad
    kept = pc.fill_null(found, fill_value=False).to_numpy(zero_copy_only=False)
    return kept, np.zeros(len(column), dtype=np.bool_)


def read_lists(column: pa.Array, kind: pa.DataType) -> tuple[pa.ListArray, BoolArray]:
    """Return lists (n,) of a kind, null where unreadable, and bool (n,): the value is no list.

    A text column holds them as JSON.

    Raises:
        TypeError: the column's type holds no such lists.
    """
    if is_text(column):
        right = _is_real if kind == REAL else _is_name
        return _from_json(column, pa.list_(kind), lambda one: _listed(one, right))
    found = _cast(column, pa.list_(kind))
    if found is None:
        raise TypeError(f"holds {str(column.type)[:60]}, and no lists of {kind}")
    return found, np.zeros(len(column), dtype=np.bool_)


def read_tables(column: pa.Array) -> tuple[pa.MapArray, BoolArray]:
    """Return JSON texts as maps (n,) of names to texts, and bool (n,): the text is no such JSON."""
    return _from_json(column, pa.map_(TEXT, TEXT), _items)


def is_text(column: pa.Array) -> bool:
    """Return whether a column holds text."""
    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))


def _cast(column: pa.Array, kind: pa.DataType) -> pa.Array | None:
    try:
        return column.cast(kind)
    except pa.ArrowException:
        return None


def _floats(column: pa.Array) -> FloatArray:
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)


def _number(text: str) -> float | None:
    """Read a number; None where the text is none."""
    plain = text.strip().lower()
    if plain in _FLAGS:
        return _FLAGS[plain]
    try:
        return float(plain) if plain.isascii() and "_" not in plain else None
    except ValueError:
        return None


def _from_json(column: pa.Array, kind: pa.DataType, read: Any) -> tuple[Any, BoolArray]:  # noqa: ANN401 - of any kind
    """Return each text's value, null where missing or unreadable, and the mask of the latter."""
    coded = column.dictionary_encode()
    texts = coded.dictionary.to_pylist()
    values = [read(_json(one)) for one in texts]
    places = coded.indices
    wrong = np.array([one is None for one in values], dtype=np.bool_)
    bad = np.zeros(len(column), dtype=np.bool_)
    there = np.asarray(places.is_valid().to_numpy(zero_copy_only=False), dtype=np.bool_)
    bad[there] = wrong[places.drop_null().to_numpy(zero_copy_only=False)]
    return pa.array(values, kind).take(places), bad


def _json(text: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _listed(value: object, right: Any) -> list[Any] | None:  # noqa: ANN401 - a callable
    return value if isinstance(value, list) and all(map(right, value)) else None


def _is_real(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and abs(value) < 1e308)  # noqa: PLR2004 - what a double holds


def _is_name(value: object) -> bool:
    return isinstance(value, str)


def _items(value: object) -> list[tuple[str, str | None]] | None:
    if not isinstance(value, dict):
        return None
    return [
        (name, one if isinstance(one, str) or one is None else orjson.dumps(one).decode())
        for name, one in value.items()
    ]
