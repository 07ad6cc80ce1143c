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
from nudge.domain.reports.sentences import Said
from nudge.domain.sms.effect_question import DAYS_BEFORE, EffectQuestion
from nudge.domain.sms.send_sums import SendEffects, SendSums

ENOUGH: Final = 200.0
"""Effective sends from which on a cell is not thin: a rate of 5 % is known to 3 points."""
LEVEL: Final = 0.95
Plain = dict[str, object]


def effect_report(question: EffectQuestion, found: SendEffects) -> Plain:
    """Return the report; a group of fewer than 20 people has no figures.

    Args:
        question: that is answered.
        found: sums of its sends.
    """
    label = question.calendar.label_or_none
    cells = [
        {"day": day, "hour": hour} | figures(one)
        for (day, hour), one in sorted(found.cells.items())
    ]
    return {
        "from": label(question.period.start),
        "to": label(question.period.end),
        "by": question.by,
        "purpose": question.purpose,
        "channel": question.channel,
        "zone": question.zone,
        "interval_level": LEVEL,
        "enough": ENOUGH,
        "headline": _headline(question, found, cells),
        "total": figures(found.total),
        "cells": cells,
        "days": [{"day": day} | figures(one) for day, one in sorted(found.days.items())],
        "hours": [{"hour": hour} | figures(one) for hour, one in sorted(found.hours.items())],
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


def _headline(question: EffectQuestion, found: SendEffects, cells: list[Plain]) -> Said:
    total, told = found.total, figures(found.total)
    if total.people < FEWEST:
        return {
            "zh": "数据还不够：已到观察期的发送不足 20 人。",
            "en": "Too early: fewer than 20 people have a send that matured.",
        }
    rate, ends = _percent(told["rate"]), _ends(told)
    zh = f"{total.exposures:,} 条发送已到观察期，其中 {rate['zh']}{ends['zh']}带来充值。"
    en = f"{total.exposures:,} sends have matured; {rate['en']}{ends['en']} led to a recharge."
    best = _best(question, cells)
    return {"zh": zh + best["zh"], "en": f"{en} {best['en']}"}


def _best(question: EffectQuestion, cells: list[Plain]) -> Said:
    """Say which of the cells with enough sends is highest, and among how many."""
    known = [one for one in cells if not one["thin"] and isinstance(one["rate"], float)]
    if not known:
        return {
            "zh": f"还没有一个时段达到 {ENOUGH:.0f} 条有效发送，不能比较。",
            "en": f"No hour of a day has {ENOUGH:.0f} effective sends yet: none can be compared.",
        }
    best = max(known, key=lambda one: one["rate"] if isinstance(one["rate"], float) else 0.0)
    day, rate, ends = _day(question, best["day"]), _percent(best["rate"]), _ends(best)
    count = len(known)
    return {
        "zh": f"在样本足够的 {count} 个时段里，{day['zh']} {best['hour']} 时最高："
        f"{rate['zh']}{ends['zh']}。",
        "en": f"Of the {count} hours with enough sends, {best['hour']}:00 {day['en']} is highest: "
        f"{rate['en']}{ends['en']}.",
    }


def _day(question: EffectQuestion, day: object) -> Said:
    number = int(str(day))
    if question.by != DAYS_BEFORE:
        return {"zh": f"每月 {number} 日", "en": f"on day {number} of the month"}
    if number == 0:
        return {"zh": "预计充值当天", "en": "on the expected day"}
    days = "day" if abs(number) == 1 else "days"
    if number > 0:
        return {"zh": f"预计充值前 {number} 天", "en": f"{number} {days} before the expected one"}
    return {"zh": f"预计充值后 {-number} 天", "en": f"{-number} {days} after the expected one"}


def _percent(rate: object) -> Said:
    value = 100.0 * rate if isinstance(rate, float) else math.nan
    return {"zh": f"{value:.1f}%", "en": f"{value:.1f} %"}


def _ends(told: Plain) -> Said:
    ends = told["interval"]
    if not isinstance(ends, list):
        return {"zh": "", "en": ""}
    low, high = (_percent(one) for one in ends)
    return {"zh": f"（{low['zh']}–{high['zh']}）", "en": f" ({low['en']}–{high['en']})"}
