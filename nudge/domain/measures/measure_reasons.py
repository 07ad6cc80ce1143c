"""Reasons why a measure, or a variant of it, may not be granted: sentences in zh and en. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from nudge.domain.choosing import eligibility
from nudge.domain.contact.contact import QUIET_HOURS
from nudge.domain.measures.measure_options import STANDS
from nudge.domain.offers.offer_reasons import SENTENCES as OFFER_SENTENCES
from nudge.domain.offers.offer_reasons import OfferReason, Said, contact_reason


class MeasureReason(StrEnum):
    """Reason why no measure may be granted for a case now."""

    NOT_DUE = "not_due"
    HELD = "held"
    CLOSED = "closed"
    GRANTED = "granted"
    HAS_BENEFIT = "has_benefit"
    OFFERED_OTHER = "offered_other"
    GRANTED_ELSEWHERE = "granted_elsewhere"
    NO_BENEFIT = "no_benefit"
    NO_SLOT = "no_slot"
    NOT_ELIGIBLE = "not_eligible"
    NO_CONTACT = "no_contact"


SENTENCES: Final[Mapping[MeasureReason, Said]] = {
    MeasureReason.NOT_DUE: {
        "zh": "这位客户目前没有应办的措施。",
        "en": "No measure is due for this visitor now.",
    },
    MeasureReason.HELD: {
        "zh": "这位客户在对照组：不联系，也不给措施，用来衡量效果。",
        "en": "The visitor is held out: no contact and no measure, to tell what comes without.",
    },
    MeasureReason.CLOSED: {
        "zh": "该工单已关闭。",
        "en": "The case is closed.",
    },
    MeasureReason.GRANTED: {
        "zh": "该工单已办理过措施：{detail}。",
        "en": "The case has its measure already: {detail}.",
    },
    MeasureReason.HAS_BENEFIT: {
        "zh": "这位客户已享有“{detail}”组的权益：惠不重叠，同组不再给第二个。",
        "en": "The visitor has a benefit of the group {detail} already: never a second one.",
    },
    MeasureReason.OFFERED_OTHER: {
        "zh": "“{detail}”组里的另一个权益已经给出并仍然有效：一人一价。",
        "en": "Another offer of the group {detail} stands for this visitor: one person, one price.",
    },
    MeasureReason.GRANTED_ELSEWHERE: {
        "zh": "同组权益正由工单 {detail} 办理，请到那张工单继续。",
        "en": "The case {detail} is granting a benefit of the same group; go on there.",
    },
    MeasureReason.NO_BENEFIT: {
        "zh": "该措施不含权益，联系客户即可。",
        "en": "The measure has no benefit: the contact is all of it.",
    },
    MeasureReason.NO_SLOT: {
        "zh": "没有决策位“{detail}”，请先用 nudge apply 上线。",
        "en": "There is no slot {detail}; put it into service with nudge apply.",
    },
    MeasureReason.NOT_ELIGIBLE: {
        "zh": "决策位里没有一个方案符合这位客户的条件。",
        "en": "No variant of the slot may be given to this visitor.",
    },
    MeasureReason.NO_CONTACT: {
        "zh": "现在不能联系这位客户：{detail}",
        "en": "The visitor may not be contacted now: {detail}",
    },
}
_BACK: Final[Mapping[str, Said]] = {
    "disabled": {"zh": "该方案已停用。", "en": "The variant is switched off."},
    "rule": {
        "zh": "这位客户不符合该方案的条件。",
        "en": "Its rule does not hold for this visitor.",
    },
    "rule_unknown": {
        "zh": "该方案的条件所需的信息未知。",
        "en": "Something that its rule asks for is not known.",
    },
    "requires": {"zh": "缺少信息：{detail}。", "en": "Not known of this visitor: {detail}."},
    "not_yet": {"zh": "该方案尚未开始。", "en": "It has not begun."},
    "expired": {"zh": "该方案已经结束。", "en": "It is over."},
    "off": {"zh": "该决策位已关闭。", "en": "The slot is off."},
    "frozen": {
        "zh": "该决策位已冻结，只给默认方案。",
        "en": "The slot is frozen and gives its fallback.",
    },
    "channel": {"zh": "该方案不适用于这个渠道。", "en": "It is not for this channel."},
    "page": {"zh": "该方案不适用于工单。", "en": "It is not for the work list."},
    eligibility.STATE_UNKNOWN: {
        "zh": "暂时无法得知客户已有的权益。",
        "en": "What benefits the visitor has is not known now.",
    },
    eligibility.SOLD_OUT: {"zh": "库存已用完。", "en": "None is left."},
    eligibility.STOCK_UNKNOWN: {"zh": "暂时无法得知库存。", "en": "What is left is not known now."},
    eligibility.UNAFFORDABLE: {
        "zh": "金额远高于客户平时的充值。",
        "en": "The amount is far above what the visitor pays.",
    },
    STANDS: OFFER_SENTENCES[OfferReason.STANDING],
    "exclusive": SENTENCES[MeasureReason.HAS_BENEFIT],
    eligibility.CONTRADICTS: SENTENCES[MeasureReason.OFFERED_OTHER],
}
_QUIET: Final[Said] = {
    "zh": "现在是免打扰时段。",
    "en": "These are quiet hours.",
}
_OTHER: Final[Said] = {"zh": "不符合条件：{detail}。", "en": "Not eligible: {detail}."}


def same_text(text: str) -> Said:
    """Return a text that is the same in each language."""
    return {"zh": text, "en": text}


NOTHING: Final = same_text("")
"""The detail of a reason that is about nothing in particular."""


def say(reason: MeasureReason, detail: Said = NOTHING) -> Said:
    """Return the sentences of a reason.

    Args:
        reason: why no measure may be granted.
        detail: what it is about, by language, such as the group of benefits.
    """
    return _filled(SENTENCES[reason], detail)


def say_no_contact(code: str, since: str = "") -> Said:
    """Return the sentences of what forbids a contact now.

    Args:
        code: of the contact policy.
        since: label of the next moment; empty where there is none for days.
    """
    why = OFFER_SENTENCES[contact_reason(code)] if code != QUIET_HOURS else _QUIET
    found = _filled(SENTENCES[MeasureReason.NO_CONTACT], why)
    later = {"zh": f"最早 {since}。", "en": f" The next moment: {since}."}
    return {tongue: text + (later[tongue] if since else "") for tongue, text in found.items()}


def say_back(code: str) -> Said:
    """Return the sentences of what keeps a variant back, by the code of the rule."""
    name, _, detail = code.partition(":")
    known = _BACK.get(name)
    return _filled(known or _OTHER, same_text(detail if known else code))


def reason_of_code(code: str) -> tuple[MeasureReason, Said]:
    """Return the reason that stands for the code of a variant, and its detail."""
    name, _, detail = code.partition(":")
    if name == "exclusive":
        return MeasureReason.HAS_BENEFIT, same_text(detail)
    if name == eligibility.CONTRADICTS:
        return MeasureReason.OFFERED_OTHER, same_text(detail)
    return MeasureReason.NOT_ELIGIBLE, NOTHING


def _filled(said: Said, detail: Said) -> Said:
    return {tongue: text.replace("{detail}", detail[tongue]) for tongue, text in said.items()}
