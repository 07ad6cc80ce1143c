"""Reasons why an offer is not the next one: stable codes, and their sentences in zh and en."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from nudge.domain.contact import contact

Said = Mapping[str, str]
"""A sentence by language, `zh` and `en`."""


class OfferReason(StrEnum):
    """Reason why an offer is not the next one."""

    NOT_ELIGIBLE = "not_eligible"
    CONTRADICTS = "contradicts"
    STANDING = "standing"
    HOLDOUT = "holdout"
    NO_CONSENT = "no_consent"
    QUIET_HOURS = "quiet_hours"
    CONTACT_CAP = "contact_cap"
    NO_CAPACITY = "no_capacity"
    NO_CHANNEL = "no_channel"
    LOWER_PRIORITY = "lower_priority"
    LOWER_VALUE = "lower_value"
    OTHER_CHANNEL = "other_channel"


SENTENCES: Final[Mapping[OfferReason, Said]] = {
    OfferReason.NOT_ELIGIBLE: {
        "zh": "这位客户不符合该优惠的条件。",
        "en": "The offer's conditions do not hold for this visitor.",
    },
    OfferReason.CONTRADICTS: {
        "zh": "同一组优惠中已有另一个给了这位客户：一人一价。",
        "en": "Another offer of the same group goes to this visitor: one person, one price.",
    },
    OfferReason.STANDING: {
        "zh": "该决策位给这位客户的另一个方案仍然有效。",
        "en": "Another variant of this slot stands for this visitor.",
    },
    OfferReason.HOLDOUT: {
        "zh": "这位客户在对照组，只看默认方案。",
        "en": "The visitor is in the holdout and gets the fallback.",
    },
    OfferReason.NO_CONSENT: {
        "zh": "客户没有同意该渠道，或已退订、投诉。",
        "en": "The visitor did not agree to the channel, or refused or complained.",
    },
    OfferReason.QUIET_HOURS: {
        "zh": "今天余下的时间都在免打扰时段、节假日或不触达的日子里。",
        "en": "The rest of the day is quiet hours, a holiday or a day without contacts.",
    },
    OfferReason.CONTACT_CAP: {
        "zh": "触达次数、间隔或顺序的规则今天不再允许。",
        "en": "Caps, spacing or the order of contacts allow no more today.",
    },
    OfferReason.NO_CAPACITY: {
        "zh": "该渠道今天的容量已用完。",
        "en": "The channel's capacity is used for today.",
    },
    OfferReason.NO_CHANNEL: {
        "zh": "触达规则里没有这个渠道或目的。",
        "en": "The contact policy has no such channel or purpose.",
    },
    OfferReason.LOWER_PRIORITY: {
        "zh": "另一个优惠的优先级更高。",
        "en": "Another offer has a higher priority.",
    },
    OfferReason.LOWER_VALUE: {
        "zh": "另一个优惠的预期价值更高，或价值相同而排在前面。",
        "en": "Another offer is expected to bring more, or as much and comes first.",
    },
    OfferReason.OTHER_CHANNEL: {
        "zh": "同一个优惠由另一个渠道给出：先用不打扰客户的渠道。",
        "en": "The same offer goes by another channel: the one that disturbs least comes first.",
    },
}
_CONTACT: Final[Mapping[str, OfferReason]] = {
    contact.UNKNOWN_PURPOSE: OfferReason.NO_CHANNEL,
    contact.UNKNOWN_CHANNEL: OfferReason.NO_CHANNEL,
    contact.BLACKLISTED: OfferReason.NO_CONSENT,
    contact.COMPLAINT: OfferReason.NO_CONSENT,
    contact.NO_CONSENT: OfferReason.NO_CONSENT,
    contact.HOLIDAY: OfferReason.QUIET_HOURS,
    contact.WEEKDAY: OfferReason.QUIET_HOURS,
    contact.QUIET_HOURS: OfferReason.QUIET_HOURS,
    contact.NO_CAPACITY: OfferReason.NO_CAPACITY,
}


def contact_reason(code: str) -> OfferReason:
    """Return the reason for a code of the contact policy: all that count contacts are one."""
    return _CONTACT.get(code, OfferReason.CONTACT_CAP)
