"""A logistic model that grows by one column at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2, norm

from bandits.arrays import FloatArray
from nudge.models.factors.firth import LogisticFit, fit_logistic, log_likelihood, score_tests


@dataclass(frozen=True, eq=False)
class GrowingModel:
    """A model of who left, as it is now.

    Attributes:
        columns: (n, k) of the model, the intercept first.
        left: (n,) 1 or 0.
        fit: of these columns.
    """

    columns: FloatArray
    left: FloatArray
    fit: LogisticFit

    @classmethod
    def of(cls, columns: FloatArray, left: FloatArray) -> GrowingModel:
        """Fit the model of some columns (n, k)."""
        return cls(columns, left, fit_logistic(columns, left))

    def grown(self, column: FloatArray) -> GrowingModel:
        """Return the model with one more column (n,)."""
        columns = np.column_stack([self.columns, column])
        fit = fit_logistic(columns, self.left, self.fit.beta)
        return GrowingModel(columns, self.left, fit)

    def scores(self, more: FloatArray) -> FloatArray:
        """Return the plain p (m,) of columns (n, m) beside the model, each by itself."""
        z = score_tests(self.fit, self.columns, more, self.left)
        return np.asarray(2.0 * norm.sf(np.abs(z)), dtype=np.float64)

    def p_of(self, grown: GrowingModel) -> float:
        """Return the p of a grown model's last column by the likelihood ratio.

        A score that rests on few people has a longer tail than the normal one; the likelihood
        ratio's is near the exact one.
        """
        gain = log_likelihood(grown.fit, self.left) - log_likelihood(self.fit, self.left)
        return float(chi2.sf(2.0 * max(gain, 0.0), 1))
