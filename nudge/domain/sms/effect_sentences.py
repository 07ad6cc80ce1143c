"""Sentences about what sends brought: how much in all, and when most. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from nudge.domain.reports.sentences import Said
from nudge.domain.sms.effect_question import DAYS_BEFORE, EffectQuestion

Plain = Mapping[str, object]
_CELLS: Final[Said] = {"zh": "时段", "en": "hours of days"}
_HOURS: Final[Said] = {"zh": "小时", "en": "hours"}
_NOTHING: Final[Said] = {
    "zh": "还没有一个时段的样本足够，不能比较。",
    "en": "No hour and no day has enough sends yet: none can be compared.",
}
_DAYS: Final[Said] = {"zh": "日期", "en": "days"}


class BestGroup(NamedTuple):
    """The group with the highest rate, of those with enough sends.

    Attributes:
        day: None where all days are together.
        hour: None where all hours are together.
        figures: of the group.
        compared: groups among which it was found.
        clear: whether its rate is above that of all sends, by an interval for so many looks.
    """

    day: int | None
    hour: int | None
    figures: Plain
    compared: int
    clear: bool


def effect_headline(question: EffectQuestion, total: Plain, best: Sequence[BestGroup]) -> Said:
    """Return the report's answer in words.

    Args:
        question: that is answered.
        total: figures over all sends.
        best: of the cells, or of hours and days where no cell has enough sends; none where they
            have not, either.
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
    told = [_told(question, one) for one in best] or [_NOTHING]
    return {
        "zh": zh + "".join(one["zh"] for one in told),
        "en": " ".join((en, *(one["en"] for one in told))),
    }


def _told(question: EffectQuestion, best: BestGroup) -> Said:
    """Say which group is highest, or that none of those compared clearly is."""
    where, kind = _where(question, best)
    count = best.compared
    if not best.clear:
        return {
            "zh": f"样本足够的 {count} 个{kind['zh']}之间分不出高下。",
            "en": f"Between the {count} {kind['en']} with enough sends there is no clear winner.",
        }
    rate, ends = _percent(best.figures["rate"]), _ends(best.figures)
    return {
        "zh": f"在样本足够的 {count} 个{kind['zh']}里，{where['zh']}最高："
        f"{rate['zh']}{ends['zh']}。",
        "en": f"Of {count} {kind['en']} with enough sends, {where['en']} is highest: "
        f"{rate['en']}{ends['en']}.",
    }


def _where(question: EffectQuestion, best: BestGroup) -> tuple[Said, Said]:
    """Return the name of a group, and the kind of groups that it was found among."""
    if best.day is None:
        return _hour(best.hour or 0), _HOURS
    day = _day(question, best.day)
    if best.hour is None:
        return day, _DAYS
    hour = _hour(best.hour)
    zh = f"{day['zh']} {hour['zh']}"
    if question.by == DAYS_BEFORE:
        return {"zh": zh, "en": f"{hour['en']}, {day['en']},"}, _CELLS
    return {"zh": zh, "en": f"{hour['en']} on {day['en']}"}, _CELLS


def _hour(hour: int) -> Said:
    return {"zh": f"{hour} 时", "en": f"{hour}:00"}


def _day(question: EffectQuestion, number: int) -> Said:
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
