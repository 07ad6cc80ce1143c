"""Baseline: the arm that the operator's own rule shows to a visitor.

A baseline is a list of rankings. Each ranks arms by the value of one attribute, and is asked in
turn; the first arm that is eligible is shown. So a rule stands before a fallback, and an arm that
may not be shown gives way to the next.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from bandits.arrays import BoolArray, Context, Contexts, IntArray
from bandits.config import AttributeSpec
from bandits.distribution import NO_ARM
from bandits.levels import LevelReader, example_of, make_reader

Header = list[list[object]]


@dataclass(frozen=True)
class Ranking:
    """Ranking of arms, the best first, for each level of one attribute.

    Attributes:
        attribute: the attribute; without levels where one ranking holds for all visitors.
        orders: for each level, indices of arms; empty where nothing is said.
    """

    attribute: AttributeSpec
    orders: tuple[tuple[int, ...], ...]

    @cached_property
    def reader(self) -> LevelReader:
        """Reader of the attribute's levels."""
        return make_reader(self.attribute)


@dataclass(frozen=True)
class Baseline:
    """Baseline of a slot: rankings of its arms, asked one after the other."""

    rankings: tuple[Ranking, ...]

    def arm_one(self, context: Context, eligible: BoolArray) -> int:
        """Return the arm of one visitor among the eligible (K,); -1 where nothing is said."""
        for name, reader, orders in self._steps:
            # One ranking for all visitors needs no value.
            level = reader.read_one(context.get(name)) if len(orders) > 1 else 0
            for arm in orders[level]:
                if eligible[arm]:
                    return arm
        return NO_ARM

    @cached_property
    def _steps(self) -> tuple[tuple[str, LevelReader, tuple[tuple[int, ...], ...]], ...]:
        return tuple((one.attribute.name, one.reader, one.orders) for one in self.rankings)

    def arms(self, contexts: Contexts, eligible: BoolArray) -> IntArray:
        """Return the arms (n,) of n visitors with eligibility (n, K), as `arm_one` of each."""
        n = len(eligible)
        found = np.full(n, NO_ARM, dtype=np.int64)
        for one in self.rankings:
            name = one.attribute.name
            level = one.reader.read_many(contexts[name]) if name in contexts else np.zeros(n, int)
            for place in range(max(map(len, one.orders), default=0)):
                column = [order[place] if place < len(order) else NO_ARM for order in one.orders]
                arm = np.array(column, dtype=np.int64)[level]
                take = (found == NO_ARM) & (arm != NO_ARM) & eligible[np.arange(n), arm]
                found[take] = arm[take]
        return found

    def header(self) -> Header:
        """Return the rankings as JSON values."""
        return [
            [one.attribute.name, one.attribute.kind, list(one.attribute.cells), list(one.orders)]
            for one in self.rankings
        ]

    @classmethod
    def from_header(cls, header: object) -> Self:
        """Return the baseline that `header` described.

        Raises:
            TypeError: a value has the wrong type.
            ValueError: a row does not have the form of a header's.
        """
        if not isinstance(header, list):
            raise TypeError("baseline")
        return cls(
            tuple(
                Ranking(
                    AttributeSpec(name, kind, tuple(cells)),
                    tuple(tuple(int(arm) for arm in order) for order in orders),
                )
                for name, kind, cells, orders in header
            )
        )


def arms_of_cells(
    baseline: Baseline, attributes: Sequence[AttributeSpec], levels: IntArray, arms: int
) -> IntArray:
    """Return the baseline's arm (C,) in cells with levels (C, J), where every arm is eligible."""
    every = np.ones(arms, dtype=np.bool_)
    kept: dict[tuple[int, ...], int] = {}
    named = {one.attribute.name for one in baseline.rankings}
    places = [i for i, attribute in enumerate(attributes) if attribute.name in named]
    parts = [attributes[i] for i in places]
    found = np.empty(len(levels), dtype=np.int64)
    for row, key in enumerate(map(tuple, levels[:, places].tolist())):
        if key not in kept:
            kept[key] = baseline.arm_one(example_of(parts, key), every)
        found[row] = kept[key]
    return found
