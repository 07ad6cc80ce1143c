"""Scores of contacts: for each person an unbiased number of what a contact adds."""

from __future__ import annotations

from typing import Final

import numpy as np

from bandits.arrays import BoolArray, FloatArray, IntArray
from nudge.domain.winback.contact_table import ContactTable
from nudge.models.uplift.ridge import RegressionSums, RidgeFit, fit_ridge

FOLDS: Final = 10


def draw_folds(people: int, seed: int) -> IntArray:
    """Draw the fold of each person (n,), of `FOLDS` folds of nearly equal size."""
    rng = np.random.default_rng((71, seed))
    return np.asarray(rng.permutation(people) % FOLDS, dtype=np.int64)


def contact_scores(table: ContactTable, columns: FloatArray, folds: IntArray) -> FloatArray:
    """Return the score of each person (n,); their mean is the increment of a contact.

    Augmented inverse propensity weighting: the difference of two predictions, plus the person's own
    surprise divided by the chance of what happened to it (J. Robins, A. Rotnitzky, L. Zhao, 1994).
    Predictions of a fold come from the other folds. The chance is the campaign's share.

    Args:
        table: people.
        columns: (n, k) of a model.
        folds: (n,) fold of each.
    """
    share = float(table.contacted.mean())
    sums = {
        (fold, side): _sums(table, columns, (folds == fold) & (table.contacted == side))
        for fold in range(FOLDS)
        for side in (False, True)
    }
    found = np.zeros(len(table))
    for fold in range(FOLDS):
        rows = folds == fold
        without, with_ = (_fit_others(sums, fold, side) for side in (False, True))
        found[rows] = _scores(
            table.outcome[rows],
            table.contacted[rows],
            (without.predict(columns[rows]), with_.predict(columns[rows])),
            share,
        )
    return found


def _scores(
    outcome: FloatArray,
    contacted: BoolArray,
    expected: tuple[FloatArray, FloatArray],
    share: float,
) -> FloatArray:
    without, with_ = expected
    surprise = np.where(contacted, (outcome - with_) / share, -(outcome - without) / (1.0 - share))
    return np.asarray(with_ - without + surprise, dtype=np.float64)


def _fit_others(
    sums: dict[tuple[int, bool], RegressionSums],
    fold: int,
    side: bool,  # noqa: FBT001 - a key
) -> RidgeFit:
    return fit_ridge(added([sums[n, side] for n in range(FOLDS) if n != fold]))


def _sums(table: ContactTable, columns: FloatArray, rows: BoolArray) -> RegressionSums:
    return RegressionSums.of(columns[rows], table.outcome[rows])


def added(parts: list[RegressionSums]) -> RegressionSums:
    """Add sums of disjoint people; there is at least one part."""
    found = parts[0]
    for one in parts[1:]:
        found = found + one
    return found
