"""Sentences of the conversion against usual days, Chinese and English."""

from __future__ import annotations

from bandits.inference.interval import Estimate
from nudge.domain.reports.sentences import Said, percent


def conversion_sentence(
    verdict: str, rate: Estimate, change: Estimate | None, days: int, fewest: int
) -> Said:
    """Put the conversion of the last 24 hours into a sentence.

    Args:
        verdict: `above`, `below`, `usual`, `too_early`, `open` or `nothing`.
        rate: share of visits that paid.
        change: against usual days, as a share; None where it cannot be told.
        days: earlier days with visits.
        fewest: days that a comparison needs.
    """
    if verdict == "nothing":
        return {"zh": "过去 24 小时没有访问。", "en": "Nobody came in the last 24 hours."}
    if verdict == "open":
        return {
            "zh": "最近的访问还没有结束，稍后才能算出转化率。",
            "en": "The latest visits are not over yet; what share of them pays can be told soon.",
        }
    now = f"{percent(rate.value)}"
    if change is None:
        return _too_early(now, days, fewest)
    low, high, by = percent(change.low), percent(change.high), percent(abs(change.value))
    if verdict == "usual":
        return {
            "zh": f"过去 24 小时的转化率为 {now}%，与平时持平（差异的区间为 {low}% 至 {high}%）。",
            "en": f"In the last 24 hours {now} % of visits paid, as on usual days (the difference "
            f"is between {low} % and {high} %).",
        }
    zh, en = ("高", "more") if verdict == "above" else ("低", "less")
    if verdict == "below":
        low, high = percent(-change.high), percent(-change.low)
    return {
        "zh": f"过去 24 小时的转化率为 {now}%，比平时{zh} {by}%（区间 {low}%～{high}%）。",
        "en": f"In the last 24 hours {now} % of visits paid, {by} % {en} than on usual days "
        f"({low}-{high} %).",
    }


def _too_early(now: str, days: int, fewest: int) -> Said:
    if days < fewest:
        return {
            "zh": f"过去 24 小时的转化率为 {now}%；再积累 {fewest - days} 天的数据才能与平时比较。",
            "en": f"In the last 24 hours {now} % of visits paid; {fewest - days} more days of data "
            "are needed to compare them with usual days."
            if fewest - days > 1
            else f"In the last 24 hours {now} % of visits paid; one more day of data is needed to "
            "compare them with usual days.",
        }
    return {
        "zh": f"过去 24 小时的转化率为 {now}%；支付的访问太少，无法与平时比较。",
        "en": f"In the last 24 hours {now} % of visits paid; too few paid to compare them with "
        "usual days.",
    }
