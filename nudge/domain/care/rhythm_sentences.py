"""Sentences about a rhythm and about one person's next recharge, Chinese and English."""

from __future__ import annotations

from math import isinf

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
