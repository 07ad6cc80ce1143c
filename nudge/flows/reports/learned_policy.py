"""Distributions of a policy over a slot's cells; a learner is first fitted to other visitors'."""

from __future__ import annotations

import numpy as np

from bandits.arrays import FloatArray
from bandits.config import LearnerConfig
from bandits.contract import Policy
from bandits.counts import CountTable
from bandits.errors import ConfigError
from bandits.evaluation import CV_SPLITS
from bandits.features import CellSpec
from bandits.learners import fit
from nudge.domain.reports.target_policy import StoredPolicy, TargetLearner, chooser
from nudge.errors import InvalidRequestError
from nudge.lake.evaluation.cell_log import CellLog


def policy_distribution(log: CellLog, policy: StoredPolicy | TargetLearner) -> FloatArray:
    """Return the policy's distribution (C, K); a learner's comes from the cell's other splits.

    Raises:
        InvalidRequestError: MABWiser refuses the learner's parameters.
    """
    if isinstance(policy, StoredPolicy):
        return chooser(policy, log.variants)(log.contexts(policy.attributes), log.eligible)
    config, found = policy.config, np.zeros(log.eligible.shape)
    seen = log.contexts(config.context)
    for split in range(CV_SPLITS):
        inside = log.splits == split
        choose = chooser(StoredPolicy(_fit(log, config, split), config.context), log.variants)
        contexts = {name: column[inside] for name, column in seen.items()}
        found[inside] = choose(contexts, log.eligible[inside])
    return found


def _fit(log: CellLog, config: LearnerConfig, split: int) -> Policy:
    try:
        return fit(config, _counts(log, config, split), 0.0, seed=split)
    except ConfigError as error:
        # What MABWiser itself refuses, such as an epsilon above 1.
        raise InvalidRequestError(f"target: {error}", {"target": [str(error)]}) from error


def _counts(log: CellLog, config: LearnerConfig, split: int) -> CountTable:
    """Count what the visitors of all other splits did."""
    spec = CellSpec.build(config.context, config.policy.max_cells)
    arms = list(config.names)
    places = np.array([arms.index(v) if v in arms else -1 for v in log.variants], dtype=np.int64)
    cells = spec.cells(log.contexts(config.context), len(log.found))
    names = ("rows", "conversions", "value", "square")
    sums = np.stack([log.column(name) for name in names], axis=1)
    used = np.flatnonzero((log.splits != split) & (places[log.arms] >= 0))
    return CountTable.from_rows(
        (0, str(cells[i]), int(places[log.arms[i]]), int(n), int(hits), int(fen), int(square))
        for i, (n, hits, fen, square) in zip(used, sums[used], strict=True)
    )
