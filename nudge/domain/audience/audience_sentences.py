"""Sentences that say how many visitors a variant would have, and what nobody knows. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nudge.domain.audience.audience import AudienceCount
from nudge.domain.reports.report_time import FEWEST
from nudge.domain.slots.rule_words import Said, attribute_words


@dataclass(frozen=True)
class AudienceSize:
    """The number of visitors who would be eligible.

    Attributes:
        visitors: all whom the slot saw.
        share: of them, who are eligible.
        interval: of the share, 95 %; None where all visitors were looked at.
        days: in which the slot saw them.
        hidden: fewer than 20 are eligible, so that the number may tell of a person.
    """

    visitors: int
    eligible: int
    share: float
    interval: tuple[float, float] | None
    days: int
    hidden: bool


def headline(size: AudienceSize) -> Said:
    """Put into words how many visitors are eligible."""
    if not size.visitors:
        return {
            "zh": f"最近 {size.days} 天没有访客看到这个决策位，无法估计人数。",
            "en": f"The slot saw no visitor in the last {size.days} days, so there is nobody to "
            "count.",
        }
    if size.hidden:
        return {
            "zh": f"最近 {size.days} 天的 {size.visitors:,} 位访客中，符合条件的不足 {FEWEST} 位，"
            "几乎没有人能看到。",
            "en": f"Of the {size.visitors:,} visitors of the last {size.days} days fewer than "
            f"{FEWEST} are eligible: hardly anybody would see it.",
        }
    return _sampled(size, size.interval) if size.interval else _counted(size)


def remarks(count: AudienceCount) -> Iterator[Said]:
    """Yield a sentence for each attribute of the rule that is not known of everybody."""
    for name, known in count.known.items():
        if known < count.members:
            yield _unknown(name) if not known else _partly(name, known / count.members)


def _counted(size: AudienceSize) -> Said:
    return {
        "zh": f"最近 {size.days} 天的 {size.visitors:,} 位访客中，"
        f"有 {size.eligible:,} 位（{size.share:.1%}）符合条件。",
        "en": f"Of the {size.visitors:,} visitors of the last {size.days} days {size.eligible:,} "
        f"({100 * size.share:.1f} %) are eligible.",
    }


def _sampled(size: AudienceSize, interval: tuple[float, float]) -> Said:
    low, high = interval
    return {
        "zh": f"最近 {size.days} 天的 {size.visitors:,} 位访客中，约有 {size.eligible:,} 位"
        f"（{size.share:.1%}，95% 区间 {low:.1%}–{high:.1%}）符合条件。",
        "en": f"Of the {size.visitors:,} visitors of the last {size.days} days about "
        f"{size.eligible:,} ({100 * size.share:.1f} %, 95 % interval {100 * low:.1f}–"
        f"{100 * high:.1f} %) are eligible.",
    }


def _unknown(name: str) -> Said:
    words = attribute_words(name)
    return {
        "zh": f"没有任何访客的“{words['zh']}”是已知的，所以无法判断谁符合：页面没有传这个值，"
        "或者这个决策位没有记录它。",
        "en": f"The attribute “{words['en']}” is known of no visitor, so nobody can say who is "
        "eligible: pages do not send it, or the slot does not log it.",
    }


def _partly(name: str, share: float) -> Said:
    words = attribute_words(name)
    return {
        "zh": f"只有 {share:.1%} 的访客的“{words['zh']}”是已知的；未知的访客看不到这个活动。",
        "en": f"The attribute “{words['en']}” is known of {100 * share:.1f} % of the visitors; the "
        "others do not see the promotion.",
    }
