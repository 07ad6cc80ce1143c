"""The told model: at most twelve rules that rank people by their chance to leave.

Terms are taken one by one, each the one with the largest score statistic, as long as that is
larger than the largest of so many would be by chance; then exchanged where another tells more
(forward selection with exchange: A. Miller, Subset Selection in Regression, 2002, section 3.4).
The weights are those of a ridge regression with a weak penalty.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import expit
from scipy.stats import chi2
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from bandits.arrays import FloatArray
from nudge.domain.care.factors.findings import ToldModel, ToldRule
from nudge.domain.care.factors.people_table import PeopleTable
from nudge.models.factors.firth import LogisticFit, score_tests
from nudge.models.factors.terms import Term, single_terms

MOST: Final = 12
FOLDS: Final = 5
CHANCE: Final = 0.05
"""Chance that a term enters though none tells anything."""
EXCHANGES: Final = 12
GAIN: Final = 0.5
"""Least gain of the log likelihood by an exchange."""
RIDGE: Final = 1.0
ROWS: Final = 20_000
"""Most people by whom terms are chosen; weights are those of all."""
PairSearch = Callable[[PeopleTable], Sequence[Term]]
"""Finds the pairs that are real in a table, as terms."""


@dataclass(frozen=True, eq=False)
class TermModel:
    """A model of k terms, fitted.

    Attributes:
        terms: of the model.
        weights: (k,) log odds of one unit of each.
        base: log odds where every term is 0.
    """

    terms: tuple[Term, ...]
    weights: FloatArray
    base: float

    def score(self, table: PeopleTable) -> FloatArray:
        """Return the log odds of each person (n,)."""
        if not self.terms:
            return np.full(len(table), self.base)
        return self.base + _columns(self.terms, table) @ self.weights


def tell_model(
    table: PeopleTable, pairs: Sequence[Term], search: PairSearch, seed: int = 0
) -> ToldModel:
    """Choose and fit the rules, and measure them in five folds.

    Args:
        table: people.
        pairs: terms of pairs that were found real.
        search: finds such pairs in the people of the other folds.
        seed: of the folds, and of the people by whom terms are chosen.
    """
    rng = np.random.default_rng(seed)
    chosen = fit_terms(table, pairs, rng)
    auc = cross_auc(table, search, seed) if chosen.terms else None
    rules = [
        ToldRule(one.shape, one.conditions(table), float(np.exp(weight)))
        for one, weight in zip(chosen.terms, chosen.weights, strict=True)
    ]
    return ToldModel(float(expit(chosen.base)), tuple(rules), auc)


def cross_auc(table: PeopleTable, search: PairSearch, seed: int = 0) -> float:
    """Return the mean AUC of five folds; pairs and rules of each are chosen without it."""
    rng = np.random.default_rng(seed)
    table = _sample(table, rng)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    found = []
    for fit, held in folds.split(table.left, table.left):
        others = table.take(fit)
        model = fit_terms(others, search(others), rng)
        rest = table.take(held)
        found.append(float(roc_auc_score(rest.left, model.score(rest))))
    return float(np.mean(found))


def fit_terms(table: PeopleTable, pairs: Sequence[Term], rng: np.random.Generator) -> TermModel:
    """Choose at most twelve terms, and fit their weights.

    Args:
        table: people.
        pairs: terms besides those of single factors.
        rng: draws the people by whom terms are chosen, where there are many.
    """
    terms = [*single_terms(table), *pairs]
    sample = _sample(table, rng)
    chosen = _Selection(_columns(terms, sample), sample.left.astype(np.float64)).choose()
    kept = tuple(terms[n] for n in chosen)
    if not kept:
        share = float(table.left.mean())
        return TermModel((), np.zeros(0), float(np.log(share / (1.0 - share))))
    columns = _columns(kept, table)
    middle, spread = columns.mean(axis=0), np.maximum(columns.std(axis=0), 1e-9)
    model = LogisticRegression(C=1.0 / RIDGE, tol=1e-6, max_iter=500)
    model.fit((columns - middle) / spread, table.left)
    weights = model.coef_[0] / spread
    return TermModel(kept, weights, float(model.intercept_[0] - middle @ weights))


def _sample(table: PeopleTable, rng: np.random.Generator) -> PeopleTable:
    if len(table) <= ROWS:
        return table
    return table.take(np.sort(rng.choice(len(table), ROWS, replace=False)))


def _columns(terms: Sequence[Term], table: PeopleTable) -> FloatArray:
    if not terms:
        return np.zeros((len(table), 0))
    return np.column_stack([one.column(table) for one in terms])


class _Selection:
    """The choice among the columns of candidates (n, m)."""

    def __init__(self, columns: FloatArray, left: FloatArray) -> None:
        spread = np.maximum(columns.std(axis=0), 1e-9)
        self._columns = (columns - columns.mean(axis=0)) / spread
        self._left = left
        self._least = float(chi2.isf(CHANCE / max(columns.shape[1], 1), 1))
        self._fits: dict[tuple[int, ...], tuple[LogisticFit, float]] = {}

    def choose(self) -> list[int]:
        """Return the places of the terms, in the order in which they were taken."""
        chosen: list[int] = []
        while len(chosen) < min(MOST, self._columns.shape[1]):
            gains = self._gains(chosen)
            best = int(gains.argmax())
            if gains[best] <= self._least:
                break
            chosen.append(best)
        return self._exchanged(chosen)

    def _exchanged(self, chosen: list[int]) -> list[int]:
        for _ in range(EXCHANGES if chosen else 0):
            now = self._fit(chosen)[1]
            others = [one for place in range(len(chosen)) for one in self._exchanges(chosen, place)]
            best = max(others, key=lambda one: self._fit(one)[1])
            if self._fit(best)[1] <= now + GAIN:
                break
            chosen = best
        return chosen

    def _exchanges(self, chosen: list[int], place: int) -> list[list[int]]:
        rest = chosen[:place] + chosen[place + 1 :]
        gains = self._gains(rest)
        gains[chosen[place]] = 0.0
        best = int(gains.argmax())
        return [[*chosen[:place], best, *chosen[place + 1 :]]]

    def _gains(self, chosen: list[int]) -> FloatArray:
        fit, _ = self._fit(chosen)
        gains = score_tests(fit, self._design(chosen), self._columns, self._left) ** 2
        gains[chosen] = 0.0
        return gains

    def _design(self, chosen: Sequence[int]) -> FloatArray:
        return np.column_stack([np.ones(len(self._left)), self._columns[:, list(chosen)]])

    def _fit(self, chosen: Sequence[int]) -> tuple[LogisticFit, float]:
        key = tuple(sorted(chosen))
        if key not in self._fits:
            self._fits[key] = self._ridge(chosen)
        fit, likelihood = self._fits[key]
        order = [0, *(1 + key.index(one) for one in chosen)]
        beta, inverse = fit.beta[order], fit.covariance[np.ix_(order, order)]
        return LogisticFit(beta, inverse, fit.chance), likelihood

    def _ridge(self, chosen: Sequence[int]) -> tuple[LogisticFit, float]:
        columns = self._design(sorted(chosen))
        beta, penalty = np.zeros(columns.shape[1]), np.full(columns.shape[1], RIDGE)
        penalty[0] = 0.0
        for _ in range(STEPS):
            chance = expit(columns @ beta)
            information = (columns * (chance * (1.0 - chance))[:, None]).T @ columns
            inverse = np.linalg.inv(information + np.diag(penalty))
            step = inverse @ (columns.T @ (self._left - chance) - penalty * beta)
            beta = beta + step
            if np.abs(step).max() < NEAR:
                break
        bounded = np.clip(expit(columns @ beta), 1e-12, 1.0 - 1e-12)
        likelihood = float(np.log(np.where(self._left > 0, bounded, 1.0 - bounded)).sum())
        return LogisticFit(beta, inverse, bounded), likelihood


STEPS: Final = 25
NEAR: Final = 1e-5
