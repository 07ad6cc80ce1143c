"""Sentences of the funnel's findings, Chinese and English."""

from __future__ import annotations

from typing import Final, NamedTuple

from bandits.inference.interval import Estimate, difference
from nudge.domain.figures.titles import value_title
from nudge.domain.funnel.funnel import Funnel
from nudge.domain.funnel.funnel_comparison import ComparedCounts
from nudge.domain.funnel.funnel_counts import LEVEL, Disagreement, FunnelCounts
from nudge.domain.funnel.funnel_leaks import Leak, verdict
from nudge.domain.reports.report_time import FEWEST
from nudge.domain.reports.sentences import BEFORE, Said

_MINUTE: Final = 16
"""Length of a label up to its minute."""


class FunnelChange(NamedTuple):
    """The change of the share of visits lost at a stage, with intervals."""

    now: Estimate
    before: Estimate
    by: Estimate


def headline(
    funnel: Funnel, now: FunnelCounts, leaks: list[Leak], by: str = "", *, chosen: bool = False
) -> Said:
    """Put the first thing to look at into words: the costliest certain leak, else the largest loss.

    Args:
        funnel: with the names of the stages.
        now: counts of the period.
        leaks: those that may be shown, the costliest first.
        by: dimension of the leaks' groups.
        chosen: the visits are those that a filter lets pass.
    """
    if not now.visits and chosen:
        return {
            "zh": "该时段内没有符合筛选条件的访问。",
            "en": "No visit that fits the filter began in this period.",
        }
    if not now.visits:
        return {"zh": "该时段内没有访问。", "en": "No visit began in this period."}
    if leaks and leaks[0].verdict == "worse":
        return _leak(funnel, leaks[0], by)
    most = max(now.overall, key=lambda one: one.lost.hits)
    name, lost, of = funnel.stages[most.stage].name, most.lost.hits, most.visits
    share = f"{most.lost.rate or 0.0:.1%}"
    zh, en = _stage(name)
    return {
        "zh": f"流失最多的环节是“{zh}”：{of:,} 次访问中有 {lost:,} 次（{share}）止步于此。",
        "en": f"Most is lost at the stage “{en}”: {lost:,} of {of:,} visits ({share}) end there.",
    }


def _stage(name: str) -> tuple[str, str]:
    return value_title("stage", name, "zh"), value_title("stage", name, "en")


def _group(by: str, group: str) -> tuple[str, str]:
    """Return where a leak is, in words: the group's value by its dimension."""
    if not group:
        return "", ""
    return f"{value_title(by, group, 'zh')}的", f" in {value_title(by, group, 'en')}"


def _reason(reason: str) -> tuple[str, str]:
    if not reason:
        return "原因未知", "with no reason given"
    return (
        f"原因：{value_title('reason', reason, 'zh')}",
        f"for {value_title('reason', reason, 'en')}",
    )


def _leak(funnel: Funnel, leak: Leak, by: str) -> Said:
    one = leak.count
    name, lost, of = funnel.stages[one.stage].name, one.lost.hits, one.lost.visits
    share = f"{one.lost.rate or 0.0:.1%}"
    usual = f"{(leak.usual and leak.usual.rate) or 0.0:.1%}"
    zh_where, en_where = _group(by, one.group)
    zh, en = _stage(name)
    zh_why, en_why = _reason(one.reason)
    payments = f"{leak.payments:,.0f}"
    return {
        "zh": f"最大流失点：{zh_where}“{zh}”环节（{zh_why}），{of:,} 次访问中流失 {lost:,} 次"
        f"（{share}，通常为 {usual}），约损失 {payments} 笔支付。",
        "en": f"The largest leak: stage “{en}”{en_where}, {en_why}: {lost:,} of {of:,} visits "
        f"are lost ({share}, usually {usual}), which costs about {payments} payments.",
    }


def change_sentence(funnel: Funnel, compare: str, found: ComparedCounts, until: str | None) -> Said:
    """Put the surest change of a stage against the period before into words.

    The intervals of all stages hold together, so that of many stages none is named by chance.

    Args:
        funnel: with the names of the stages.
        compare: `week`, `month` or `quarter`.
        found: counts of what is compared.
        until: label of the end of the part that is compared; None where all is.
    """
    before, part = BEFORE[compare], _part(until)
    refused = _incomparable(found)
    if refused is not None:
        return {
            "zh": f"无法与{before['zh']}比较：{refused['zh']}。{part['zh']}",
            "en": f"This cannot be compared with {before['en']}: {refused['en']}. "
            f"{part['en']}".rstrip(),
        }
    said = _told(before, _changes(funnel, found))
    return {one: said[one] + part[one] + _DIFFER[one] for one in ("zh", "en")}


def _incomparable(found: ComparedCounts) -> Said | None:
    if found.now is None or found.before is None:
        return {
            "zh": "该时段的访问都可能仍会支付，或上期没有对应的日期",
            "en": "all visits of the period may still pay, or the one before has no such days",
        }
    if not found.before.visits:
        return {"zh": "上期没有访问", "en": "no visit began then"}
    if not found.now.visits:
        return {"zh": "本期没有访问", "en": "no visit began in this period"}
    if min(found.now.subjects, found.before.subjects) < FEWEST:
        return {"zh": f"人数不足 {FEWEST} 人", "en": f"there are fewer than {FEWEST} people"}
    return None


def _changes(funnel: Funnel, found: ComparedCounts) -> list[tuple[str, FunnelChange]]:
    """Return the changes of the stages that both periods' visits reached, with their names."""
    level = 1.0 - (1.0 - LEVEL) / max(1, len(funnel.stages) - 1)
    sides = [
        {one.stage: one.lost.estimate(level) for one in counts.overall}
        for counts in (found.now, found.before)
        if counts is not None
    ]
    both = sorted(set(sides[0]) & set(sides[1]))
    pairs = [(stage, sides[0][stage], sides[1][stage]) for stage in both]
    return [
        (funnel.stages[stage].name, FunnelChange(now, before, difference(now, before)))
        for stage, now, before in pairs
        if now is not None and before is not None
    ]


def _told(before: Said, changes: list[tuple[str, FunnelChange]]) -> Said:
    sure = [(name, one) for name, one in changes if verdict(one.by) != "unclear"]
    if not sure:
        return {
            "zh": f"与{before['zh']}相比，各环节的流失率没有可确认的变化。",
            "en": f"Against {before['en']}, no stage loses more or fewer visits for sure. ",
        }
    name, one = max(sure, key=lambda found: abs(found[1].by.value))
    worse = verdict(one.by) == "worse"
    zh, en = _stage(name)
    was, now = (f"{100.0 * side.value:.1f}" for side in (one.before, one.now))
    value, low, high = (f"{100.0 * x:+.1f}" for x in (one.by.value, one.by.low, one.by.high))
    return {
        "zh": f"与{before['zh']}相比，“{zh}”环节的流失率{'上升' if worse else '下降'}："
        f"{was}%→{now}%（{value} 个百分点，区间 {low}～{high}）。",
        "en": f"Against {before['en']}, {'more' if worse else 'fewer'} visits are lost at the "
        f"stage “{en}”: {was} % to {now} % ({value} points, from {low} to {high}). ",
    }


def _part(until: str | None) -> Said:
    if until is None:
        return {"zh": "", "en": ""}
    until = until[:_MINUTE].replace("T", " ")
    return {
        "zh": f"只比较到 {until}（之后的访问可能仍会支付），上期取相同的部分。",
        "en": f"Later visits may still pay: the period is compared up to {until}, with the same "
        "part of the one before. ",
    }


_DIFFER: Final = {
    "zh": "两段时间的访客构成可能不同，变化未必由页面引起。",
    "en": "Visitors of the two periods may differ, so the pages need not be the cause.",
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
    if found.without_visit is None:
        return rows
    stray = {"payments": found.without_visit, "of": found.without_visit + found.confirmed}
    return [*rows, {"finding": "paid_without_visit", **stray, **_WITHOUT_VISIT}]
