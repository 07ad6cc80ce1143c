"""Sentences about what sends brought: how much in all, and when most. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from nudge.domain.reports.sentences import Said
from nudge.domain.sms.effect_question import DAYS_BEFORE, EffectQuestion

Plain = Mapping[str, object]
_CELLS: Final[Said] = {"zh": "时段", "en": "hours of days"}
_HOURS: Final[Said] = {"zh": "小时", "en": "hours"}
_DAYS: Final[Said] = {"zh": "日期", "en": "days"}


def effect_headline(
    question: EffectQuestion, total: Plain, groups: Mapping[str, Sequence[Plain]]
) -> Said:
    """Return the report's answer in words.

    Args:
        question: that is answered.
        total: figures over all sends.
        groups: `cells`, `days` and `hours`, each with figures. Only those that are not thin are
            compared, and the sentence says among how many the highest was found.
    """
    if total["hidden"]:
        return {
            "zh": "数据还不够：已到观察期的发送不足 20 人。",
            "en": "Too early: fewer than 20 people have a send that matured.",
        }
    rate, ends = _percent(total["rate"]), _ends(total)
    count = f"{total['exposures']:,}"
    zh = f"{count} 条发送已到观察期，其中 {rate['zh']}{ends['zh']}带来充值。"
    en = f"{count} sends have matured; {rate['en']}{ends['en']} led to a recharge."
    best = _best(question, groups)
    return {"zh": zh + best["zh"], "en": f"{en} {best['en']}"}


def _best(question: EffectQuestion, groups: Mapping[str, Sequence[Plain]]) -> Said:
    """Say when most sends worked: by day and hour, or by each alone where the cells are thin."""
    cells, hours, days = (_compared(groups[name]) for name in ("cells", "hours", "days"))
    if cells:
        return _highest(cells, _CELLS, lambda one: _cell(question, one))
    if not (hours and days):
        return {
            "zh": "还没有一个时段的样本足够，不能比较。",
            "en": "No hour and no day has enough sends yet: none can be compared.",
        }
    told = (
        _highest(hours, _HOURS, _hour),
        _highest(days, _DAYS, lambda one: _day(question, one)),
    )
    return {"zh": "".join(x["zh"] for x in told), "en": " ".join(x["en"] for x in told)}


def _compared(groups: Sequence[Plain]) -> list[Plain]:
    return [one for one in groups if not one["thin"] and isinstance(one["rate"], float)]


def _highest(known: Sequence[Plain], kind: Said, name: Callable[[Plain], Said]) -> Said:
    best = max(known, key=lambda one: float(str(one["rate"])))
    where, rate, ends = name(best), _percent(best["rate"]), _ends(best)
    return {
        "zh": f"在样本足够的 {len(known)} 个{kind['zh']}里，{where['zh']}最高："
        f"{rate['zh']}{ends['zh']}。",
        "en": f"Of {len(known)} {kind['en']} with enough sends, {where['en']} is highest: "
        f"{rate['en']}{ends['en']}.",
    }


def _cell(question: EffectQuestion, one: Plain) -> Said:
    day, hour = _day(question, one), _hour(one)
    zh = f"{day['zh']} {hour['zh']}"
    if question.by == DAYS_BEFORE:
        return {"zh": zh, "en": f"{hour['en']}, {day['en']},"}
    return {"zh": zh, "en": f"{hour['en']} on {day['en']}"}


def _hour(one: Plain) -> Said:
    return {"zh": f"{one['hour']} 时", "en": f"{one['hour']}:00"}


def _day(question: EffectQuestion, one: Plain) -> Said:
    number = int(str(one["day"]))
    if question.by != DAYS_BEFORE:
        return {"zh": f"每月 {number} 日", "en": f"day {number} of the month"}
    if number == 0:
        return {"zh": "预计充值当天", "en": "the day of the expected recharge"}
    days = "day" if abs(number) == 1 else "days"
    if number > 0:
        return {
            "zh": f"预计充值前 {number} 天",
            "en": f"{number} {days} before the expected recharge",
        }
    return {
        "zh": f"预计充值后 {-number} 天",
        "en": f"{-number} {days} after the expected recharge",
    }


def _percent(rate: object) -> Said:
    value = 100.0 * rate if isinstance(rate, float) else math.nan
    return {"zh": f"{value:.1f}%", "en": f"{value:.1f} %"}


def _ends(told: Plain) -> Said:
    ends = told["interval"]
    if not isinstance(ends, list):
        return {"zh": "", "en": ""}
    low, high = (_percent(one) for one in ends)
    return {"zh": f"（{low['zh']}–{high['zh']}）", "en": f" ({low['en']}–{high['en']})"}
