"""Eligibility: rules that remove variants before choosing, each removal with its reason.

A rule is a hook: a pure function of a variant and what was asked, which returns a stable code or
None. Stock, segments and exclusivity join by adding hooks to the tuple.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from nudge.domain.slot import Scalar, Slot, Variant


@dataclass(frozen=True, slots=True)
class Asked:
    """What a hook may look at besides the variant.

    Attributes:
        channel: `web`, `wap`, `app`, `sms`.
        page: as the caller named it.
        context: the attributes known when deciding.
        at: seconds since the epoch.
    """

    channel: str
    page: str
    context: Mapping[str, Scalar]
    at: float


Hook = Callable[[Variant, Asked], str | None]


def disabled(variant: Variant, _: Asked) -> str | None:
    """`disabled`: switched off by an operator."""
    return None if variant.enabled else "disabled"


def wrong_channel(variant: Variant, asked: Asked) -> str | None:
    """`channel`: not on this channel."""
    channels = variant.availability.channels
    return "channel" if channels and asked.channel not in channels else None


def wrong_page(variant: Variant, asked: Asked) -> str | None:
    """`page`: not on this page."""
    pages = variant.availability.pages
    return "page" if pages and asked.page not in pages else None


def lacking(variant: Variant, asked: Asked) -> str | None:
    """`requires:<attribute>`: the first required attribute that is unknown or false."""
    for name in variant.availability.requires:
        value = asked.context.get(name)
        if value is None or value is False:
            return f"requires:{name}"
    return None


def unfit(variant: Variant, asked: Asked) -> str | None:
    """`rule`: its rule does not hold; `rule_unknown`: that hangs on what is not known."""
    rule = variant.availability.when
    if rule is None or (found := rule.holds(asked.context, asked.at)):
        return None
    return "rule_unknown" if found is None else "rule"


def out_of_season(variant: Variant, asked: Asked) -> str | None:
    """`not_yet` before it starts, `expired` from its end on."""
    starts, ends = variant.availability.starts, variant.availability.ends
    if starts is not None and asked.at < starts:
        return "not_yet"
    return "expired" if ends is not None and asked.at >= ends else None


HOOKS: tuple[Hook, ...] = (disabled, wrong_channel, wrong_page, lacking, unfit, out_of_season)
"""The rules in the order in which a variant meets them; the first reason is the one recorded."""


def removed(
    slot: Slot, *, channel: str, page: str, context: Mapping[str, Scalar], at: float
) -> dict[str, str]:
    """The variants that may not be chosen, in the slot's order.

    Args:
        slot: whose variants are asked for.
        channel: `web`, `wap`, `app`, `sms`.
        page: as the caller named it.
        context: the attributes known when deciding.
        at: seconds since the epoch.

    Returns:
        Variant name -> code of the first rule that removed it; `off` where the slot is.
    """
    if slot.mode == "off":
        return dict.fromkeys(slot.names, "off")
    asked = Asked(channel, page, context, at)
    reasons = ((variant.name, reason_of(variant, asked)) for variant in slot.variants)
    return {name: reason for name, reason in reasons if reason is not None}


def reason_of(variant: Variant, asked: Asked, hooks: tuple[Hook, ...] = HOOKS) -> str | None:
    """Why the variant may not be chosen, or None where it may."""
    for hook in hooks:
        if (reason := hook(variant, asked)) is not None:
            return reason
    return None
