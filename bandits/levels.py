"""Levels of one attribute, read from a single value or from a column with the same result."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from bandits.arrays import AnyArray, IntArray
from bandits.config import AttributeSpec
from bandits.config_values import text_of

UNKNOWN = 0
FALSE = 1
TRUE = 2


class LevelReader(Protocol):
    """Reader of the levels of one attribute."""

    def read_one(self, value: object) -> int:
        """Return the level of a value."""
        ...

    def read_many(self, column: AnyArray | Sequence[object]) -> IntArray:
        """Return the levels (n,) of a column (n,)."""
        ...


def count_levels(attribute: AttributeSpec) -> int:
    """Return the number of levels of an attribute, level 0 included."""
    if attribute.kind == "flag":
        return 3
    if not attribute.cells:
        return 1
    return len(attribute.cells) + (2 if attribute.kind == "number" else 1)


def make_reader(attribute: AttributeSpec) -> LevelReader:
    """Return the reader for the kind and the cells of an attribute."""
    if attribute.kind == "flag":
        return _FlagReader()
    if attribute.kind == "number":
        return _NumberReader([float(cut) for cut in attribute.cells])
    return _CategoryReader([str(cell) for cell in attribute.cells])


def label_level(attribute: AttributeSpec, level: int) -> str | None:
    """Return the name of an attribute's level, such as `wap`, `true` or `20–50`; None for 0."""
    if level == UNKNOWN:
        return None
    if attribute.kind == "flag":
        return "true" if level == TRUE else "false"
    if attribute.kind == "category":
        return text_of(attribute.cells[level - 1])
    cuts = [f"{float(cut):g}" for cut in attribute.cells]
    if level == 1:
        return f"< {cuts[0]}"
    return f"≥ {cuts[-1]}" if level > len(cuts) else f"{cuts[level - 2]}–{cuts[level - 1]}"


def example_of(
    attributes: Sequence[AttributeSpec], levels: Sequence[int]
) -> dict[str, str | float | bool]:
    """Return a context whose values have these levels; attributes of level 0 are left out."""
    pairs = zip(attributes, levels, strict=True)
    return {one.name: _example(one, level) for one, level in pairs if level != UNKNOWN}


def _example(attribute: AttributeSpec, level: int) -> str | float | bool:
    if attribute.kind == "flag":
        return level == TRUE
    if attribute.kind == "category":
        return attribute.cells[level - 1]
    cuts = [float(cut) for cut in attribute.cells]
    return cuts[0] - 1.0 if level == 1 else cuts[level - 2]


def _values(column: AnyArray | Sequence[object]) -> list[object]:
    return column.tolist() if isinstance(column, np.ndarray) else list(column)


class _LevelByText(dict[str | None, int]):
    """Mapping from text to level, in which a value of another type is looked up by its text.

    A miss is not stored: the values come from outside and are unbounded in number.
    """

    def __missing__(self, value: object) -> int:
        return self.get(text_of(value), UNKNOWN)


class _CategoryReader:
    def __init__(self, cells: list[str]) -> None:
        self._places = _LevelByText((cell, i) for i, cell in enumerate(cells, start=1))

    def read_one(self, value: object) -> int:
        try:
            return self._places[value]  # type: ignore[index]
        except TypeError:  # a list or a dict has no hash
            return UNKNOWN

    def read_many(self, column: AnyArray | Sequence[object]) -> IntArray:
        return np.fromiter(map(self.read_one, _values(column)), np.int64, len(column))


class _NumberReader:
    def __init__(self, cuts: list[float]) -> None:
        self._cuts = cuts
        self._array = np.array(cuts, dtype=np.float64)

    def read_one(self, value: object) -> int:
        number = _number(value)
        return bisect_right(self._cuts, number) + 1 if math.isfinite(number) else UNKNOWN

    def read_many(self, column: AnyArray | Sequence[object]) -> IntArray:
        if not (isinstance(column, np.ndarray) and column.dtype.kind in "iuf"):
            return np.fromiter(map(self.read_one, _values(column)), np.int64, len(column))
        numbers = column.astype(np.float64)
        found = np.searchsorted(self._array, numbers, side="right") + 1
        return np.where(np.isfinite(numbers), found, UNKNOWN).astype(np.int64)


class _FlagReader:
    def read_one(self, value: object) -> int:
        if isinstance(value, bool | np.bool_):
            return TRUE if value else FALSE
        number = _number(value)
        return TRUE if number == 1.0 else FALSE if number == 0.0 else UNKNOWN

    def read_many(self, column: AnyArray | Sequence[object]) -> IntArray:
        if not (isinstance(column, np.ndarray) and column.dtype.kind in "biuf"):
            return np.fromiter(map(self.read_one, _values(column)), np.int64, len(column))
        numbers = column.astype(np.float64)
        found = np.where(numbers == 1.0, TRUE, np.where(numbers == 0.0, FALSE, UNKNOWN))
        return found.astype(np.int64)


def _number(value: object) -> float:
    """Return the value as a float; NaN for anything but a number, a flag included."""
    if isinstance(value, bool | np.bool_):
        return math.nan
    if isinstance(value, int | float | np.integer | np.floating):
        try:
            return float(value)
        except OverflowError:
            return math.nan
    return math.nan
