"""Preference of simulated visitors among amounts: the rule of the denomination slot."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from bandits.arrays import AnyArray, FloatArray, IntArray

UNKNOWN_AMOUNT = {"1": 100.0, "2": 50.0, "3": 30.0}  # by city tier, where no amount is known
OTHER_AMOUNT = 50.0


def preferred_arms(
    table: Mapping[str, Any], context: Mapping[str, AnyArray], changed: AnyArray
) -> IntArray:
    """Return the index (n,) of each visitor's preferred arm.

    It is the arm nearest to the last amount or, where that is unknown (0), to the amount of the
    city tier. Then it moves one lower for the stage `warning`, one higher for `growth` on the app,
    and after the change one higher in tier 1; it is clipped to the arms. Attributes that a world
    lacks have no effect.

    Args:
        table: table of the slot; `arms` are amounts, `unknown` may map tiers to amounts.
        context: columns (n,).
        changed: bool (n,), whether the visitor comes after the change.
    """
    n = len(changed)
    tier = _texts(context, "city_tier", n)
    stage = _texts(context, "stage", n)
    last = np.asarray(context.get("last_amount", np.zeros(n)), dtype=np.float64)
    amounts = np.array([float(arm) for arm in table["arms"]])
    unknown = {**UNKNOWN_AMOUNT, **table.get("unknown", {})}
    start = np.array([float(unknown.get(t, OTHER_AMOUNT)) for t in tier.tolist()])
    best = _nearest(amounts, np.where(last > 0.0, last, start))
    best = best - (stage == "warning")
    best = best + ((stage == "growth") & (_texts(context, "channel", n) == "app"))
    best = best + (changed & (tier == "1"))
    clipped: IntArray = np.clip(best, 0, len(amounts) - 1).astype(np.int64)
    return clipped


def _texts(context: Mapping[str, AnyArray], name: str, n: int) -> AnyArray:
    return np.asarray(context[name]).astype(np.str_) if name in context else np.full(n, "")


def _nearest(amounts: FloatArray, wanted: FloatArray) -> IntArray:
    """Return the index (n,) of the arm with the nearest amount; of a tie, the first."""
    distance = np.abs(amounts[None, :] - wanted[:, None])
    nearest: IntArray = distance.argmin(axis=1).astype(np.int64)
    return nearest
