"""Conjunctions of attribute values: all that occur, grouped by the attributes that they name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

import numpy as np

from bandits.arrays import BoolArray, IntArray

Conjunction: TypeAlias = tuple[tuple[int, int], ...]
"""Values that hold together: (attribute, code) each, by attribute; () is everything."""


@dataclass(frozen=True, eq=False)
class Grouping:
    """Leaves by their values of some attributes: each group is the cover of one conjunction.

    Attributes:
        attributes: numbers of the attributes, ascending.
        groups: group of each leaf, (N,), from 0.
        codes: values of each group, (G, len(attributes)).
        named: groups that may be called a cause, (G,): none of their values is ignored.
    """

    attributes: tuple[int, ...]
    groups: IntArray
    codes: IntArray
    named: IntArray

    def conjunction(self, group: int) -> Conjunction:
        """Return the values of a group."""
        return tuple(zip(self.attributes, map(int, self.codes[group]), strict=True))


def group_leaves(
    codes: IntArray, widest: int, ignored: frozenset[tuple[int, int]]
) -> Iterator[Grouping]:
    """Group leaves (N, D) by each set of up to `widest` attributes, smaller sets first."""
    dimensions = codes.shape[1]
    for width in range(min(widest, dimensions) + 1):
        for attributes in combinations(range(dimensions), width):
            yield _grouping(codes, attributes, ignored)


def _grouping(
    codes: IntArray, attributes: tuple[int, ...], ignored: frozenset[tuple[int, int]]
) -> Grouping:
    key = np.zeros(len(codes), dtype=np.int64)
    for one in attributes:
        # Renumbered at each step, so that a product of many values cannot overflow.
        key = np.unique(key * (codes[:, one].max() + 1) + codes[:, one], return_inverse=True)[1]
    _, first, groups = np.unique(key, return_index=True, return_inverse=True)
    values = codes[first][:, list(attributes)]
    named = np.array(
        [not ignored.intersection(zip(attributes, map(int, row), strict=True)) for row in values],
        dtype=np.int64,
    )
    return Grouping(attributes, groups, values, named)


def cover_leaves(groupings: Sequence[Grouping], sets: tuple[Conjunction, ...]) -> BoolArray:
    """Return which leaves lie in one of some conjunctions that were grouped, (N,)."""
    inside = np.zeros(len(groupings[0].groups), dtype=bool)
    for one in sets:
        attributes = tuple(attribute for attribute, _ in one)
        grouping = next(each for each in groupings if each.attributes == attributes)
        wanted = np.all(grouping.codes == [code for _, code in one], axis=1)
        inside |= wanted[grouping.groups]
    return inside
