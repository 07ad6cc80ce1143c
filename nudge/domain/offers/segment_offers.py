"""Offers of a segment: which of them its members may get, by which channel. Pure.

A rule is asked what is known of all members, the segment itself: it holds for all, for none, or it
depends on the person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any, Final

from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.membership.segment_book import SegmentKey
from nudge.domain.offers.candidates import PAGE
from nudge.domain.slots.slot import OfferTerms, SlotMode, Variant


class Eligible(StrEnum):
    """The part of a segment that may get an offer."""

    ALL = "all"
    SOME = "some"
    NONE = "none"


_SENTENCES: Final[Mapping[str, Mapping[str, str]]] = {
    "open": {"zh": "整个客群都可以获得。", "en": "The whole segment may get it."},
    "person": {
        "zh": "取决于客户本人：条件、库存、已有的优惠。",
        "en": "It depends on the person: conditions, stock, benefits.",
    },
    "rule": {"zh": "这个客群不符合条件。", "en": "Its rule does not hold for this segment."},
    "disabled": {"zh": "该方案已停用。", "en": "The variant is switched off."},
    "off": {"zh": "该决策位已关闭。", "en": "The slot is off."},
    "not_yet": {"zh": "尚未开始。", "en": "It has not begun."},
    "expired": {"zh": "已经结束。", "en": "It is over."},
}


def list_segment_offers(
    key: SegmentKey,
    slots: Iterable[LiveSlot],
    policy: ContactPolicy | None,
    brought: Mapping[str, Mapping[str, Mapping[str, Any]]],
    at: float,
) -> Iterator[dict[str, Any]]:
    """Yield the rows of the table of offers and channels of a segment.

    Args:
        key: of the segment.
        slots: in service.
        policy: of contacts; None where none is configured.
        brought: slot -> variant -> figures of the report about this segment's visitors.
        at: seconds, now.
    """
    for live in slots:
        terms = live.slot.offer_terms
        if terms is None:
            continue
        for variant in live.slot.variants:
            why = _why(key, live, variant, at)
            eligible = {"open": Eligible.ALL, "person": Eligible.SOME}.get(why, Eligible.NONE)
            yield {
                "slot": live.slot.name,
                "variant": variant.name,
                "title": dict(variant.title),
                "eligible": str(eligible),
                "reason": why,
                "sentence": dict(_SENTENCES[why]),
                "channels": list(_channels(variant, terms, policy)),
                "brought": _figures(brought.get(live.slot.name, {}).get(variant.name)),
            }


def report_figures(report: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the figures of a slot's report by variant; none where too few people are in it."""
    return {one["variant"]: one for one in report["whole"].get("variants", ())}


def _why(key: SegmentKey, live: LiveSlot, variant: Variant, at: float) -> str:
    limits = variant.availability
    if live.slot.mode == SlotMode.OFF:
        return "off"
    if not variant.enabled:
        return "disabled"
    if limits.starts is not None and at < limits.starts:
        return "not_yet"
    if limits.ends is not None and at >= limits.ends:
        return "expired"
    holds = True if limits.when is None else limits.when.holds({key.kind: key.name}, at)
    if holds is False:
        return "rule"
    asks = limits.requires or limits.exclusive or limits.stock is not None
    return "person" if holds is None or asks else "open"


def _channels(
    variant: Variant, terms: OfferTerms, policy: ContactPolicy | None
) -> Iterator[dict[str, Any]]:
    """Yield the channels of an offer: pages, and those of contact with their terms."""
    limits = variant.availability.channels
    if not limits or limits - {"sms"}:
        yield {"channel": PAGE, "consent": None, "capacity": None}
    for name in terms.channels if policy and terms.purpose in policy.purposes else ():
        channel = policy.channels.get(name) if policy else None
        if channel is not None and (not limits or name in limits):
            yield {"channel": name, "consent": channel.consent, "capacity": channel.capacity}


def _figures(found: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if found is None:
        return None
    names = ("exposures", "conversions", "rate", "revenue", "revenue_per_exposure", "interval")
    return {name: found.get(name) for name in names}
