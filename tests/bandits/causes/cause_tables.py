"""Tables of a full factorial design, in which chosen leaves lose a share of what succeeds."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bandits.arrays import FloatArray
from bandits.causes.conjunctions import Conjunction
from bandits.causes.table import AttributeTable

SHAPE = (3, 4, 5)
"""Numbers of values of three attributes."""


def draw_table(
    losses: Mapping[Conjunction, float],
    *,
    seed: int = 0,
    arrivals: int = 60,
    spans: int = 8,
    usual: float = 0.3,
    shape: tuple[int, ...] = SHAPE,
) -> AttributeTable:
    """Draw a table: leaves of a conjunction lose its share of what usually succeeds."""
    rng = np.random.default_rng(seed)
    codes = np.stack([one.ravel() for one in np.indices(shape)], axis=1)
    rates = np.clip(usual + rng.normal(0.0, 0.05, len(codes)), 0.01, 0.99)
    now = rates.copy()
    for conjunction, loss in losses.items():
        inside = np.all([codes[:, at] == code for at, code in conjunction], axis=0)
        now = np.where(inside, now + (1.0 - now) * loss, now)
    there = rng.poisson(arrivals, (spans, len(codes)))
    here = rng.poisson(arrivals, len(codes))
    return AttributeTable(
        codes,
        _floats(rng.binomial(here, now)),
        _floats(here),
        _floats(rng.binomial(there, rates)),
        _floats(there),
    )


def _floats(counts: object) -> FloatArray:
    return np.asarray(counts, dtype=np.float64)
