"""A slot's design together with the data of one fit: the modes of weighted counts."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bandits.arrays import BoolArray, FloatArray, IntArray
from bandits.learners.auto.design import Design
from bandits.learners.auto.history import CountHistory, FeatureGrid
from bandits.learners.auto.laplace import (
    DesignMatrix,
    Eigendecomposition,
    PosteriorMode,
    find_mode,
    near_mode,
)
from bandits.learners.auto.prior import NormalPrior

NEAR_STEPS = 5
ADMIT = 4.0  # standard errors by which a further term must speak


@dataclass(frozen=True, eq=False)
class LogisticModel:
    """The active terms over the rows that were seen.

    Attributes:
        design: all terms.
        history: the counts.
        grid: the distinct (cell, arm) of the history.
        active: (T,) the terms in use.
    """

    design: Design
    history: CountHistory
    grid: FeatureGrid
    active: BoolArray

    @cached_property
    def ids(self) -> IntArray:
        """The features (p,) that occur, the intercept first."""
        used = np.zeros(self.design.width + 1, dtype=np.bool_)
        used[self._columns.ravel()] = True
        used[0], used[-1] = True, False
        return np.flatnonzero(used)

    @cached_property
    def rows(self) -> DesignMatrix:
        """The rows, with features numbered by their place in `ids`."""
        place = np.full(self.design.width + 1, len(self.ids), dtype=np.int64)
        place[self.ids] = np.arange(len(self.ids))
        return DesignMatrix(place[self._columns], len(self.ids))

    @cached_property
    def _columns(self) -> IntArray:
        return self.grid.features[:, np.append(True, self.active)]

    def counts(self, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Exposures and conversions (R,) under weights (n,) of the history's entries."""
        hits = self.grid.sums(weights * self.history.counts[1])
        return np.maximum(self.grid.sums(weights * self.history.counts[0]), hits), hits

    def find_mode(
        self,
        counts: tuple[FloatArray, FloatArray],
        prior: NormalPrior,
        start: FloatArray,
        steps: int,
    ) -> PosteriorMode:
        """The mode over `ids`, from coefficients (P,)."""
        mean, precision = prior.mean[self.ids], prior.precision[self.ids]
        return find_mode(self.rows, *counts, mean, precision, start[self.ids], steps)

    def find_near_mode(
        self,
        counts: tuple[FloatArray, FloatArray],
        prior: NormalPrior,
        start: FloatArray,
        factors: Eigendecomposition,
    ) -> FloatArray:
        """About the mode (P,) of other counts, by the factors of another mode's information."""
        mean, precision = prior.mean[self.ids], prior.precision[self.ids]
        beta = near_mode(self.rows, *counts, mean, precision, start[self.ids], factors, NEAR_STEPS)
        return self.expand(beta, prior)

    def expand(self, beta: FloatArray, prior: NormalPrior) -> FloatArray:
        """Coefficients (P,) of those (p,): what did not occur has its prior mean."""
        whole = prior.mean.copy()
        whole[self.ids] = beta
        return whole

    def eta(self, beta: FloatArray, rows: IntArray | slice = slice(None)) -> FloatArray:
        """The linear predictor of some rows under coefficients (P,); inactive terms have 0."""
        live = np.append(np.append(True, self.active)[1 + self.design.term_of], False)
        padded = np.where(live, np.append(beta, 0.0), 0.0)
        return np.asarray(padded[self.grid.features[rows]].sum(axis=1), dtype=np.float64)

    def admit_terms(
        self, counts: tuple[FloatArray, FloatArray], beta: FloatArray, room: int
    ) -> BoolArray:
        """The active terms and those further ones for which the data speak.

        The score test of a variance component (Lin 1997, Biometrika 84): under scale 0 the sum
        over the term's features of squared scores less their variances is about 0. Terms are
        admitted in the order of their z while there is room for their features.
        """
        trials, hits = counts
        rate = 1.0 / (1.0 + np.exp(-self.eta(beta)))
        residual, weight = hits - trials * rate, trials * rate * (1.0 - rate)
        active = self.active.copy()
        room -= sum(self.design.terms[t].width for t in np.flatnonzero(active & ~self.design.first))
        z = {t: self._z(t, residual, weight) for t in np.flatnonzero(~active).tolist()}
        for t in sorted(z, key=lambda t: -z[t]):
            wide = self.design.terms[t].width
            if z[t] > ADMIT and wide <= room:
                active[t], room = True, room - wide
        return active

    def _z(self, term: int, residual: FloatArray, weight: FloatArray) -> float:
        column = self.grid.features[:, term + 1]
        score = np.bincount(column, residual, self.design.width + 1)[:-1]
        information = np.bincount(column, weight, self.design.width + 1)[:-1]
        spread = float(np.sqrt(2.0 * (information**2).sum()))
        return float((score**2 - information).sum()) / spread if spread > 0.0 else 0.0
