"""Sentences of the funnel's findings, Chinese and English."""

from __future__ import annotations

from typing import Final

from nudge.domain.funnel.funnel import Funnel
from nudge.domain.funnel.funnel_counts import Disagreement, FunnelCounts
from nudge.domain.funnel.funnel_leaks import Leak

Said = dict[str, str]
"""A sentence by language, `zh` and `en`."""


def headline(funnel: Funnel, now: FunnelCounts, leaks: list[Leak]) -> Said:
    """Put the first thing to look at into words: the costliest certain leak, else the largest loss.

    `leaks` are those that may be shown, the costliest first.
    """
    if not now.visits:
        return {"zh": "该时段内没有访问。", "en": "No visit began in this period."}
    if leaks and leaks[0].verdict == "worse":
        return _leak(funnel, leaks[0])
    most = max(now.overall, key=lambda one: one.lost.hits)
    name, lost, of = funnel.stages[most.stage].name, most.lost.hits, most.visits
    share = f"{most.lost.rate or 0.0:.1%}"
    return {
        "zh": f"流失最多的环节是 {name}：{of:,} 次访问中有 {lost:,} 次（{share}）止步于此。",
        "en": f"Most is lost at {name}: {lost:,} of {of:,} visits ({share}) end there.",
    }


def _leak(funnel: Funnel, leak: Leak) -> Said:
    one = leak.count
    name, lost, of = funnel.stages[one.stage].name, one.lost.hits, one.lost.visits
    share = f"{one.lost.rate or 0.0:.1%}"
    usual = f"{(leak.usual and leak.usual.rate) or 0.0:.1%}"
    zh_where, en_where = (f"{one.group} 的 ", f" in {one.group}") if one.group else ("", "")
    zh_why, en_why = (
        (f"原因：{one.reason}", f"for {one.reason}")
        if one.reason
        else ("原因未知", "with no reason given")
    )
    payments = f"{leak.payments:,.0f}"
    return {
        "zh": f"最大流失点：{zh_where}{name} 环节（{zh_why}），{of:,} 次访问中流失 {lost:,} 次"
        f"（{share}，通常为 {usual}），约损失 {payments} 笔支付。",
        "en": f"The largest leak: {name}{en_where}, {en_why}: {lost:,} of {of:,} visits are lost "
        f"({share}, usually {usual}), which costs about {payments} payments.",
    }


_CLAIMED_ONLY: Final = {
    "zh": "页面上报支付成功，但服务端未确认",
    "en": "the page said that it was paid, no server did",
}
_CONFIRMED_ONLY: Final = {
    "zh": "服务端确认支付成功，但页面未上报",
    "en": "a server said that it was paid, the page did not",
}
_WITHOUT_VISIT: Final = {
    "zh": "服务端确认的支付没有对应访问：来自其他途径，或步骤上报丢失",
    "en": "a server's payment that follows no visit: by another way, or its steps were lost",
}


def disagreements(found: Disagreement) -> list[dict[str, object]]:
    """Return the kinds of payment that one source reports and another does not, in words."""
    rows: list[dict[str, object]] = [
        {
            "finding": "claimed_not_confirmed",
            "visits": found.claimed_only,
            "of": found.claimed,
            **_CLAIMED_ONLY,
        }
    ]
    if found.claimed:  # pages that never claim do not disagree
        rows.append(
            {
                "finding": "confirmed_not_claimed",
                "visits": found.confirmed_only,
                "of": found.confirmed,
                **_CONFIRMED_ONLY,
            }
        )
    stray = {"payments": found.without_visit, "of": found.without_visit + found.confirmed}
    return [*rows, {"finding": "paid_without_visit", **stray, **_WITHOUT_VISIT}]
