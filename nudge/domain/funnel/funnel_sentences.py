"""What the funnel found in plain sentences, Chinese and English."""

from __future__ import annotations

from typing import Final

from nudge.domain.funnel.funnel import Funnel
from nudge.domain.funnel.funnel_counts import Disagreement, FunnelCounts
from nudge.domain.funnel.funnel_leaks import Leak

Said = dict[str, str]
"""`zh` and `en`."""


def headline(funnel: Funnel, now: FunnelCounts, leaks: list[Leak]) -> Said:
    """The one thing to look at first: what is surely lost beyond the usual, else the most lost.

    Args:
        funnel: the path.
        now: what was counted.
        leaks: that may be told, those that cost most first.
    """
    if not now.visits:
        return {"zh": "这段时间没有访问。", "en": "No visit began in this period."}
    if leaks and leaks[0].verdict == "worse":
        return _leak(funnel, leaks[0])
    most = max(now.overall, key=lambda one: one.lost.hits)
    name, lost, of = funnel.stages[most.stage].name, most.lost.hits, most.visits
    share = f"{most.lost.rate or 0.0:.1%}"
    return {
        "zh": f"流失最多的一步是 {name}：{of:,} 次访问中有 {lost:,} 次（{share}）到此为止。",
        "en": f"Most is lost at {name}: {lost:,} of {of:,} visits ({share}) end there.",
    }


def _leak(funnel: Funnel, leak: Leak) -> Said:
    one = leak.count
    name, lost, of = funnel.stages[one.stage].name, one.lost.hits, one.lost.visits
    share = f"{one.lost.rate or 0.0:.1%}"
    usual = f"{(leak.usual and leak.usual.rate) or 0.0:.1%}"
    zh_where, en_where = (f"{one.group} 的 ", f" in {one.group}") if one.group else ("", "")
    zh_why, en_why = (
        (f"原因 {one.reason}", f"for {one.reason}")
        if one.reason
        else ("没有给出原因", "with no reason given")
    )
    payments = f"{leak.payments:,.0f}"
    return {
        "zh": f"漏得最多：{zh_where}{name} 一步，{zh_why}：{of:,} 次访问中流失 {lost:,} 次"
        f"（{share}，平时 {usual}），约少 {payments} 笔支付。",
        "en": f"The largest leak: {name}{en_where}, {en_why}: {lost:,} of {of:,} visits are lost "
        f"({share}, usually {usual}), which costs about {payments} payments.",
    }


_CLAIMED_ONLY: Final = {
    "zh": "页面称已支付，但没有服务器确认",
    "en": "the page said that it was paid, no server did",
}
_CONFIRMED_ONLY: Final = {
    "zh": "服务器确认已支付，但页面没有说",
    "en": "a server said that it was paid, the page did not",
}
_WITHOUT_VISIT: Final = {
    "zh": "服务器确认的支付之前没有访问：来自别的途径，或步骤丢失",
    "en": "a server's payment that follows no visit: by another way, or its steps were lost",
}


def disagreements(found: Disagreement) -> list[dict[str, object]]:
    """Payments that one source tells of and another does not, each kind with its words."""
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
