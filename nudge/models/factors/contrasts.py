"""Contrasts: the two sides of a factor that are compared, as shares and as a direction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from bandits.arrays import BoolArray, FloatArray
from nudge.domain.care.factors.conditions import (
    Condition,
    Relation,
    level_condition,
    number_text,
)
from nudge.domain.care.factors.findings import Contrast
from nudge.domain.care.factors.people_table import FactorKind
from nudge.models.factors.design import FEWEST, Design, FactorColumns

QUARTERS: Final = (0.25, 0.75)


@dataclass(frozen=True, eq=False)
class SidedContrast:
    """Two sides of a factor.

    Attributes:
        contrast: in words and shares.
        direction: (k,) difference of the two sides in the design's columns.
    """

    contrast: Contrast
    direction: FloatArray


def contrasts_of(one: FactorColumns, design: Design, left: BoolArray) -> list[SidedContrast]:
    """Return the contrasts of a factor that has enough people on both sides.

    A number has one, the people of its upper quarter against those of its lower; a flag has one;
    levels have one each, against all others.
    """
    if one.factor.kind == FactorKind.LEVELS:
        return [] if len(one.shown) == 0 else _levels(one, design, left)
    values = one.factor.values
    known = values[~np.isnan(values)]
    if len(known) < 2 * FEWEST or known.min() == known.max():
        return []
    if one.factor.kind == FactorKind.FLAG:
        low, high = 0.0, 1.0
        words = level_condition(one.factor, 1), level_condition(one.factor, 0)
    else:
        low, high = _quarters(known)
        words = (
            Condition(one.factor.name, Relation.AT_LEAST, number_text(high)),
            Condition(one.factor.name, Relation.UP_TO, number_text(low)),
        )
    first, other = values >= high, values <= low
    if min(first.sum(), other.sum()) < FEWEST:
        return []
    direction = np.zeros(design.columns.shape[1])
    ends = [int(np.nanargmin(np.abs(values - at))) for at in (high, low)]
    direction[one.all] = design.columns[ends[0], one.all] - design.columns[ends[1], one.all]
    return [SidedContrast(_contrast(words, first, other, left), direction)]


def _quarters(known: FloatArray) -> tuple[float, float]:
    low, high = (float(np.quantile(known, q, method="nearest")) for q in QUARTERS)
    if low < high:
        return low, high
    above = known[known > low]
    return (low, float(above.min())) if len(above) else (float(known[known < low].max()), high)


def _levels(one: FactorColumns, design: Design, left: BoolArray) -> list[SidedContrast]:
    values = one.factor.values
    counts = np.bincount(
        values[~np.isnan(values)].astype(np.int64), minlength=len(one.factor.levels)
    )
    # A level that other factors make up ("no internet service") has no side of its own.
    told = np.union1d(one.shown[one.shown >= 0], [int(counts.argmax())])
    found = []
    for n in told:
        first, other = values == n, np.isin(values, np.setdiff1d(told, [n]))
        if other.sum() < FEWEST:
            continue
        # The mean of either side in the factor's columns: the usual level has zeros.
        direction = np.zeros(design.columns.shape[1])
        block = design.columns[:, one.main]
        direction[one.main] = block[first].mean(axis=0) - block[other].mean(axis=0)
        if not np.any(direction):
            continue
        rest = np.setdiff1d(told, [n])
        against = Condition(one.factor.name, Relation.IS_NOT, one.factor.levels[int(n)])
        if len(rest) == 1:
            against = level_condition(one.factor, int(rest[0]))
        words = level_condition(one.factor, int(n)), against
        found.append(SidedContrast(_contrast(words, first, other, left), direction))
    return found


def _contrast(
    words: tuple[Condition, Condition], first: BoolArray, other: BoolArray, left: BoolArray
) -> Contrast:
    return Contrast(*words, int(first.sum()), float(left[first].mean()), float(left[other].mean()))
