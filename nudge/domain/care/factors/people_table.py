"""People with what is known of each before, and whether they left: the input of factors."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from bandits.arrays import BoolArray, FloatArray, IntArray

SCORE_PREFIXES: Final = ("score_", "score:", "score.", "评分_", "dip_", "scores_")
"""Beginnings of the names of columns with scores, how far the lowest lies below the mean, and their
number; the scene follows."""


class FactorKind(StrEnum):
    """The kind of a factor's values."""

    NUMBER = "number"
    FLAG = "flag"
    LEVELS = "levels"


@dataclass(frozen=True, eq=False)
class Factor:
    """A score or a behaviour of n people.

    Attributes:
        name: of the column.
        kind: of the values.
        values: (n,) the number, 0 or 1 of a flag, or the level's place; NaN where unknown.
        levels: names of the levels; of a flag the words for 0 and 1.
    """

    name: str
    kind: FactorKind
    values: FloatArray
    levels: tuple[str, ...] = ()

    @property
    def scene(self) -> str:
        """The scene whose score it is; empty for a behaviour."""
        found = (self.name.removeprefix(p) for p in SCORE_PREFIXES if self.name.startswith(p))
        return next(found, "")

    def take(self, rows: IntArray) -> Factor:
        """Return the factor of some of the people, by their places (m,)."""
        return Factor(self.name, self.kind, self.values[rows], self.levels)


@dataclass(frozen=True, eq=False)
class Grouping:
    """A division of n people into named groups, such as segments or kinds of leaving.

    Attributes:
        name: of the column.
        codes: (n,) place of each person's group; -1 where none is known.
        groups: names.
    """

    name: str
    codes: IntArray
    groups: tuple[str, ...]

    def take(self, rows: IntArray) -> Grouping:
        """Return the grouping of some of the people."""
        return Grouping(self.name, self.codes[rows], self.groups)


@dataclass(frozen=True, eq=False)
class PeopleTable:
    """A table of n people.

    Attributes:
        factors: that are looked at.
        left: (n,) True for those who left.
        segments: of the people, if they are divided.
        kinds: of leaving, of those who left, if they are known.
    """

    factors: tuple[Factor, ...]
    left: BoolArray
    segments: Grouping | None = None
    kinds: Grouping | None = None

    def __len__(self) -> int:
        """Return the number of people."""
        return len(self.left)

    def take(self, rows: IntArray) -> PeopleTable:
        """Return the table of some of the people, by their places (m,)."""
        return PeopleTable(
            tuple(one.take(rows) for one in self.factors),
            self.left[rows],
            self.segments and self.segments.take(rows),
            self.kinds and self.kinds.take(rows),
        )

    def without(self, names: frozenset[str]) -> PeopleTable:
        """Return the table without some factors."""
        kept = tuple(one for one in self.factors if one.name not in names)
        return PeopleTable(kept, self.left, self.segments, self.kinds)

    def segment(self, place: int) -> PeopleTable:
        """Return the people of a segment."""
        codes = self.segments.codes if self.segments else np.zeros(0, dtype=np.int64)
        return self.take(np.flatnonzero(codes == place))

    def leaving_so(self, place: int) -> PeopleTable:
        """Return those who left in one way, and all who stayed."""
        codes = self.kinds.codes if self.kinds else np.zeros(0, dtype=np.int64)
        return self.take(np.flatnonzero(~self.left | (codes == place)))
