"""Estimators of a target's mean reward, as functions of the sums of a log."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from bandits.arrays import FloatArray
from bandits.evaluation.sums import COLUMNS, WeightedSums
from bandits.inference.interval import Estimate, RewardKind, mean_interval

Ratio = tuple[str, str]
"""A sum over another one, both named as in COLUMNS."""


@dataclass(frozen=True)
class Estimator:
    """An estimator: ratios of sums, added up.

    Attributes:
        ratios: that make up the value.
        fitted: that do not: they carry the chance in the model's coefficients.
        weighted: it rests on the effective number of rows, not on all of them.
    """

    ratios: tuple[Ratio, ...]
    fitted: tuple[Ratio, ...] = ()
    weighted: bool = True

    @property
    def modelled(self) -> bool:
        """Whether it needs a reward model."""
        return any(top in COLUMNS[3:] for top, _ in self.ratios)

    def linear(self, total: FloatArray) -> tuple[float, FloatArray]:
        """Return the value and its derivatives by the sums `total` (6,) of COLUMNS."""
        sums, value = dict(zip(COLUMNS, total.tolist(), strict=True)), 0.0
        derivatives = dict.fromkeys(COLUMNS, 0.0)
        for top, bottom in self.ratios:
            part, scale = divide(sums[top], sums[bottom]), _inverse(sums[bottom])
            value += part
            derivatives[top] += scale
            derivatives[bottom] -= part * scale
        for top, bottom in self.fitted:
            derivatives[top] += _inverse(sums[bottom])
        return value, np.array(list(derivatives.values()))

    def error(self, sums: WeightedSums) -> float:
        """Return the standard error, clustered by subject."""
        return sums.moments.spread(self.linear(sums.moments.total)[1])

    def estimate(
        self, sums: WeightedSums, *, level: float = 0.95, effective: float | None = None
    ) -> Estimate:
        """Return the value with its interval.

        Args:
            sums: of the log.
            level: coverage.
            effective: effective number of rows; the number of clusters where None, or fewer.
        """
        value, _ = self.linear(sums.moments.total)
        kind: RewardKind = "share" if sums.shares else "positive" if sums.positive else "any"
        clusters = float(sums.moments.clusters)
        worth = clusters if effective is None else min(effective, clusters)
        return mean_interval(value, self.error(sums), level=level, effective=worth, kind=kind)


ESTIMATORS: Final[Mapping[str, Estimator]] = {
    # (1 / n) sum w r (Horvitz and Thompson 1952). Unbiased; its noise grows with w.
    "ips": Estimator((("reward", "rows"),)),
    # sum w r / sum w (Hajek 1971; Swaminathan and Joachims 2015, section 4). It stays within the
    # range of the rewards and does not move when they are shifted; its bias is of order 1 / n.
    "snips": Estimator((("reward", "weight"),)),
    # The mean of the model's reward under the target. Its interval holds the chance in the rows
    # and in the coefficients, but not the error of a model of the wrong form.
    "dm": Estimator((("expected", "rows"),), (("pull", "rows"),), weighted=False),
    # (1 / n) sum (expected + w (r - m)) (Dudik, Langford and Li 2011, eq. 3). With exact
    # propensities unbiased whatever the model; a good model takes noise away.
    "dr": Estimator((("expected", "rows"), ("surprise", "rows"))),
    # Mean of expected + sum w (r - m) / sum w (Thomas and Brunskill 2016, WDR).
    "sndr": Estimator((("expected", "rows"), ("surprise", "weight"))),
}
"""The estimators by the names of the answer."""


def divide(top: float, bottom: float) -> float:
    """Return the quotient; NaN where there is nothing to divide by."""
    return float(top / bottom) if bottom > 0.0 else float("nan")


def _inverse(bottom: float) -> float:
    return 1.0 / bottom if bottom > 0.0 else 1.0
