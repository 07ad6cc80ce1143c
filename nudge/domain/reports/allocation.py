"""The allocation of a policy: the average share of each variant among the slot's visitors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bandits.arrays import BoolArray, FloatArray
from bandits.contract import Policy
from bandits.features import CellSpec, levels
from bandits.levels import example_of
from nudge.domain.slots.slot import Scalar, Slot


@dataclass(frozen=True)
class CellShares:
    """Distributions that a policy gives the visitors of each cell; every enabled arm is eligible.

    Attributes:
        arms: names of the variants.
        cells: as text; empty where nobody has come.
        visitors: exposures (n,) of each cell; one unknown visitor stands for all without any.
        propensities: distributions (n, K).
    """

    arms: tuple[str, ...]
    cells: tuple[str, ...]
    visitors: FloatArray
    propensities: FloatArray

    @classmethod
    def of(
        cls,
        policy: Policy,
        slot: Slot,
        spec: CellSpec,
        trials: Mapping[str, int],
        possible: BoolArray | None = None,
    ) -> CellShares:
        """Return the shares of a slot's policy.

        Args:
            policy: of the slot.
            slot: names and enables the variants.
            spec: of the cells.
            trials: cell -> exposures.
            possible: (K,) variants among which the policy chooses; None for all that are enabled.
        """
        known = {cell: count for cell, count in trials.items() if spec.code_of(cell) >= 0 < count}
        contexts = [representative(spec, cell) for cell in known] or [{}]
        visitors = np.array(list(known.values()) or [1], dtype=np.float64)
        columns = {a.name: [one.get(a.name) for one in contexts] for a in spec.attributes}
        mask = enabled(slot) if possible is None else possible
        eligible = np.broadcast_to(mask, (len(contexts), len(slot.names)))
        propensities = policy.distribution(columns, eligible)
        return cls(slot.names, tuple(known), visitors, propensities)

    @property
    def average(self) -> FloatArray:
        """Average distribution (K,) over the visitors."""
        found: FloatArray = self.visitors @ self.propensities / self.visitors.sum()
        return found


def enabled(slot: Slot) -> BoolArray:
    """Return flags (K,) of the variants that are enabled."""
    return np.array([variant.enabled for variant in slot.variants], dtype=np.bool_)


def allocation(
    policy: Policy, slot: Slot, spec: CellSpec, trials: Mapping[str, int]
) -> dict[str, float]:
    """Return the average share of each variant over the visitors, by name."""
    average = CellShares.of(policy, slot, spec, trials).average
    return dict(zip(slot.names, average.tolist(), strict=True))


def representative(spec: CellSpec, cell: str) -> dict[str, Scalar]:
    """Return a context that lies in a cell; attributes unknown there are left out."""
    return dict(example_of(spec.attributes, levels(cell)))
