"""Usual rate of each combination of attributes, learned from the spans before a trouble.

A leaf has few arrivals, so its own rate is drawn towards that of a model of main effects (a
penalised logistic regression on the values of all attributes). How far is learned: the weight of
the model is the one, among a few, that predicts the odd spans best from the even ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from bandits.arrays import FloatArray, IntArray
from bandits.causes.likelihood import deviance, log_likelihood
from bandits.causes.table import AttributeTable

_LEAST: Final = 1e-4
"""Least rate: a leaf that never lost an arrival is no proof that it cannot."""
_WEIGHTS: Final = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 10_000.0)
"""Weights of the main effects, in arrivals."""
_UNTRIED: Final = 100.0
"""Weight where one span alone is known, so that nothing can be predicted from it."""
_RIDGE: Final = 1.0
_STEPS: Final = 12
_SETTLED: Final = 1e-3
_WIDEST_STEP: Final = 2.0
_WIDEST: Final = 12.0


@dataclass(frozen=True, eq=False)
class UsualRates:
    """Rates of lost arrivals before a trouble, and how they vary from span to span.

    Attributes:
        rates: by leaf, (N,), within (0, 1).
        dispersion: variance between spans as a multiple of the binomial's; at least 1.
    """

    rates: FloatArray
    dispersion: float


def estimate_usual(table: AttributeTable) -> UsualRates:
    """Estimate the usual rates and their dispersion from the spans before the trouble."""
    bad, arrivals = table.usual_bad, table.usual_arrivals
    model = _main_effects(table)
    weight = _model_weight(bad, arrivals, model)
    spans = [
        deviance(one, of, _drawn(bad.sum(0) - one, arrivals.sum(0) - of, model, weight))
        / max(int(np.count_nonzero(of)), 1)
        for one, of in zip(bad, arrivals, strict=True)
    ]
    # The median span: one of them may have had a trouble of its own.
    dispersion = max(1.0, float(np.median(spans))) if len(spans) > 1 else 1.0
    return UsualRates(_drawn(bad.sum(0), arrivals.sum(0), model, weight), dispersion)


def _drawn(bad: FloatArray, arrivals: FloatArray, model: FloatArray, weight: float) -> FloatArray:
    rates = (bad + weight * model) / (arrivals + weight)
    return np.asarray(np.clip(rates, _LEAST, 1.0 - _LEAST))


def _model_weight(bad: FloatArray, arrivals: FloatArray, model: FloatArray) -> float:
    if len(bad) == 1:
        return _UNTRIED
    even, odd = slice(0, None, 2), slice(1, None, 2)
    known_bad, known = bad[even].sum(0), arrivals[even].sum(0)
    told_bad, told = bad[odd].sum(0), arrivals[odd].sum(0)
    scores = [
        float(log_likelihood(told_bad, told, _drawn(known_bad, known, model, weight)).sum())
        for weight in _WEIGHTS
    ]
    return _WEIGHTS[int(np.argmax(scores))]


def _main_effects(table: AttributeTable) -> FloatArray:
    """Return the rates of a ridge logistic regression on one-hot values, (N,), by Newton steps."""
    bad, arrivals = table.usual_bad.sum(0), table.usual_arrivals.sum(0)
    columns, width = _columns(table)
    ridge = np.full(width, _RIDGE)
    ridge[0] = 1e-6  # the level itself is free; not 0, so that no arrivals at all are no error
    level = (bad.sum() + 0.5) / (arrivals.sum() + 1.0)
    slopes = np.zeros(width)
    slopes[0] = np.log(level / (1.0 - level))
    for _ in range(_STEPS):
        rates = _logistic(slopes[columns].sum(axis=1))
        curvature = _curvature(columns, width, arrivals * rates * (1.0 - rates)) + np.diag(ridge)
        residual = np.repeat(bad - arrivals * rates, columns.shape[1])
        slope = np.bincount(columns.ravel(), residual, width) - ridge * slopes
        step = np.linalg.solve(curvature, slope)
        slopes = slopes + np.clip(step, -_WIDEST_STEP, _WIDEST_STEP)
        if np.abs(step).max() < _SETTLED:
            break
    return np.asarray(np.clip(_logistic(slopes[columns].sum(axis=1)), _LEAST, 1.0 - _LEAST))


def _columns(table: AttributeTable) -> tuple[IntArray, int]:
    """Return the columns of the one-hot design that are 1, (N, 1 + D), and how many there are.

    The design itself would be mostly zeros: 300 cities would make the fit slow. Column 0 is 1 for
    all leaves.
    """
    numbered = [np.unique(codes, return_inverse=True) for codes in table.codes.T]
    starts = np.cumsum([1, *(len(values) for values, _ in numbered)])
    columns = [place + start for (_, place), start in zip(numbered, starts, strict=False)]
    return np.column_stack([np.zeros(len(table.codes), np.int64), *columns]), int(starts[-1])


def _curvature(columns: IntArray, width: int, weights: FloatArray) -> FloatArray:
    """Return the weighted sums of products of the design's columns, (width, width)."""
    cells = (columns[:, :, None] * width + columns[:, None, :]).ravel()
    sums = np.bincount(cells, np.repeat(weights, columns.shape[1] ** 2), width * width)
    return np.asarray(sums.reshape(width, width))


def _logistic(values: FloatArray) -> FloatArray:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(values, -_WIDEST, _WIDEST))))
