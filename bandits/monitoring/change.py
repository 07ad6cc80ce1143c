"""Evidence of a change: Shiryaev-Roberts sums over beginnings, one for each size of the change.

Beside each sum runs the largest single product (Page's CUSUM): the step at which it last stood at
zero is the likeliest beginning, and the level of that step is the one before the change.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from bandits.arrays import BoolArray, FloatArray, IntArray
from bandits.monitoring.evidence import add_start, weigh_counts
from bandits.monitoring.terms import DetectorTerms

NEAREST = 0.98
"""Ratio to the null's mean beyond which an alternative never comes nearer."""


@dataclass(frozen=True, eq=False)
class Change:
    """Evidence of a change in each of S streams, for J sizes.

    Attributes:
        sums: (S, J) logarithm of the sum over beginnings.
        best: (S, J) logarithm of the largest product, at least 0.
        began: (S, J) step at which that product begins.
        level: (S, J) before that step.
    """

    sums: FloatArray
    best: FloatArray
    began: IntArray
    level: FloatArray

    @classmethod
    def start(cls, streams: int, sizes: int) -> Self:
        """Return the evidence before the first step: none."""
        shape = (streams, sizes)
        none = np.full(shape, -np.inf)
        return cls(none, np.zeros(shape), np.zeros(shape, dtype=np.int64), np.ones(shape))

    def weigh(
        self,
        step: int,
        observed: FloatArray,
        mean: FloatArray,
        level: FloatArray,
        noise: FloatArray,
        terms: DetectorTerms,
    ) -> Self:
        """Return the evidence after the counts of a step.

        Args:
            step: number of the step.
            observed: (S,) counts.
            mean: (S,) under the null.
            level: (S,) that the mean stands on.
            noise: (S,) relative variance of the mean.
            terms: of the monitor.
        """
        idle = self.best <= 0.0
        began = np.where(idle, step, self.began)
        anchor = np.where(idle, level[:, None], self.level)
        ratio = terms.ratios * anchor / level[:, None]
        ratio = np.maximum(ratio, 1.0 / NEAREST) if terms.rise else np.minimum(ratio, NEAREST)
        logs = weigh_counts(observed[:, None], mean[:, None], ratio, noise[:, None])
        best = np.maximum(self.best + logs, 0.0)
        return type(self)(add_start(self.sums) + logs, best, began, anchor)

    def evidence(self, terms: DetectorTerms) -> FloatArray:
        """Return the logarithm (S,) of the mean over the sizes."""
        most = self.sums.max(axis=1)
        total = np.exp(self.sums - most[:, None]) @ terms.weights
        return np.asarray(most + np.log(total))

    def restart(self, step: int, going: BoolArray) -> Self:
        """Return the evidence without that of streams whose change is going on."""
        if not going.any():
            return self
        where = going[:, None]
        return replace(
            self,
            sums=np.where(where, -np.inf, self.sums),
            best=np.where(where, 0.0, self.best),
            began=np.where(where, step, self.began),
        )
