"""Bound of a learned policy: it stays near the operator's baseline until it has proved better."""

from dataclasses import dataclass

import numpy as np

from bandits.arrays import FloatArray, IntArray
from bandits.baseline.allowance import CellRecord, WorthDraws, find_allowance
from bandits.baseline.choice import make_baseline
from bandits.baseline.rankings import arms_of_cells
from bandits.config import LearnerConfig
from bandits.features import CellSpec
from bandits.levels import example_of
from bandits.policies.base import Policy
from bandits.policies.conservative import ConservativePolicy


@dataclass(frozen=True, eq=False)
class ShownCells:
    """Cells of the context with what was shown in them.

    Attributes:
        spec: mapping from attributes to cell.
        levels: (C, J) levels of each cell.
        shown: (C, K) exposures so far.
        visits: (C,) visitors, by which those who come next are judged.
        hits: (K,) conversions of each arm.
    """

    spec: CellSpec
    levels: IntArray
    shown: FloatArray
    visits: FloatArray
    hits: FloatArray


def is_bounded(config: LearnerConfig) -> bool:
    """Return whether the slot has a baseline, and a bound on what learning may cost."""
    return config.policy.give_up < 1.0 and make_baseline(config) is not None


def bound_policy(
    config: LearnerConfig, policy: Policy, cells: ShownCells, draws: WorthDraws
) -> Policy:
    """Return the policy with the share of the draws that the slot's bound allows.

    Without a baseline, without a bound, or where the bound allows all, it is the policy itself.

    Args:
        config: the slot.
        policy: the learned policy.
        cells: what was shown.
        draws: posterior draws of the worth, as wide as the posterior.
    """
    baseline = make_baseline(config)
    if baseline is None or config.policy.give_up >= 1.0:
        return policy
    if not len(cells.levels):
        cells = _first_cell(cells, len(config.arms))
    levels, names = cells.levels, [one.name for one in config.context]
    rows = [example_of(config.context, row) for row in levels.tolist()]
    contexts = {name: np.array([row.get(name) for row in rows], object) for name in names}
    every = np.ones((len(levels), len(config.arms)), dtype=np.bool_)
    record = CellRecord(
        codes=cells.spec.code_levels(levels),
        shown=cells.shown,
        visits=cells.visits / max(float(cells.visits.sum()), 1e-300),
        hits=cells.hits,
        pmf=policy.distribution(contexts, every),
        arm=arms_of_cells(baseline, config.context, levels, len(config.arms)),
        floor=policy.floor,
    )
    allowance = find_allowance(record, draws, config.policy.give_up)
    if allowance.share >= 1.0:
        return policy
    return ConservativePolicy(
        arms=policy.arms,
        version=policy.version,
        meta={**policy.meta, "learned_share": round(allowance.share, 4)},
        main=policy,
        baseline=baseline,
        share=allowance.share,
        least=allowance.floor,
    )


def _first_cell(cells: ShownCells, arms: int) -> ShownCells:
    """Return the one cell of visitors of whom nothing is known, before anybody came."""
    levels = np.zeros((1, len(cells.spec.sizes)), dtype=np.int64)
    return ShownCells(cells.spec, levels, np.zeros((1, arms)), np.ones(1), cells.hits)
