"""Rows that a target is defined on, with their weights, splits and groups."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from bandits.arrays import BoolArray, IntArray
from bandits.distribution import uniform_from_keys
from bandits.evaluation.log import Log
from bandits.evaluation.target import Target, TargetProbabilities
from bandits.inference.clusters import groups_of

CV_SPLITS: Final = 5
"""Parts of the cross-fitting; the rows of a subject are all in one."""
CLOSE: Final = 1e-6
"""Largest difference between two probabilities that count as equal."""
_SALT = b"bandits.evaluation.fold"


@dataclass(frozen=True, eq=False)
class TargetRows:
    """The rows of a batch on which a target is defined.

    Attributes:
        log: n rows; a missing reward is 0 here, so that it spoils no sum.
        target: its probabilities on them.
        splits: (n,) in [0, count of splits).
        groups: (n,) of the subjects, None without subjects.
        kept: bool, for each row of the batch whether it is one of these.
        left_out: decisions of the batch that are not kept.
        unrewarded: bool (n,), the reward is missing.
    """

    log: Log
    target: TargetProbabilities
    splits: IntArray
    groups: IntArray | None
    kept: BoolArray
    left_out: int
    unrewarded: BoolArray

    @classmethod
    def of(cls, log: Log, target: Target, start: int = 0, splits: int = CV_SPLITS) -> "TargetRows":
        """Return the rows of a batch.

        Args:
            log: the batch.
            target: the policy asked about.
            start: number of the batch's first row in the whole log.
            splits: count of splits, where the log does not bring its own.
        """
        found, numbers = target(log), np.arange(start, start + len(log))
        kept, left_out = found.kept, round(log.total(~found.kept))
        if not kept.all():
            every = None if found.every is None else found.every[kept]
            numbers, log = numbers[kept], log.rows(kept)
            found = TargetProbabilities(
                np.ones(len(log), dtype=np.bool_), found.logged[kept], every
            )
        groups = None if log.subject is None else groups_of(log.subject)
        places = _splits(log, numbers, splits)
        unrewarded = ~np.isfinite(log.reward)
        log = replace(log, reward=np.where(unrewarded, 0.0, log.reward))
        return cls(log, found, places, groups, kept, left_out, unrewarded)

    def good_propensity(self) -> BoolArray:
        """Return bool (n,): in (0, 1], and that of the logged distribution where there is one."""
        p, pmf = self.log.propensity, self.log.pmf
        good = (p > 0.0) & (p <= 1.0 + CLOSE)
        if pmf is not None:
            good &= np.abs(pmf[np.arange(len(p)), self.log.variant] - p) <= CLOSE
        return np.asarray(good, dtype=np.bool_)

    def bad_target(self) -> BoolArray:
        """Return bool (n,): the target's probabilities are not a distribution."""
        logged, every = self.target.logged, self.target.every
        if every is None:
            return np.asarray(~((logged >= 0.0) & (logged <= 1.0 + CLOSE)), dtype=np.bool_)
        good = (every >= 0.0).all(axis=1) & (np.abs(every.sum(axis=1) - 1.0) <= CLOSE)
        return np.asarray(~good, dtype=np.bool_)


def _splits(log: Log, numbers: IntArray, count: int) -> IntArray:
    if log.splits is not None:
        return log.splits
    keys = uniform_from_keys(numbers if log.subject is None else log.subject, _SALT)
    return ((keys >> np.uint64(20)) % np.uint64(count)).astype(np.int64)
