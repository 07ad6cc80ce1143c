"""Reasons of the lost arrivals of a cause: which of them account for the excess."""

from __future__ import annotations

import numpy as np

from bandits.arrays import FloatArray


def find_outcomes(
    lost: FloatArray, usually_lost: FloatArray, exposure: float, *, least: float = 0.2
) -> tuple[tuple[int, float], ...]:
    """Find the reasons that account for the excess of lost arrivals.

    Args:
        lost: lost arrivals of the cause in the trouble by reason, (R,).
        usually_lost: the same in the time before, (R,).
        exposure: arrivals in the trouble over those of the time before.
        least: least share of the excess that is told.

    Returns:
        (reason, share of all excess above 0), the greatest first; those below `least`, and those
        whose excess is within three standard deviations of their counts, are left out.
    """
    excess = lost - exposure * usually_lost
    noise = np.sqrt(np.maximum(lost + exposure**2 * usually_lost, 1.0))
    total = float(np.maximum(excess, 0.0).sum())
    if total <= 0.0:
        return ()
    shares = excess / total
    told = np.flatnonzero((shares >= least) & (excess > 3.0 * noise))
    order = told[np.argsort(-shares[told], kind="stable")]
    return tuple((int(one), float(shares[one])) for one in order)
