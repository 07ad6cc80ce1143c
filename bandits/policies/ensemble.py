"""Learned policy: pick one of M posterior draws at random and take its best arm."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from bandits.arrays import BoolArray, Context, Contexts, FloatArray, IntArray
from bandits.distribution import mix_floor
from bandits.features import CellSpec
from bandits.policies.base import Arrays, Header, PolicyBase, batch_eligible
from bandits.policies.table import TableDraws
from bandits.policies.wins import PosteriorDraws


@dataclass(frozen=True, kw_only=True, eq=False)
class EnsemblePolicy(PolicyBase):
    """Policy whose propensities are wins over M posterior draws, mixed to keep the floor.

    The wins of an ineligible arm go to the next best arm of each draw: the result is the posterior
    probability among the eligible arms, not a rescaling.

    Attributes:
        draws: a table over cells, or any other `PosteriorDraws`.
        floor: least propensity of each eligible arm.
        explore_share: share of the draws that explore; the others take the arm that wins most.
        seed: seed of the draws, kept for the record.
    """

    kind: ClassVar[str] = "ensemble.table"

    draws: PosteriorDraws
    floor: float
    explore_share: float = 1.0
    seed: int = 0

    def distribution(self, contexts: Contexts, eligible: BoolArray | None = None) -> FloatArray:
        """See `Policy.distribution`."""
        mask = batch_eligible(contexts, eligible, len(self.arms))
        return self._served(self.draws.wins(contexts, mask), mask)

    def distribution_one(self, context: Context, eligible: BoolArray) -> FloatArray:
        """See `Policy.distribution_one`."""
        return self._served(self.draws.wins_one(context, eligible), eligible)

    def _served(self, wins: IntArray, eligible: BoolArray) -> FloatArray:
        floor = self.floor / self.explore_share
        explored = mix_floor(wins / self.draws.size, eligible, floor)
        if self.explore_share >= 1.0:
            return explored
        leads = np.eye(len(self.arms))[wins.argmax(axis=-1)] * eligible
        return np.asarray(self.explore_share * explored + (1.0 - self.explore_share) * leads)

    def worth_one(self, context: Context) -> FloatArray:
        """See `Policy.worth_one`: the mean over the posterior draws."""
        return self.draws.means_one(context)

    def _table(self) -> TableDraws:
        if not isinstance(self.draws, TableDraws):
            raise TypeError(f"no snapshot form for {type(self.draws).__name__}")
        return self.draws

    def header(self) -> Header:
        """Return floor, seed and the spec of the cells as JSON values."""
        spec = self._table().spec
        return {
            "floor": self.floor,
            "explore_share": self.explore_share,
            "seed": self.seed,
            "cells": spec.header(),
            "cells_version": spec.version,
        }

    def arrays(self) -> Arrays:
        """Return the cells and the draws."""
        table = self._table()
        return {"codes": table.codes, "draws": table.draws}

    @classmethod
    def restore(cls, base: PolicyBase, header: Header, arrays: Arrays) -> Self:
        """See `SnapshotPolicy.restore`."""
        cells, floor, seed = header["cells"], header["floor"], header["seed"]
        if not (isinstance(cells, dict) and isinstance(floor, int | float)):
            raise TypeError("cells or floor")
        spec = CellSpec.from_header(cells)
        table = TableDraws(
            spec, arrays["codes"].astype(np.int64), arrays["draws"].astype(np.float32, copy=False)
        )
        if table.draws.shape[2] != len(base.arms) or spec.version != header["cells_version"]:
            raise ValueError("draws or cells do not fit the header")
        return cls(
            arms=base.arms,
            version=base.version,
            meta=base.meta,
            draws=table.prepare(),
            floor=float(floor),
            explore_share=float(str(header.get("explore_share", 1.0))),
            seed=int(str(seed)),
        )
