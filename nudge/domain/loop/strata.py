"""Strata of cases: what was known at the opening, as finely as both sides have people for. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from bandits.arrays import BoolArray, FloatArray, IntArray
from nudge.domain.loop.loop_cases import LoopCases
from nudge.domain.reports.report_time import FEWEST

LEVELS: Final = (
    ("kind", "rule", "stage", "tier"),
    ("kind", "rule", "stage"),
    ("kind", "rule"),
)
"""Words of a stratum, the finest first. Chance holds out within a rule: none is coarser."""


@dataclass(frozen=True, eq=False)
class Strata:
    """The strata of n cases.

    Attributes:
        codes: (n,) stratum of each case; -1 where one side has too few people.
        count: number of strata.
    """

    codes: IntArray
    count: int

    def mix(self, rows: BoolArray) -> FloatArray:
        """Return the share of each stratum among some of the cases (count,)."""
        found = np.bincount(self.codes[rows & (self.codes >= 0)], minlength=self.count)
        return np.asarray(found / max(int(found.sum()), 1), dtype=np.float64)


def find_strata(cases: LoopCases, one: BoolArray, other: BoolArray) -> Strata:
    """Return the strata in which two groups of cases can be compared.

    Each case is in the finest stratum in which both groups have at least `FEWEST` people; what is
    left over is pooled one level higher. What became of the cases is not looked at.

    Args:
        cases: of both groups.
        one: (n,) cases of the first group.
        other: (n,) cases of the second.
    """
    codes = np.full(len(cases), -1, dtype=np.int64)
    count = 0
    for words in LEVELS:
        left = (codes < 0) & (one | other)
        if not left.any():
            break
        cells = _cells(cases, words)
        _, cells[left] = np.unique(cells[left], return_inverse=True)
        size = int(cells[left].max()) + 1
        sides = [_people(cells, cases.visitor, left & side, size) for side in (one, other)]
        enough = np.minimum(*sides) >= FEWEST
        places = np.where(enough, count + np.cumsum(enough) - 1, -1)
        codes[left] = places[cells[left]]
        count += int(enough.sum())
    return Strata(codes, count)


def _cells(cases: LoopCases, words: tuple[str, ...]) -> IntArray:
    found = np.zeros(len(cases), dtype=np.int64)
    for word in words:
        one = cases.words[word]
        found = found * (len(one.groups) + 1) + one.codes + 1
    return found


def _people(cells: IntArray, visitor: IntArray, rows: BoolArray, size: int) -> IntArray:
    """Return how many people of a group are in each cell (size,)."""
    pairs = np.unique(np.stack([cells[rows], visitor[rows]]), axis=1)
    return np.asarray(np.bincount(pairs[0], minlength=size), dtype=np.int64)
