"""The conversion of the last 24 hours against usual days, as JSON with a sentence. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from bandits.inference.interval import Estimate, mean_interval
from bandits.units import HOUR
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.overview.conversion_sentences import conversion_sentence
from nudge.domain.overview.usual_days import FEWEST, HOURS, LEVEL, HourCount, UsualDays
from nudge.domain.reports.section_estimates import interval_of

LEAST: Final = 20
"""Visits that paid which a comparison needs in the last 24 hours or, usually, in so many visits."""


def conversion_view(
    hours: Sequence[HourCount], until: float, gap: float, calendar: OperatorCalendar
) -> dict[str, Any]:
    """Return the last 24 hours beside usual ones.

    Visits of the last hours may still pay: they are told as open, and take no part in the verdict.

    Args:
        hours: whole days in order, the last one the day that is told.
        until: seconds, until which everything is known.
        gap: seconds after which a visit without an act is over.
        calendar: of the labels.
    """
    earlier, last = hours[:-HOURS], hours[-HOURS:]
    usual = UsualDays.of(earlier)
    open_from = next((i for i, one in enumerate(last) if one.start + HOUR + gap > until), HOURS)
    settled = last[:open_from]
    visits = np.array([one.visits for one in settled] + [0] * (HOURS - open_from), dtype=np.float64)
    paid = sum(one.paid for one in settled)
    rate = _rate(paid, int(visits.sum()))
    enough = max(float(paid), usual.expected(visits)) >= LEAST
    change = usual.change(visits, paid) if enough else None
    verdict = _verdict(change, visits.sum(), sum(one.visits for one in last[open_from:]))
    return {
        "verdict": verdict,
        "rate": interval_of(rate),
        "change": None if change is None else interval_of(change),
        "usual_days": usual.days,
        "visits": int(visits.sum()),
        "paid": paid,
        "hours": [
            _hour(one, usual.band(i, one.visits), calendar, is_open=i >= open_from)
            for i, one in enumerate(last)
        ],
        **conversion_sentence(verdict, rate, change, usual.days, FEWEST),
    }


def _verdict(change: Estimate | None, visits: float, still_open: int) -> str:
    if not visits:
        return "open" if still_open else "nothing"
    if change is None:
        return "too_early"
    if change.low > 0.0:
        return "above"
    return "below" if change.high < 0.0 else "usual"


def _rate(paid: int, visits: int) -> Estimate:
    if not visits:
        return Estimate(math.nan, -math.inf, math.inf)
    rate = min(paid / visits, 1.0)
    error = math.sqrt(rate * (1.0 - rate) / visits)
    return mean_interval(rate, error, level=LEVEL, effective=float(visits), kind="share")


def _hour(
    one: HourCount, band: Estimate | None, calendar: OperatorCalendar, *, is_open: bool
) -> dict[str, Any]:
    return {
        "from": calendar.label(one.start),
        "visits": one.visits,
        "paid": one.paid,
        "rate": interval_of(_rate(one.paid, one.visits)),
        "usual": None if band is None else interval_of(band),
        "open": is_open,
        "quarantined": one.left_out,
    }
