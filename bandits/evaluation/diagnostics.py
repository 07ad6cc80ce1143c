"""Diagnostics: whether a log can answer for a target at all."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bandits.evaluation.estimators import divide
from bandits.evaluation.sums import COLUMNS, Support, WeightedSums

LEAST_ESS = 30.0
LEAST_SHARE = 0.001  # ess / n: a target that the log saw in less than one row of a thousand
WEIGHT_ERRORS = 4.0  # standard errors that the mean weight may be off; by chance 1 in 16,000
WEIGHT_SLACK = 0.01
MOST_UNSUPPORTED = 0.01


class Refusal(NamedTuple):
    """A reason why a log cannot answer.

    Attributes:
        code: `no_rows`, `bad_rows`, `unsupported`, `few_rows`, `few_subjects`, `rare` or
            `weights_off`.
        text: the reason in words.
    """

    code: str
    text: str


@dataclass(frozen=True, eq=False)
class Diagnostics:
    """Effective sample, weights and flaws of a log for one target, and the verdict on them."""

    support: Support
    sums: WeightedSums

    @property
    def n(self) -> int:
        """Rows that the target is defined on."""
        return self.sums.moments.rows

    @property
    def left_out(self) -> int:
        """Rows that it is not defined on."""
        return self.support.left_out

    @property
    def max_weight(self) -> float:
        """The largest weight."""
        return self.sums.max_weight

    @property
    def ess(self) -> float:
        """Effective sample size (sum w)^2 / sum w^2, in rows (Kish 1965)."""
        square = self.sums.weight_square
        return self._total("weight") ** 2 / square if square > 0.0 else 0.0

    @property
    def mean_weight(self) -> float:
        """Mean weight; 1 up to chance where propensities are right and overlap is full."""
        return divide(self._total("weight"), self._total("rows"))

    @property
    def mean_weight_error(self) -> float:
        """Standard error of the mean weight."""
        if not self.n:
            return float("inf")
        derivatives = {"rows": -self.mean_weight / self.n, "weight": 1.0 / self.n}
        return self.sums.moments.spread(np.array([derivatives.get(x, 0.0) for x in COLUMNS]))

    @property
    def unsupported(self) -> float | None:
        """Share of the target's mass on what could not be drawn; None where the log is silent."""
        mass = self.support.target_mass
        return self.support.unsupported_mass / mass if mass > 0.0 else None

    def why(self) -> str | None:
        """Return the reason why the log cannot answer, in words; None where it can."""
        found = self.refusal()
        return None if found is None else found.text

    def refusal(self) -> Refusal | None:
        """Return the reason why the log cannot answer; None where it can."""
        if not self.n:
            return Refusal("no_rows", "no row of the log fits the question")
        for count, what in (
            (
                self.sums.bad_propensity,
                "a propensity outside (0, 1] or unlike the logged distribution",
            ),
            (self.sums.bad_reward, "no reward"),
            (self.support.bad_target, "target probabilities that are no distribution"),
        ):
            if count:
                return Refusal("bad_rows", f"{count} of {self.n} rows have {what}")
        return self._thin() or self._off()

    def _thin(self) -> Refusal | None:
        if self.unsupported is not None and self.unsupported > MOST_UNSUPPORTED:
            text = (
                f"{self.unsupported:.0%} of the target's choices could not have been made in the "
                "log, whatever the draw"
            )
            return Refusal("unsupported", text)
        if self.ess < LEAST_ESS:
            text = f"the log is worth {self.ess:.1f} rows for this target; "
            return Refusal("few_rows", f"{text}at least {LEAST_ESS:.0f} are needed")
        if self.sums.moments.clusters < LEAST_ESS:
            text = f"the log has {self.sums.moments.clusters} subjects; at least 30 are needed"
            return Refusal("few_subjects", text)
        if self.ess < LEAST_SHARE * self.n:
            text = f"the log is worth {self.ess:.0f} of its {self.n} rows for this target, "
            return Refusal("rare", f"{text}less than {LEAST_SHARE:.1%}")
        return None

    def _off(self) -> Refusal | None:
        off = abs(self.mean_weight - 1.0)
        if off <= max(WEIGHT_SLACK, WEIGHT_ERRORS * self.mean_weight_error):
            return None
        text = (
            f"the mean weight is {self.mean_weight:.3f} and not 1: propensities are wrong, or the "
            "target chooses what the log never tried"
        )
        return Refusal("weights_off", text)

    def _total(self, column: str) -> float:
        return float(self.sums.moments.total[COLUMNS.index(column)])
