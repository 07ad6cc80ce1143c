"""Cap of revenue: the most that counts of one exposure where variants are compared by yuan.

It comes from the first payments of the period, so that it is known before all later ones, and one
cap holds for all variants, segments and looks. Two digits: a refund among them hardly moves it.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final, TypeVar

from bandits.cap import reward_cap
from nudge.lake.engine.dialects import arrow
from nudge.lake.reports.cut import Cut
from nudge.lake.reports.slot_rows import SlotRows

FIRST: Final = 1_000
"""Payments that the cap is taken from."""
CutT = TypeVar("CutT", bound=Cut)


def with_cap(rows: SlotRows, cut: CutT) -> CutT:
    """Return a cut with the cap of its period; the same cut where its reward is no revenue.

    The cap is that of all visitors, whatever `where` and `by` say, so that parts add up.

    Args:
        rows: rows of the slot.
        cut: period and reward.

    Raises:
        BrokenLakeError: the lake cannot be read.
    """
    if not cut.revenue:
        return cut
    every = replace(cut, by=(), where=()).rows(rows.table)
    first = every.filter(every.value > 0).order_by("at_seconds", "id").limit(FIRST)
    values = arrow(rows.backend, first.select("value")).column("value").to_numpy()
    cap = reward_cap(values)
    return replace(cut, cap=None if cap is None else two_digits(cap))


def two_digits(amount: float) -> int:
    """Round an amount of fen, at least 1, up to two significant digits."""
    step = 10.0 ** max(math.floor(math.log10(amount)) - 1, 0)
    return int(math.ceil(amount / step) * step)
