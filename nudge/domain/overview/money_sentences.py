"""Sentences of what personalisation brought in 30 days, Chinese and English."""

from __future__ import annotations

from nudge.domain.overview.group_sums import FEWEST, GroupLift
from nudge.domain.reports.sentences import Said


def holdout_sentence(lift: GroupLift | None) -> Said:
    """Put the lift over the holdout into a sentence; None where nobody is held out."""
    if lift is None or not lift.other.visitors:
        return {
            "zh": "最近 30 天没有对照组的访客，无法衡量智能策略带来多少收入。",
            "en": "The last 30 days have no visitors of the holdout, so that nothing tells what "
            "the policies brought.",
        }
    if lift.hidden:
        several = lift.other.visitors
        return {
            "zh": f"数据还不够：最近 30 天对照组只有 {several} 位访客，至少需要 {FEWEST} 位。",
            "en": f"Too early: the holdout has {several} visitors in 30 days, and at least "
            f"{FEWEST} are needed.",
        }
    money = lift.money
    ends = f"{yuan(money.low)} 至 {yuan(money.high)}", f"{yuan(money.low)} to {yuan(money.high)}"
    if money.low > 0.0:
        return {
            "zh": f"与对照组相比，智能策略最近 30 天多带来 {yuan(money.value)}（区间 {ends[0]}）。",
            "en": f"The policies brought {yuan(money.value)} more in 30 days than the holdout's "
            f"experience would have ({ends[1]}).",
        }
    if money.high < 0.0:
        less = yuan(-money.value)
        return {
            "zh": f"与对照组相比，智能策略最近 30 天少带来 {less}（区间 {ends[0]}）。",
            "en": f"The policies brought {less} less in 30 days than the holdout's "
            f"experience would have ({ends[1]}).",
        }
    return {
        "zh": f"最近 30 天还看不出智能策略是否比对照组带来更多收入（区间 {ends[0]}）。",
        "en": "It cannot be told yet whether the policies brought more in 30 days than the "
        f"holdout's experience would have ({ends[1]}).",
    }


def usual_sentence(lift: GroupLift) -> Said:
    """Put the lift of a slot's policy over the operator's own rule into a sentence."""
    if lift.hidden:
        several = lift.other.visitors
        return {
            "zh": f"数据还不够：现行规则组最近 30 天只有 {several} 位访客，至少需要 {FEWEST} 位。",
            "en": f"Too early: the group with today's rule has {several} visitors in 30 days, and "
            f"at least {FEWEST} are needed.",
        }
    money = lift.money
    low, high, value = yuan(money.low), yuan(money.high), yuan(abs(money.value))
    if money.low > 0.0:
        return {
            "zh": f"与现行规则相比，智能策略最近 30 天多带来 {value}（区间 {low} 至 {high}）。",
            "en": f"The policy brought {value} more in 30 days than today's rule would have "
            f"({low} to {high}).",
        }
    if money.high < 0.0:
        return {
            "zh": f"与现行规则相比，智能策略最近 30 天少带来 {value}（区间 {low} 至 {high}）。",
            "en": f"The policy brought {value} less in 30 days than today's rule would have "
            f"({low} to {high}).",
        }
    return {
        "zh": f"最近 30 天还看不出智能策略与现行规则的差别（区间 {low} 至 {high}）。",
        "en": f"No difference from today's rule can be told yet in 30 days ({low} to {high}).",
    }


def yuan(value: float) -> str:
    """Format yuan to the whole yuan: `¥182,400`, `−¥1,200`."""
    text = f"¥{abs(value):,.0f}"
    return f"\N{MINUS SIGN}{text}" if round(value) < 0 else text
