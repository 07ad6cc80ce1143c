"""Sentences of a change between two periods or revisions, Chinese and English."""

from __future__ import annotations

import math
from typing import Final

from nudge.domain.changes.change import Change, FigureChange
from nudge.domain.reports.sentences import BEFORE, Said, percent

_DIFFER: Final = {
    "zh": "两段时间的访客并非随机分组，构成可能不同，变化未必由方案引起。",
    "en": "Visitors were not assigned to the two periods by chance and may differ, so the variants "
    "need not be the cause.",
}
_TURNS: Final = {"better": ("上升", "rose"), "worse": ("下降", "fell")}


def change_sentence(found: Change, compare: str, *, revenue: bool, until: str | None) -> Said:
    """Put a slot's change into words.

    Args:
        found: of the slot.
        compare: `week`, `month`, `quarter` or `revision`.
        revenue: speak of yuan, not conversions.
        until: label of the end of the part that is compared; None where all is.
    """
    before = BEFORE[compare]
    if found.empty:
        return {
            "zh": f"无法与{before['zh']}比较：其中一方没有已结算的曝光。",
            "en": f"This cannot be compared with {before['en']}: one side has no exposures whose "
            "reward is final.",
        }
    if found.hidden:
        return {
            "zh": f"无法与{before['zh']}比较：人数不足 20 人，为保护隐私不展示数据。",
            "en": f"This cannot be compared with {before['en']}: there are fewer than 20 people.",
        }
    change = found.of("revenue_per_exposure" if revenue else "rate")
    return spoken_change(change, compare, revenue=revenue, until=until)


def spoken_change(change: FigureChange, compare: str, *, revenue: bool, until: str | None) -> Said:
    """Put the change of a figure into words, and that visitors may differ; see above."""
    said, part = _told(change, BEFORE[compare], revenue=revenue), _part(until)
    return {one: said[one] + part[one] + _DIFFER[one] for one in ("zh", "en")}


def _told(change: FigureChange, before: Said, *, revenue: bool) -> Said:
    zh, en = ("每次曝光的收入", "Revenue an exposure") if revenue else ("转化率", "The rate")
    was, now = (_figure(one.value, revenue=revenue) for one in (change.before, change.now))
    unit_zh, unit_en = (" 元", " yuan") if revenue else ("%", " %")
    zh_sides, en_sides = f"{was}{unit_zh}→{now}{unit_zh}", f"{was}{unit_en} to {now}{unit_en}"
    ends = _ends(change)
    if change.verdict == "unclear":
        return {
            "zh": f"与{before['zh']}相比，{zh}没有可确认的变化：{zh_sides}{ends['zh']}。",
            "en": f"{en} did not change for sure against {before['en']}: {en_sides}{ends['en']}. ",
        }
    turn = _TURNS[change.verdict]
    return {
        "zh": f"与{before['zh']}相比，{zh}{turn[0]}：{zh_sides}{ends['zh']}。",
        "en": f"{en} {turn[1]} against {before['en']}: {en_sides}{ends['en']}. ",
    }


def _ends(change: FigureChange) -> Said:
    one = change.relative
    if not all(map(math.isfinite, (one.value, one.low, one.high))):
        return {"zh": "", "en": ""}
    value, low, high = (_signed(x) for x in (one.value, one.low, one.high))
    return {
        "zh": f"（{value}%，区间 {low}%～{high}%）",
        "en": f" ({value} %, from {low} % to {high} %)",
    }


def _part(until: str | None) -> Said:
    if until is None:
        return {"zh": "", "en": ""}
    return {
        "zh": f"本期尚未全部结算，只比较到 {until}，上期取相同的部分。",
        "en": f"This period is not final yet: it is compared up to {until}, with the same part of "
        "the one before. ",
    }


def _figure(value: float, *, revenue: bool) -> str:
    return f"{value:.2f}" if revenue else percent_of_rate(value)


def percent_of_rate(value: float) -> str:
    """Format a rate as percent with two decimals below 10."""
    return f"{100.0 * value:.2f}" if value < 0.1 else percent(value)  # noqa: PLR2004


def _signed(share: float) -> str:
    text = percent(share)
    return text if text.startswith("-") or text == "0" else f"+{text}"
