"""A batch made ready: the rows that the target is defined on, their weights, folds and groups."""

from dataclasses import dataclass, replace

import numpy as np

from bandits.arrays import FloatArray, IntArray
from bandits.distribution import uniform_from_keys
from bandits.evaluation.diagnostics import good_propensity
from bandits.evaluation.log import Log
from bandits.evaluation.target import Aim, Target
from bandits.inference.clusters import groups_of

_SALT = b"bandits.evaluation.fold"


@dataclass(frozen=True, eq=False)
class Rows:
    """The kept rows of a batch.

    Attributes:
        log: n of them.
        aim: the target on them.
        folds: (n,) by hash of the subject, or of the row's number.
        groups: (n,) of the subjects, None without subjects.
        left_out: rows of the batch that were not kept.
    """

    log: Log
    aim: Aim
    folds: IntArray
    groups: IntArray | None
    left_out: int

    @classmethod
    def of(cls, log: Log, target: Target, start: int, folds: int) -> "Rows":
        """The rows of a batch whose first one has the number `start` in the whole log."""
        aim = target(log)
        left_out = int(np.count_nonzero(~aim.kept))
        numbers = np.arange(start, start + len(log))
        if left_out:
            every = None if aim.every is None else aim.every[aim.kept]
            numbers, log = numbers[aim.kept], log.rows(aim.kept)
            aim = Aim(np.ones(len(log), dtype=np.bool_), aim.logged[aim.kept], every)
        keys = uniform_from_keys(numbers if log.subject is None else log.subject, _SALT)
        places = ((keys >> np.uint64(20)) % np.uint64(folds)).astype(np.int64)
        groups = None if log.subject is None else groups_of(log.subject)
        return cls(log, aim, places, groups, left_out)

    def weights(self) -> FloatArray:
        """Target probability / propensity (n,); 0 where the propensity cannot be one."""
        good = good_propensity(self.log)
        return np.where(good, self.aim.logged / np.where(good, self.log.propensity, 1.0), 0.0)

    def clean(self) -> Log:
        """The log with 0 for missing rewards: they are counted, and spoil no sum on the way."""
        rewards = np.nan_to_num(self.log.reward, posinf=0.0, neginf=0.0)
        return replace(self.log, reward=rewards)
