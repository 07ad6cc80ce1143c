"""Cause of an alarm in one sentence, Chinese and English: what fell, since when, what did not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.figures.titles import attribute_title, named_value, value_title

Sentences = dict[str, str]

CONVERSION: Final[Sentences] = {"zh": "转化率", "en": "conversion rate"}
_MINUTE: Final = 16
"""Length of a label up to its minute."""


@dataclass(frozen=True)
class CauseFacts:
    """Facts about a cause, as a search found them.

    Attributes:
        cause: sets of attribute values, a visit is concerned if it has all of one set; () where
            all visits are concerned alike; None where no set stands out.
        rate: share of arrivals that succeed, inside the cause, since it began.
        usual: the same as usual.
        arrivals: arrivals inside the cause since it began.
        lost: how many of them succeeded fewer than usual.
        share: part of the whole fall that lies inside, within 0 and 1.
        began: seconds since the epoch.
        unchanged: names of attributes that were searched and do not explain the fall.
        reasons: reasons of the lost ones with their share, the greatest first; () if unknown.
        measure: name of the rate, by language.
    """

    cause: tuple[Mapping[str, str], ...] | None
    rate: float
    usual: float
    arrivals: int
    lost: int
    share: float
    began: float
    unchanged: tuple[str, ...] = ()
    reasons: tuple[tuple[str, float], ...] = ()
    measure: Mapping[str, str] = field(default_factory=lambda: CONVERSION)


def cause_sentences(facts: CauseFacts, calendar: OperatorCalendar) -> Sentences:
    """Put a cause into one sentence by language, with times by the operator's calendar."""
    began = calendar.label(facts.began)[:_MINUTE].replace("T", " ")
    return {"zh": _zh(facts, began), "en": _en(facts, began)}


def _zh(facts: CauseFacts, began: str) -> str:
    rate, usual, share = (f"{100.0 * x:.1f}%" for x in (facts.rate, facts.usual, facts.share))
    parts = [f"自 {began} 起，{_zh_where(facts)}{facts.measure['zh']}由平时的 {usual} 降至 {rate}"]
    parts.append(f"{facts.arrivals:,} 次访问中比平时多流失约 {facts.lost:,} 次")
    if facts.cause:
        parts.append(f"占全部降幅的 {share}")
    if facts.reasons:
        told = "、".join(reason_shares(facts.reasons, "zh"))
        parts.append(f"失败原因主要是{told}")
    if facts.cause is None:
        parts.append("未能定位到具体原因")
    ends = "、".join(attribute_title(name, "zh") for name in facts.unchanged)
    unchanged = f"；{ends}{'均' if len(facts.unchanged) > 1 else ''}未见异常" if ends else ""
    return "，".join(parts) + unchanged + "。"


def _zh_where(facts: CauseFacts) -> str:
    if not facts.cause:
        return "整体"
    sets = ["、".join(named_value(k, v, "zh") for k, v in one.items()) for one in facts.cause]
    return "以及".join(sets) + "的"


def _en(facts: CauseFacts, began: str) -> str:
    rate, usual, share = (f"{100.0 * x:.1f} %" for x in (facts.rate, facts.usual, facts.share))
    measure, where = facts.measure["en"], _en_where(facts)
    text = (
        f"Since {began} the {measure} {where} is {rate} instead of the usual {usual}: of "
        f"{facts.arrivals:,} visits about {facts.lost:,} more than usual were lost"
    )
    if facts.cause:
        text += f", {share} of the whole fall"
    if facts.reasons:
        told = _listed(reason_shares(facts.reasons, "en"))
        text += f", mostly for {told}"
    if facts.cause is None:
        text += "; no single cause stands out"
    if facts.unchanged:
        text += f"; unchanged: {_listed([attribute_title(name, 'en') for name in facts.unchanged])}"
    return text + "."


def _en_where(facts: CauseFacts) -> str:
    if not facts.cause:
        return "of all visits"
    sets = [_listed([named_value(k, v, "en") for k, v in one.items()]) for one in facts.cause]
    return "of " + ", and of ".join(sets)


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def reason_shares(reasons: Iterable[tuple[str, float]], language: str) -> list[str]:
    """Return reasons of failures in words, each with its share."""
    form = "{}（{:.0f}%）" if language == "zh" else "{} ({:.0f} %)"
    return [
        form.format(value_title("reason", name, language), 100.0 * share) for name, share in reasons
    ]
