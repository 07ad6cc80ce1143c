"""Sentences that say how many visitors a variant would have, and what nobody knows. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nudge.domain.audience.audience import AudienceCount
from nudge.domain.figures.titles import attribute_title
from nudge.domain.reports.report_time import FEWEST
from nudge.domain.slots.rule_words import LANGUAGES, Said


@dataclass(frozen=True)
class AudienceSize:
    """The number of visitors who would be eligible.

    Attributes:
        visitors: all whom the slot saw.
        share: of them, who are eligible.
        interval: of the share, 95 %; None where all visitors were looked at.
        days: in which the slot saw them.
        hidden: fewer than 20 are eligible, so that the number may tell of a person.
        decidable: false where the rule asks for an attribute that is known of no visitor.
    """

    visitors: int
    eligible: int
    share: float
    interval: tuple[float, float] | None
    days: int
    hidden: bool
    decidable: bool = True


def headline(size: AudienceSize) -> Said:
    """Put into words how many visitors are eligible."""
    if not size.visitors:
        return {
            "zh": f"最近 {size.days} 天没有访客看到这个决策位，无法估计人数。",
            "en": f"The slot saw no visitor in the last {size.days} days, so there is nobody to "
            "count.",
        }
    if not size.decidable:
        return {
            "zh": f"最近 {size.days} 天的 {size.visitors:,} 位访客中有多少位符合，目前无法判断。",
            "en": f"Nobody can say how many of the {size.visitors:,} visitors of the last "
            f"{size.days} days are eligible.",
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
    words = {tongue: attribute_title(name, tongue) for tongue in LANGUAGES}
    return {
        "zh": f"还不知道任何访客的“{words['zh']}”：这个决策位没有记录它，服务端也没有提供。"
        "页面传入时，活动仍会按规则展示；要估计人数，请把它加入决策位的上下文。",
        "en": f"The attribute “{words['en']}” is known of no visitor by now: the slot does not log "
        "it, and no server has told it. Where a page sends it, the promotion is shown by its rule "
        "all the same; to count visitors, add it to the slot's context.",
    }


def _partly(name: str, share: float) -> Said:
    words = {tongue: attribute_title(name, tongue) for tongue in LANGUAGES}
    return {
        "zh": f"目前只知道 {share:.1%} 的访客的“{words['zh']}”；其余访客要等页面传入才能判断。",
        "en": f"The attribute “{words['en']}” is known of {100 * share:.1f} % of the visitors by "
        "now; of the others only a page that sends it can tell.",
    }
