"""Sentences of the lift over what the operator does today, Chinese and English."""

from __future__ import annotations

import math
from typing import Final

from bandits.inference.interval import Estimate

Said = dict[str, str]

FEW_PEOPLE: Final[Said] = {
    "zh": "与现行规则相比：某一组的访客不足 20 人，不显示数据。",
    "en": "Against today's rule: a group has fewer than 20 people, so that no figures are shown.",
}
"""The sentence in place of a lift that is hidden."""


def lift_sentence(found: Estimate, *, revenue: bool) -> Said:
    """Put the policy's lift over the operator's own rule into a sentence.

    Args:
        found: the lift as a share, with ends that hold at every look.
        revenue: the reward is yuan, not conversions.
    """
    zh_what, what = (
        ("每次曝光收入", "revenue per exposure") if revenue else ("转化率", "conversion rate")
    )
    if not math.isfinite(found.value):
        return {
            "zh": f"与现行规则相比：数据不足，暂无法判断{zh_what}的变化。",
            "en": f"Against today's rule: too little data to tell how the {what} changes.",
        }
    zh_range, en_range = _ends(found)
    if found.low > 0.0 or found.high < 0.0:
        zh_way, way = ("提升", "higher") if found.value > 0.0 else ("下降", "lower")
        size = f"{abs(100.0 * found.value):.1f}"
        return {
            "zh": f"与现行规则相比，策略的{zh_what}{zh_way} {size}%"
            f"（区间 {zh_range}，随时查看均成立）。",
            "en": f"Against today's rule the policy's {what} is {size} % {way} ({en_range}, "
            "whenever one looks).",
        }
    return {
        "zh": f"与现行规则相比，策略的{zh_what}尚未见明确差异（区间 {zh_range}，随时查看均成立）。",
        "en": f"Against today's rule the policy's {what} shows no clear difference yet "
        f"({en_range}, whenever one looks).",
    }


def _ends(found: Estimate) -> tuple[str, str]:
    low = f"{100.0 * found.low:+.1f}"
    if not math.isfinite(found.high):
        return f"{low}% 以上", f"{low} % or more"
    high = f"{100.0 * found.high:+.1f}"
    return f"{low}% 至 {high}%", f"{low} % to {high} %"
