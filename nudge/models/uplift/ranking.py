"""The ranking of people by what a contact adds, and places in it of people whom it did not see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from bandits.arrays import FloatArray, IntArray
from nudge.domain.winback.contact_effect import TOP
from nudge.models.factors.terms import FactorTable
from nudge.models.uplift.columns import ColumnPlan
from nudge.models.uplift.contact_scores import FOLDS
from nudge.models.uplift.ridge import RegressionSums, RidgeFit, fit_ridge

FIFTHS: Final = round(1.0 / TOP)
FIRST: Final = 2
"""Folds by which the next one is ranked first; their own people are not ranked."""


@dataclass(frozen=True, eq=False)
class UpliftModel:
    """A model of what a contact adds.

    Attributes:
        plan: of its columns.
        fit: line through the scores.
    """

    plan: ColumnPlan
    fit: RidgeFit

    def score(self, table: FactorTable) -> FloatArray:
        """Return what a contact is expected to add for each person (n,)."""
        return self.fit.predict(self.plan.columns(table))


def forward_fifths(columns: FloatArray, scores: FloatArray, folds: IntArray, seed: int) -> IntArray:
    """Return the fifth of each person (n,), ranked by earlier folds alone; -1 in the first folds.

    Given the earlier folds a fifth's mean score has no bias: each fold is a step of a martingale,
    so that intervals and tests hold (A. Luedtke, M. van der Laan, Annals of Statistics 2016,
    section 4). Ranking each fold by all others would use more people, but folds then repeat each
    other's chance: the error of the first fifth was a quarter larger than its standard error.

    Args:
        columns: (n, k) of the model.
        scores: (n,) of contacts.
        folds: (n,) fold of each person.
        seed: of the order among equals.
    """
    rng = np.random.default_rng((72, seed))
    found = np.full(len(scores), -1, dtype=np.int64)
    seen = RegressionSums.of(columns[folds < FIRST], scores[folds < FIRST])
    for fold in range(FIRST, FOLDS):
        rows = np.flatnonzero(folds == fold)
        found[rows] = fifths_of(fit_ridge(seen).predict(columns[rows]), rng)
        seen = seen + RegressionSums.of(columns[rows], scores[rows])
    return found


def fifths_of(expected: FloatArray, rng: np.random.Generator) -> IntArray:
    """Return the fifth of each person (n,), 0 for the largest; chance orders equals."""
    order = np.lexsort((rng.random(len(expected)), -expected))
    found = np.empty(len(expected), dtype=np.int64)
    found[order] = np.arange(len(expected)) * FIFTHS // max(len(expected), 1)
    return found
