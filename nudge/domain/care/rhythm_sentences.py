"""Sentences about a rhythm and about one person's next recharge, Chinese and English."""

from __future__ import annotations

from math import isinf

from bandits.units import DAY
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.basics.local_time import date_of
from nudge.domain.people.recharges import RechargeOutlook
from nudge.domain.people.rhythm import PurchaseHistory, Rhythm
from nudge.domain.reports.sentences import Said


def rhythm_sentence(rhythm: Rhythm) -> Said:
    """Put the parameters of a rhythm into words."""
    gap = rhythm.next_gap(PurchaseHistory(0, 0.0, 0.0)).middle
    even, half = _evenness(rhythm.regularity), _half_life(rhythm)
    return {
        "zh": f"依据截至 {rhythm.until} 的 {rhythm.people:,} 人、{rhythm.repeats:,} 次复购："
        f"只购买过一次且未流失的人，有一半会在 {gap:,.0f} 天内再次购买；"
        f"{even['zh']}；{half['zh']}。",
        "en": f"From {rhythm.people:,} people with {rhythm.repeats:,} repeat purchases until "
        f"{rhythm.until}: half of those who bought once, and stay, buy again within {gap:,.0f} "
        f"days; {even['en']}; {half['en']}.",
    }


def _evenness(regularity: int) -> Said:
    if regularity == 1:
        return {"zh": "购买间隔没有规律", "en": "gaps are as uneven as chance makes them"}
    spread = 100.0 / regularity**0.5
    return {
        "zh": f"同一个人的购买间隔较有规律，波动约为 {spread:.0f} %",
        "en": f"a person's gaps are even to about {spread:.0f} %",
    }


def _half_life(rhythm: Rhythm) -> Said:
    if isinf(rhythm.half_life) or rhythm.half_life > 36_500.0:  # noqa: PLR2004 - a hundred years
        return {"zh": "几乎无人流失", "en": "hardly anybody leaves"}
    days = f"{rhythm.half_life:,.0f}"
    return {
        "zh": f"首次购买后 {days} 天，约有一半的人已流失",
        "en": f"{days} days after the first purchase half of the people have left",
    }


def outlook_sentence(found: RechargeOutlook, calendar: OperatorCalendar) -> Said:
    """Put into words when a visitor is expected to recharge, or that none is expected."""
    expected, stays = found.expected, _staying(found)
    if found.left:
        return {
            "zh": f"预计不会再充值：{stays['zh']}。",
            "en": f"No recharge is expected: {stays['en']}.",
        }
    day, low, high = (_date(calendar, one) for one in (expected.at, expected.low, expected.high))
    late = (found.at - expected.high) / DAY
    zh = [f"{low} 至 {high}", *([f"已超过 {late:.0f} 天"] if late >= 1.0 else [])]
    en = [f"{low} to {high}", *([f"{late:.0f} days ago"] if late >= 1.0 else [])]
    return {
        "zh": f"预计在 {day} 充值（{'，'.join(zh)}）{'；' if stays['zh'] else ''}{stays['zh']}。",
        "en": f"A recharge is expected on {day} ({', '.join(en)})"
        f"{'; ' if stays['en'] else ''}{stays['en']}.",
    }


def _staying(found: RechargeOutlook) -> Said:
    if found.alive is None:
        return {"zh": "", "en": ""}
    share = f"{100.0 * found.alive:.0f} %"
    return {"zh": f"仍在使用的可能性为 {share}", "en": f"still a customer with a chance of {share}"}


def _date(calendar: OperatorCalendar, at: float) -> str:
    return date_of(calendar.day_of(at)).isoformat()
