"""The report of what sends brought by day and hour, as plain JSON.

A rate is self-normalised by the inverse of the logged propensity of the send's window (Hajek 1971):
what would be seen if the window had been drawn evenly, whoever the policy sent into it. Its
interval is a score interval with persons as clusters (Korn and Graubard 1998), its effective number
that of Kish (1965).
"""

from __future__ import annotations

import math
from typing import Final

from bandits.inference.interval import mean_interval
from nudge.domain.reports.report_time import FEWEST
from nudge.domain.sms.effect_question import EffectQuestion
from nudge.domain.sms.effect_sentences import effect_headline
from nudge.domain.sms.send_sums import SendEffects, SendSums

ENOUGH: Final = 100.0
"""Effective sends from which on a group is not thin: a rate of 5 % is known to 4 points or so."""
LEVEL: Final = 0.95
Plain = dict[str, object]


def effect_report(question: EffectQuestion, found: SendEffects) -> Plain:
    """Return the report; a group of fewer than 20 people has no figures.

    Args:
        question: that is answered.
        found: sums of its sends.
    """
    label = question.calendar.label_or_none
    groups: dict[str, list[Plain]] = {
        "cells": [
            {"day": day, "hour": hour} | figures(one)
            for (day, hour), one in sorted(found.cells.items())
        ],
        "days": [{"day": day} | figures(one) for day, one in sorted(found.days.items())],
        "hours": [{"hour": hour} | figures(one) for hour, one in sorted(found.hours.items())],
    }
    return {
        "from": label(question.period.start),
        "to": label(question.period.end),
        "by": question.by,
        "purpose": question.purpose,
        "channel": question.channel,
        "zone": question.zone,
        "interval_level": LEVEL,
        "enough": ENOUGH,
        "headline": effect_headline(question, figures(found.total), groups),
        "total": figures(found.total),
        **groups,
        "waiting": found.waiting,
        "sampled": found.sampled,
        "left_out": {"undated": found.undated, "outside": found.outside},
    }


def figures(sums: SendSums) -> Plain:
    """Return the figures of a group of sends."""
    effective = sums.weight**2 / sums.square if sums.square else 0.0
    missing = _missing(sums.exposures, effective)
    head: Plain = {
        "exposures": sums.exposures,
        "hidden": sums.people < FEWEST,
        "thin": missing > 0,
        "missing": missing,
    }
    if sums.people < FEWEST:
        names = ("people", "conversions", "rate", "interval", "effective")
        return head | dict.fromkeys(names)
    rate = sums.hits / sums.weight
    spread = sums.hit_square - 2.0 * rate * sums.cross + rate * rate * sums.square
    error = math.sqrt(max(spread, 0.0)) / sums.weight
    interval = mean_interval(rate, error, level=LEVEL, effective=effective, kind="share")
    ends = (interval.low, interval.high)
    return head | {
        "people": sums.people,
        "conversions": sums.conversions,
        "rate": rate,
        "interval": list(ends) if all(map(math.isfinite, ends)) else None,
        "effective": effective,
    }


def _missing(exposures: int, effective: float) -> int:
    """Return how many more sends like these make the group large enough; 0 for one that is."""
    if effective >= ENOUGH:
        return 0
    return math.ceil((ENOUGH - effective) * (exposures / effective if effective else 1.0))
