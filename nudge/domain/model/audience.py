"""Audience of a policy: how often each value came and what is shown there, as a snapshot keeps it.

A process that serves has no counts, so the publisher writes this beside the policy.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import numpy as np

from bandits.arrays import IntArray
from bandits.features import CellSpec, levels
from bandits.levels import label_level
from nudge.domain.reports.allocation import CellShares

FORM: Final = 1
"""Version of the form; a reader takes no other."""
MOST_VALUES: Final = 24
"""Values of an attribute that are kept, the most frequent ones."""
MOST_CELLS: Final = 240
"""Cells that are kept, the largest ones: previews of changes are counted over them."""
_DIGITS: Final = 6


def audience(found: CellShares, spec: CellSpec) -> dict[str, object]:
    """Return exposures and distributions by the values of each attribute, and the largest cells."""
    rows = np.array([levels(cell) for cell in found.cells], dtype=np.int64)
    values = [
        {"attribute": attribute.name, "value": label_level(attribute, level), **told}
        for place, attribute in enumerate(spec.attributes)
        if len(rows) and spec.sizes[place] > 1
        for level, told in _values(found, rows[:, place])
    ]
    largest = np.argsort(-found.visitors, kind="stable")[:MOST_CELLS] if len(rows) else ()
    return {
        "form": FORM,
        "cells_version": spec.version,
        "visitors": int(found.visitors.sum()) if len(rows) else 0,
        "values": values,
        "cells": [[found.cells[place], int(found.visitors[place])] for place in largest],
    }


def observations(
    tallies: Iterable[tuple[float, int]], half_lives: object, at: float
) -> dict[str, object]:
    """Return the exposures behind a fit, and how many young ones they weigh as much as.

    Args:
        tallies: start of each bucket in seconds, and its exposures.
        half_lives: half-life as text -> its weight; anything else where nothing is known of it.
        at: seconds, the time of the fit.
    """
    by_age: Counter[float] = Counter()
    for bucket, trials in tallies:
        by_age[max(at - bucket, 0.0)] += trials
    counted = by_age.total()
    if not (isinstance(half_lives, Mapping) and half_lives):
        return {"exposures": counted, "effective": None}
    weights = {float(one): float(weight) for one, weight in half_lives.items()}
    effective = sum(trials * weight_at(weights, age) for age, trials in by_age.items())
    return {"exposures": counted, "effective": round(effective, 1)}


def weight_at(weights: Mapping[float, float], age: float) -> float:
    """Return the weight of an observation of an age in seconds, under weighed half-lives."""
    whole = sum(weights.values())
    left = sum(weight * math.exp2(-age / one) for one, weight in weights.items())
    return left / whole


def _values(found: CellShares, column: IntArray) -> Iterator[tuple[int, dict[str, object]]]:
    counts = {int(one): float(found.visitors[column == one].sum()) for one in np.unique(column)}
    for level in sorted(counts, key=lambda one: (-counts[one], one))[:MOST_VALUES]:
        chosen = column == level
        mean = found.visitors[chosen] @ found.propensities[chosen] / counts[level]
        shares = dict(zip(found.arms, np.round(mean, _DIGITS).tolist(), strict=True))
        yield level, {"visitors": int(counts[level]), "shares": shares}
