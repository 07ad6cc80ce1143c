"""Baseline of cause searches: the single value that stands out most."""

from __future__ import annotations

import numpy as np

from bandits.arrays import FloatArray, IntArray
from bandits.causes.conjunctions import Conjunction
from bandits.causes.rules import CauseRules
from bandits.causes.table import AttributeTable


def steepest_value(table: AttributeTable, rules: CauseRules) -> tuple[Conjunction, ...]:
    """Return the value whose loss is the most standard deviations above its usual one."""
    best, found = -np.inf, (0, 0)
    for place, codes in enumerate(table.codes.T):
        heights = _heights(table, codes)
        ignored = [code for at, code in rules.ignored if at == place and code < len(heights)]
        heights[ignored] = -np.inf
        if heights.max() > best:
            best, found = float(heights.max()), (place, int(heights.argmax()))
    return ((found,),)


def _heights(table: AttributeTable, codes: IntArray) -> FloatArray:
    size = int(codes.max()) + 1
    bad, arrivals = (np.bincount(codes, one, size) for one in (table.bad, table.arrivals))
    before = np.bincount(codes, table.usual_bad.sum(0), size)
    rate = (before + 0.5) / (np.bincount(codes, table.usual_arrivals.sum(0), size) + 1.0)
    spread = np.sqrt(np.maximum(arrivals * rate * (1.0 - rate), 1.0))
    return np.asarray((bad - arrivals * rate) / spread)
