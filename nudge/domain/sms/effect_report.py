"""The report of what sends brought by day and hour, as plain JSON.

A rate is self-normalised by the inverse of the logged propensity of the send's window (Hajek 1971):
what would be seen if the window had been drawn evenly, whoever the policy sent into it. Its
interval is a score interval with persons as clusters (Korn and Graubard 1998), its effective number
that of Kish (1965).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from bandits.inference.interval import Estimate, mean_interval
from nudge.domain.reports.report_time import FEWEST
from nudge.domain.sms.effect_question import EffectQuestion
from nudge.domain.sms.effect_sentences import BestGroup, effect_headline
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
    label, total = question.calendar.label_or_none, figures(found.total)
    cells, days, hours = found.cells.items(), found.days.items(), found.hours.items()
    return {
        "from": label(question.period.start),
        "to": label(question.period.end),
        "by": question.by,
        "purpose": question.purpose,
        "channel": question.channel,
        "zone": question.zone,
        "interval_level": LEVEL,
        "enough": ENOUGH,
        "headline": effect_headline(question, total, _best(found)),
        "total": total,
        "cells": [{"day": d, "hour": h} | figures(one) for (d, h), one in sorted(cells)],
        "days": [{"day": day} | figures(one) for day, one in sorted(days)],
        "hours": [{"hour": hour} | figures(one) for hour, one in sorted(hours)],
        "waiting": found.waiting,
        "sampled": found.sampled,
        "left_out": {"undated": found.undated, "outside": found.outside},
    }


def _best(found: SendEffects) -> list[BestGroup]:
    """Return the best of the cells; of hours and of days where no cell has enough sends."""
    cells = _best_of(found.cells, found.total)
    if cells is not None:
        return [cells]
    hours = {(None, hour): one for hour, one in found.hours.items()}
    days = {(day, None): one for day, one in found.days.items()}
    both = (_best_of(hours, found.total), _best_of(days, found.total))
    return [one for one in both if one is not None]


def _best_of(
    groups: Mapping[tuple[int, int], SendSums]
    | Mapping[tuple[None, int], SendSums]
    | Mapping[tuple[int, None], SendSums],
    total: SendSums,
) -> BestGroup | None:
    known = {key: one for key, one in groups.items() if is_enough(one)}
    if not known:
        return None
    (day, hour), best = max(known.items(), key=lambda pair: pair[1].hits / pair[1].weight)
    # As many looks as groups: the highest of many is high by chance.
    low = estimate(best, 1.0 - (1.0 - LEVEL) / len(known)).low
    clear = low > total.hits / total.weight
    return BestGroup(day, hour, figures(best), len(known), clear)


def is_enough(sums: SendSums) -> bool:
    """Return whether a group has enough people and effective sends to be compared."""
    return sums.people >= FEWEST and _effective(sums) >= ENOUGH


def _effective(sums: SendSums) -> float:
    return sums.weight**2 / sums.square if sums.square else 0.0


def estimate(sums: SendSums, level: float) -> Estimate:
    """Return the weighted rate of a group with an interval of a level; persons are clusters."""
    rate = sums.hits / sums.weight
    spread = sums.hit_square - 2.0 * rate * sums.cross + rate * rate * sums.square
    error = math.sqrt(max(spread, 0.0)) / sums.weight
    return mean_interval(rate, error, level=level, effective=_effective(sums), kind="share")


def figures(sums: SendSums) -> Plain:
    """Return the figures of a group of sends."""
    effective = _effective(sums)
    missing = _missing(sums.exposures, effective)
    head: Plain = {
        "exposures": sums.exposures,
        "hidden": sums.people < FEWEST,
        "thin": not is_enough(sums),
        "missing": missing,
    }
    if sums.people < FEWEST:
        names = ("people", "conversions", "rate", "interval", "effective")
        return head | dict.fromkeys(names)
    found = estimate(sums, LEVEL)
    ends = (found.low, found.high)
    return head | {
        "people": sums.people,
        "conversions": sums.conversions,
        "rate": found.value,
        "interval": list(ends) if all(map(math.isfinite, ends)) else None,
        "effective": effective,
    }


def _missing(exposures: int, effective: float) -> int:
    """Return how many more sends like these make the group large enough; 0 for one that is."""
    if effective >= ENOUGH:
        return 0
    return math.ceil((ENOUGH - effective) * (exposures / effective if effective else 1.0))
