"""Whether a log can answer the question at all."""

from dataclasses import dataclass

import numpy as np

from bandits.arrays import BoolArray, FloatArray, IntArray
from bandits.evaluation.estimator import ratio
from bandits.evaluation.log import Log
from bandits.evaluation.target import Aim
from bandits.inference.moments import Moments

LEAST_ESS = 30.0
LEAST_SHARE = 0.001  # ess / n: a target that the log saw in less than one row of a thousand
WEIGHT_ERRORS = 4.0  # standard errors that the mean weight may be off; by chance 1 in 16,000
WEIGHT_SLACK = 0.01
MOST_UNSUPPORTED = 0.01
_CLOSE = 1e-6


@dataclass(frozen=True, eq=False)
class Diagnostics:
    """Sums over the rows of a log, which add.

    Attributes:
        weights: moments of (1, w).
        weight_square: sum of w^2.
        reward: sum of the rewards.
        max_weight: the largest weight.
        target_mass: the target's probability summed over rows where the log tells what could
            have been drawn.
        unsupported_mass: the part of it on variants that could not.
        left_out: rows on which the target is not defined.
        bad_propensity: rows whose propensity is not in (0, 1] or is not that of the logged pmf.
        bad_reward: rows whose reward is missing.
        bad_target: rows whose target probabilities are no distribution.
        shares: whether every reward is 0 or 1.
        positive: whether no reward is negative.
    """

    weights: Moments
    weight_square: float = 0.0
    reward: float = 0.0
    max_weight: float = 0.0
    target_mass: float = 0.0
    unsupported_mass: float = 0.0
    left_out: int = 0
    bad_propensity: int = 0
    bad_reward: int = 0
    bad_target: int = 0
    shares: bool = True
    positive: bool = True

    @classmethod
    def empty(cls) -> "Diagnostics":
        """Of no rows."""
        return cls(Moments.empty(2))

    @classmethod
    def of(
        cls, log: Log, aim: Aim, weights: FloatArray, left_out: int, groups: IntArray | None = None
    ) -> "Diagnostics":
        """Of a batch of kept rows with their weights (n,)."""
        mass, unsupported = _support(log, aim)
        known = np.isfinite(log.reward)
        return cls(
            Moments.from_columns(np.stack([np.ones(len(log)), weights], axis=1), groups),
            float((weights**2).sum()),
            float(log.reward[known].sum()),
            float(weights.max(initial=0.0)),
            mass,
            unsupported,
            left_out,
            int(np.count_nonzero(~good_propensity(log))),
            int(np.count_nonzero(~known)),
            _bad_targets(aim),
            bool(np.isin(log.reward[known], (0.0, 1.0)).all()),
            bool((log.reward[known] >= 0.0).all()),
        )

    def __add__(self, other: "Diagnostics") -> "Diagnostics":
        """Of both parts."""
        return Diagnostics(
            self.weights + other.weights,
            self.weight_square + other.weight_square,
            self.reward + other.reward,
            max(self.max_weight, other.max_weight),
            self.target_mass + other.target_mass,
            self.unsupported_mass + other.unsupported_mass,
            self.left_out + other.left_out,
            self.bad_propensity + other.bad_propensity,
            self.bad_reward + other.bad_reward,
            self.bad_target + other.bad_target,
            self.shares and other.shares,
            self.positive and other.positive,
        )

    @property
    def n(self) -> int:
        """Rows that the target is defined on."""
        return self.weights.rows

    @property
    def ess(self) -> float:
        """Effective sample size (sum w)^2 / sum w^2, in rows (Kish 1965)."""
        total = float(self.weights.total[1])
        return total**2 / self.weight_square if self.weight_square > 0.0 else 0.0

    @property
    def mean_weight(self) -> float:
        """Mean weight; 1 up to chance where propensities are right and overlap is full."""
        return ratio(float(self.weights.total[1]), float(self.weights.total[0]))

    @property
    def mean_weight_error(self) -> float:
        """Standard error of the mean weight."""
        if not self.n:
            return float("inf")
        return self.weights.spread(np.array([-self.mean_weight, 1.0]) / self.n)

    @property
    def unsupported(self) -> float | None:
        """Share of the target's mass on what could not be drawn; None where the log is silent."""
        return self.unsupported_mass / self.target_mass if self.target_mass > 0.0 else None

    def why(self) -> str | None:
        """The reason why the log cannot answer, None where it can."""
        if not self.n:
            return "no row of the log fits the question"
        for count, what in (
            (self.bad_propensity, "a propensity outside (0, 1] or unlike the logged distribution"),
            (self.bad_reward, "no reward"),
            (self.bad_target, "target probabilities that are no distribution"),
        ):
            if count:
                return f"{count} of {self.n} rows have {what}"
        return self._thin() or self._off()

    def _thin(self) -> str | None:
        if self.unsupported is not None and self.unsupported > MOST_UNSUPPORTED:
            return (
                f"{self.unsupported:.0%} of the target's choices could not have been made in the "
                "log, whatever the draw"
            )
        if self.ess < LEAST_ESS:
            return (
                f"the log is worth {self.ess:.1f} rows for this target; "
                f"at least {LEAST_ESS:.0f} are needed"
            )
        if self.weights.clusters < LEAST_ESS:
            return f"the log has {self.weights.clusters} subjects; at least 30 are needed"
        if self.ess < LEAST_SHARE * self.n:
            return (
                f"the log is worth {self.ess:.0f} of its {self.n} rows for this target, "
                f"less than {LEAST_SHARE:.1%}"
            )
        return None

    def _off(self) -> str | None:
        off = abs(self.mean_weight - 1.0)
        if off <= max(WEIGHT_SLACK, WEIGHT_ERRORS * self.mean_weight_error):
            return None
        return (
            f"the mean weight is {self.mean_weight:.3f} and not 1: propensities are wrong, or the "
            "target chooses what the log never tried"
        )


def good_propensity(log: Log) -> BoolArray:
    """Bool (n,): in (0, 1], and that of the logged distribution where there is one."""
    p = log.propensity
    good = (p > 0.0) & (p <= 1.0 + _CLOSE)
    if log.pmf is not None:
        logged = log.pmf[np.arange(len(log)), log.variant]
        good &= np.abs(logged - p) <= _CLOSE
    return np.asarray(good, dtype=np.bool_)


def _support(log: Log, aim: Aim) -> tuple[float, float]:
    if aim.every is None or (log.pmf is None and log.eligible is None):
        return 0.0, 0.0
    return float(aim.every.sum()), float(aim.every[~log.possible()].sum())


def _bad_targets(aim: Aim) -> int:
    if aim.every is None:
        good = (aim.logged >= 0.0) & (aim.logged <= 1.0 + _CLOSE)
    else:
        good = (aim.every >= 0.0).all(axis=1) & (np.abs(aim.every.sum(axis=1) - 1.0) <= _CLOSE)
    return int(np.count_nonzero(~good))
