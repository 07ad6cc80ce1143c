"""A log as counts: how often each variant was shown to which visitors, and what it brought."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from bandits.arrays import AnyArray, BoolArray, FloatArray, IntArray
from bandits.delay import DelayDistribution
from nudge.domain.slots.slot import Scalar, Slot

TRIALS, CONVERSIONS, VALUE, SQUARE = range(4)


@dataclass(frozen=True)
class VisitorGroup:
    """A group of visitors who are alike to the slot: same cell, same rule, same variants.

    Attributes:
        cell: cell of their context.
        own: index of the variant that the operator's own rule shows them.
        fallback: index of the variant that their page falls back to.
        eligible: flags (K,) of the variants that they may see.
        context: context of one of them; another member's is as good.
    """

    cell: str
    own: int
    fallback: int
    eligible: tuple[bool, ...]
    context: Mapping[str, Scalar] = field(compare=False)


@dataclass(frozen=True, eq=False)
class WeekLog:
    """The counts of a log.

    Attributes:
        slot: slot of the decisions.
        groups: G groups of visitors.
        sums: (G, K, 4) exposures, conversions, reward in fen, sum of squared rewards.
        days: number of days with an exposure.
        known: number of exposures whose propensity is known.
        inverse: (K, 3) sums over these of 1 / p, conversion / p, and its square.
        delay: delay of conversions; None where the log does not tell it.
        left_out: reason -> rows that are no use here.
        refused: rows that cannot be read.
    """

    slot: Slot
    groups: tuple[VisitorGroup, ...]
    sums: IntArray
    days: int
    known: int
    inverse: FloatArray
    delay: DelayDistribution | None
    left_out: Counter[str]
    refused: int

    @property
    def visitors(self) -> int:
        """Number of exposures that are used."""
        return int(self.sums[:, :, TRIALS].sum())

    @property
    def conversions(self) -> int:
        """Number of exposures that converted."""
        return int(self.sums[:, :, CONVERSIONS].sum())

    @property
    def per_day(self) -> float:
        """Visitors on a day that has any."""
        return self.visitors / max(self.days, 1)

    @cached_property
    def shares(self) -> FloatArray:
        """Shares (G,) of the groups among all visitors."""
        of_group = self.sums[:, :, TRIALS].sum(axis=1)
        return np.asarray(of_group / max(int(of_group.sum()), 1), dtype=np.float64)

    @cached_property
    def own(self) -> IntArray:
        """Indices (G,) of the variants that the operator's own rule shows."""
        return np.array([one.own for one in self.groups], dtype=np.int64)

    @cached_property
    def fallback(self) -> IntArray:
        """Indices (G,) of the variants that the pages fall back to."""
        return np.array([one.fallback for one in self.groups], dtype=np.int64)

    @cached_property
    def eligible(self) -> BoolArray:
        """Flags (G, K) of the variants that the groups may see."""
        rows = [one.eligible for one in self.groups]
        return np.array(rows, dtype=np.bool_).reshape(len(rows), len(self.slot.names))

    @cached_property
    def contexts(self) -> dict[str, AnyArray]:
        """Columns (G,) of the groups' contexts."""
        names = dict.fromkeys(name for one in self.groups for name in one.context)
        columns: dict[str, AnyArray] = {}
        for name in names:
            columns[name] = np.empty(len(self.groups), dtype=object)
            columns[name][:] = [one.context.get(name) for one in self.groups]
        return columns
