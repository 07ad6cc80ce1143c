"""Blocks of a log: sums by arm for each block of time and each stratum of exposures.

A confidence sequence predicts the rewards of a block from the blocks before it, separately for
exposures that differ: by what is known of the visitor, and by the logged probabilities. So the
sums of a comparison are kept by (block, stratum).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from bandits.arrays import FloatArray, IntArray
from bandits.inference.arm_table import ArmTable

ROWS = 1_000
"""Rows of a block where rows have no times."""
MOST = 200
"""Most blocks of one part without times; where there are more rows, its blocks are larger."""


@dataclass(frozen=True, eq=False)
class ArmBlocks:
    """Sums by block and stratum; N pairs that occur, by K arms.

    Attributes:
        block: (N,) number of the block; a later block has a greater number.
        stratum: (N,) number of the stratum.
        table: sums by arm (N, K).
        dated: whether numbers are moments: then parts with the same number are one block.
            Otherwise a part that is added comes after all the blocks before it.
    """

    block: IntArray
    stratum: IntArray
    table: ArmTable
    dated: bool = False

    @classmethod
    def empty(cls, arms: int) -> ArmBlocks:
        """Return no blocks over K arms."""
        nothing = np.zeros(0, dtype=np.int64)
        table = ArmTable.from_groups(nothing, 0, nothing, np.zeros(0), np.ones((0, arms)))
        return cls(nothing, nothing, table)

    @classmethod
    def from_table(cls, table: ArmTable) -> ArmBlocks:
        """Return a table (K,) as one block of one stratum, that of its mean probabilities."""
        if not table.rows:
            return cls.empty(table.shown.shape[-1])
        mean = float(table.rows) / np.maximum(table.inverse, 1e-300)
        stratum = propensity_class(mean[None, :])
        return cls(np.zeros(1, dtype=np.int64), stratum, table.expand())

    @classmethod
    def from_rows(
        cls,
        arms: IntArray,
        rewards: FloatArray,
        pmf: FloatArray,
        *,
        blocks: IntArray | None = None,
        strata: IntArray | None = None,
    ) -> ArmBlocks:
        """Return the sums of n rows.

        Args:
            arms: (n,) the arm drawn; -1 for an arm that is not compared.
            rewards: (n,).
            pmf: (n, K) logged probabilities of the compared arms, all above 0.
            blocks: (n,) numbers of the rows' blocks, such as hours; None where the order of the
                rows is that of time.
            strata: (n,) what is known of the visitors, as a number; None for nothing.
        """
        block = _cut(len(arms)) if blocks is None else blocks
        stratum = propensity_class(pmf)
        if strata is not None:
            stratum = join_strata(stratum, strata)
        first, place = _pairs(block, stratum)
        table = ArmTable.from_groups(place, len(first), arms, rewards, pmf)
        return cls(block[first], stratum[first], table, blocks is not None)

    def until(self, ends: IntArray) -> ArmTable:
        """Return the sums (D, K) of all blocks up to each of D blocks.

        Args:
            ends: (D,) numbers of blocks, ascending.
        """
        look = np.searchsorted(ends, self.block)
        seen = look < len(ends)
        return self.table.take(seen).group(look[seen], len(ends)).cumulate()

    def __add__(self, other: ArmBlocks) -> ArmBlocks:
        """Return the blocks of both parts.

        Raises:
            ValueError: one part has times and the other has not.
        """
        if not len(self.block) or not len(other.block):
            return self if len(self.block) else other
        if self.dated != other.dated:
            raise ValueError("blocks with and without times cannot be added")
        shift = 0 if self.dated else int(self.block.max()) + 1 - int(other.block.min())
        block = np.concatenate([self.block, other.block + shift])
        stratum = np.concatenate([self.stratum, other.stratum])
        table = ArmTable(
            *(
                np.concatenate([getattr(self.table, one.name), getattr(other.table, one.name)])
                for one in fields(ArmTable)
            )
        )
        if not self.dated:
            return ArmBlocks(block, stratum, table)
        first, place = _pairs(block, stratum)
        return ArmBlocks(block[first], stratum[first], table.group(place, len(first)), dated=True)


def propensity_class(pmf: FloatArray) -> IntArray:
    """Return the class (n,) of logged probabilities (n, K): alike are those within a factor of 4.

    The rewards of those who are rarely shown an arm may vary otherwise than those of others: then
    the outcome's variance goes with the propensity, and it has to be estimated by class.
    """
    with np.errstate(divide="ignore"):
        digits = np.floor(-np.log2(pmf) / 2.0 + 0.25)
    digits = np.where(pmf > 0.0, np.clip(digits, 0.0, 7.0), 0.0).astype(np.int64)
    return np.asarray(digits @ (8 ** (np.arange(pmf.shape[-1]) % 20)), dtype=np.int64)


def join_strata(first: IntArray, second: IntArray) -> IntArray:
    """Return numbers (n,) that differ where either of two strata (n,) differs."""
    mixed = first.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + second.astype(np.uint64)
    mixed = (mixed ^ (mixed >> np.uint64(31))) * np.uint64(0xBF58476D1CE4E5B9)
    return (mixed >> np.uint64(1)).astype(np.int64)


def _cut(rows: int) -> IntArray:
    size = max(ROWS, -(-rows // MOST))
    return np.arange(rows, dtype=np.int64) // size


def _pairs(block: IntArray, stratum: IntArray) -> tuple[IntArray, IntArray]:
    """Return the place of each pair's first row, and each row's pair; pairs by block."""
    order = np.lexsort((stratum, block))
    changed = np.ones(len(order), dtype=np.bool_)
    changed[1:] = (np.diff(block[order]) != 0) | (np.diff(stratum[order]) != 0)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.cumsum(changed) - 1
    return order[changed], place
