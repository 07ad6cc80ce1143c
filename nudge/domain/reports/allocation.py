"""The allocation of a policy: the average share of each variant among the slot's visitors."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bandits.config import AttributeSpec
from bandits.contract import Policy
from bandits.features import CellSpec, levels
from nudge.domain.slots.slot import Scalar, Slot


def allocation(
    policy: Policy, slot: Slot, spec: CellSpec, trials: Mapping[str, int]
) -> dict[str, float]:
    """Return the average distribution over cells, by variant; every enabled one is eligible.

    Args:
        policy: of the slot.
        slot: names and enables the variants.
        spec: of the cells.
        trials: cell -> exposures, the weights; without any, one unknown visitor stands for all.
    """
    known = {cell: count for cell, count in trials.items() if spec.code_of(cell) >= 0 < count}
    contexts = [representative(spec, cell) for cell in known] or [{}]
    weights = np.array(list(known.values()) or [1], dtype=np.float64)
    columns = {a.name: [one.get(a.name) for one in contexts] for a in spec.attributes}
    enabled = np.array([variant.enabled for variant in slot.variants])
    eligible = np.broadcast_to(enabled, (len(contexts), len(enabled)))
    pmf = policy.distribution(columns, eligible)
    shares = weights @ pmf / weights.sum()
    return dict(zip(slot.names, shares.tolist(), strict=True))


def representative(spec: CellSpec, cell: str) -> dict[str, Scalar]:
    """Return a context that lies in a cell; attributes unknown there are left out."""
    context = {
        attribute.name: _value(attribute, level)
        for attribute, level in zip(spec.attributes, levels(cell), strict=True)
    }
    return {name: value for name, value in context.items() if value is not None}


def _value(attribute: AttributeSpec, level: int) -> Scalar:
    """Return a value of the attribute's level (see `bandits.levels`); level 0 is unknown."""
    if level == 0:
        return None
    if attribute.kind == "flag":
        return level > 1
    if attribute.kind == "category":
        return attribute.cells[level - 1]
    cuts = [float(cut) for cut in attribute.cells]
    return cuts[0] - 1 if level == 1 else cuts[level - 2]
