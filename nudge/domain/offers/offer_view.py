"""The next offer as a plain table, for the API. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nudge.domain.choosing.standing_offers import StandingOffers
from nudge.domain.offers.arbitration import NextOffer
from nudge.domain.offers.candidates import PAGE, Candidate
from nudge.domain.offers.offer_reasons import SENTENCES


def next_view(
    found: NextOffer, standing: StandingOffers, label: Callable[[float], str]
) -> dict[str, Any]:
    """Return the answer: the offer that is next, the others with their reasons, what stands.

    Args:
        found: of the arbitration.
        standing: offers that bind.
        label: formats a moment in seconds.
    """
    chosen = found.chosen
    return {
        "next": None if chosen is None else _chosen(chosen, label),
        "others": [_other(one) for one in found.others],
        "standing": [
            {"group": group, "benefit": one.benefit, "until": label(one.until)}
            for group, one in sorted(standing.items())
        ],
    }


def _chosen(one: Candidate, label: Callable[[float], str]) -> dict[str, Any]:
    how = {"zh": "页面" if one.channel == PAGE else one.channel, "en": one.channel}
    told = {tongue: one.variant.title.get(tongue, one.variant.name) for tongue in ("zh", "en")}
    return {
        **_named(one),
        "value": one.variant.value,
        "purpose": one.terms.purpose,
        "priority": one.terms.priority,
        "expected": one.value,
        "policy": {"kind": one.live.policy_kind, "version": one.live.policy_version},
        "from": None if one.start is None else label(one.start),
        "sentence": {
            "zh": f"下一个给这位客户的是“{told['zh']}”，渠道：{how['zh']}。",
            "en": f"“{told['en']}” goes to this visitor next, by {how['en']}.",
        },
    }


def _other(one: Candidate) -> dict[str, Any]:
    reason = one.reason
    assert reason is not None  # noqa: S101 - the arbitration gives every other one a reason
    return {
        **_named(one),
        "reason": str(reason),
        "detail": one.detail,
        "expected": one.value,
        "sentence": dict(SENTENCES[reason]),
    }


def _named(one: Candidate) -> dict[str, Any]:
    slot, variant = one.name
    return {
        "slot": slot,
        "variant": variant,
        "title": dict(one.variant.title),
        "channel": one.channel,
    }
