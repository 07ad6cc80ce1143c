"""Logistic model of a slot: its design with the counts of one fit."""

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
ADMIT = 4.0  # standard errors that the score of an admitted term must exceed


@dataclass(frozen=True, eq=False)
class LogisticModel:
    """Logistic model of the active terms over the (cell, arm) pairs that were exposed.

    Attributes:
        grid: distinct (cell, arm) pairs of the history.
        active: (T,) the terms in use.
    """

    design: Design
    history: CountHistory
    grid: FeatureGrid
    active: BoolArray

    @cached_property
    def ids(self) -> IntArray:
        """Indices of the features (p,) that occur, the intercept first."""
        used = np.zeros(self.design.width + 1, dtype=np.bool_)
        used[self._columns.ravel()] = True
        used[0], used[-1] = True, False
        return np.flatnonzero(used)

    @cached_property
    def rows(self) -> DesignMatrix:
        """Design matrix of the pairs, with features numbered by their index in `ids`."""
        place = np.full(self.design.width + 1, len(self.ids), dtype=np.int64)
        place[self.ids] = np.arange(len(self.ids))
        return DesignMatrix(place[self._columns], len(self.ids))

    @cached_property
    def _columns(self) -> IntArray:
        return self.grid.features[:, np.append(True, self.active)]

    def counts(self, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return exposures and conversions (R,) under weights (n,) of the history's entries.

        Those that the operator's rule is worth are among them, and never age.
        """
        hits = self.grid.sums(weights * self.history.counts[1])
        trials = np.maximum(self.grid.sums(weights * self.history.counts[0]), hits)
        return trials + self.grid.rule[0], hits + self.grid.rule[1]

    def find_mode(
        self,
        counts: tuple[FloatArray, FloatArray],
        prior: NormalPrior,
        start: FloatArray,
        steps: int,
    ) -> PosteriorMode:
        """Find the posterior mode over `ids`, starting from coefficients (P,)."""
        mean, precision = prior.mean[self.ids], prior.precision[self.ids]
        return find_mode(self.rows, *counts, mean, precision, start[self.ids], steps)

    def find_near_mode(
        self,
        counts: tuple[FloatArray, FloatArray],
        prior: NormalPrior,
        start: FloatArray,
        factors: Eigendecomposition,
    ) -> FloatArray:
        """Return approximate coefficients (P,) at the mode of counts; see `laplace.near_mode`."""
        mean, precision = prior.mean[self.ids], prior.precision[self.ids]
        beta = near_mode(self.rows, *counts, mean, precision, start[self.ids], factors, NEAR_STEPS)
        return self.expand(beta, prior)

    def expand(self, beta: FloatArray, prior: NormalPrior) -> FloatArray:
        """Expand coefficients (p,) to all features (P,), with prior means for those unseen."""
        whole = prior.mean.copy()
        whole[self.ids] = beta
        return whole

    def eta(self, beta: FloatArray, rows: IntArray | slice = slice(None)) -> FloatArray:
        """Return the linear predictor of rows under coefficients (P,); inactive terms count 0."""
        live = np.append(np.append(True, self.active)[1 + self.design.term_of], False)
        padded = np.where(live, np.append(beta, 0.0), 0.0)
        return np.asarray(padded[self.grid.features[rows]].sum(axis=1), dtype=np.float64)

    def admit_terms(
        self, counts: tuple[FloatArray, FloatArray], beta: FloatArray, room: int
    ) -> BoolArray:
        """Return the terms in use (T,) with those added that the data support.

        The test is the score test of a variance component (Lin 1997, Biometrika 84): under scale
        0 the sum over a term's features of squared scores less their variances is about 0. Terms
        are added in the order of their z while there is room for their features.

        Args:
            counts: exposures and conversions (R,).
            beta: coefficients (P,).
            room: features that admitted terms may have together.
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
