"""Eligibility: rules that remove variants before choosing, each removal with its reason.

A rule is a hook: a pure function of a variant and what was asked, which returns a stable code or
None. Another rule joins by being added to the tuple.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from nudge.domain.basics.slot_values import is_number
from nudge.domain.slots.slot import Scalar, Slot, Variant

SOLD_OUT: Final = "sold_out"
STOCK_UNKNOWN: Final = "stock_unknown"
STATE_UNKNOWN: Final = "state_unknown"
UNAFFORDABLE: Final = "unaffordable"
KEEPING: Final = (None, SOLD_OUT, STOCK_UNKNOWN)
"""Reasons that do not take a variant away from whoever has it; None is eligible."""


@dataclass(frozen=True, slots=True)
class EligibilityInput:
    """What a hook may look at besides the variant.

    Attributes:
        channel: `web`, `wap`, `app`, `sms`.
        page: as the caller named it.
        context: the attributes known when deciding.
        at: seconds since the epoch.
        benefits: groups of which the visitor has a benefit; None where that may not be known.
        left: variant -> units of its stock; None where nobody knows.
        limit: yuan, above which an amount is not preselected; None is no limit.
        amounts: yuan, that the visitor has paid or chosen before: no limit is for them.
        blocked: variant -> why it is not possible, as whoever asks found: send windows.
    """

    channel: str
    page: str
    context: Mapping[str, Scalar]
    at: float
    benefits: Collection[str] | None = None
    left: Mapping[str, int] | None = None
    limit: float | None = None
    amounts: Collection[float] = ()
    blocked: Mapping[str, str] = field(default_factory=dict)


Hook = Callable[[Variant, EligibilityInput], str | None]


def disabled(variant: Variant, _: EligibilityInput) -> str | None:
    """`disabled`: switched off by an operator."""
    return None if variant.enabled else "disabled"


def wrong_channel(variant: Variant, asked: EligibilityInput) -> str | None:
    """`channel`: not on this channel."""
    channels = variant.availability.channels
    return "channel" if channels and asked.channel not in channels else None


def wrong_page(variant: Variant, asked: EligibilityInput) -> str | None:
    """`page`: not on this page."""
    pages = variant.availability.pages
    return "page" if pages and asked.page not in pages else None


def lacking(variant: Variant, asked: EligibilityInput) -> str | None:
    """`requires:<attribute>`: the first required attribute that is unknown or false."""
    for name in variant.availability.requires:
        value = asked.context.get(name)
        if value is None or value is False:
            return f"requires:{name}"
    return None


def unfit(variant: Variant, asked: EligibilityInput) -> str | None:
    """`rule`: its rule does not hold; `rule_unknown`: that hangs on what is not known."""
    rule = variant.availability.when
    if rule is None or (found := rule.holds(asked.context, asked.at)):
        return None
    return "rule_unknown" if found is None else "rule"


def out_of_season(variant: Variant, asked: EligibilityInput) -> str | None:
    """`not_yet` before it starts, `expired` from its end on."""
    starts, ends = variant.availability.starts, variant.availability.ends
    if starts is not None and asked.at < starts:
        return "not_yet"
    return "expired" if ends is not None and asked.at >= ends else None


def taken_already(variant: Variant, asked: EligibilityInput) -> str | None:
    """`exclusive:<group>`: the visitor has a benefit of it; `state_unknown`: perhaps."""
    group = variant.availability.exclusive
    if not group:
        return None
    if asked.benefits is None:
        return STATE_UNKNOWN
    return f"exclusive:{group}" if group in asked.benefits else None


def unaffordable(variant: Variant, asked: EligibilityInput) -> str | None:
    """`unaffordable`: above what the visitor usually pays, and never paid or chosen before."""
    amount = amount_of(variant)
    if asked.limit is None or amount is None or amount <= asked.limit:
        return None
    return None if amount in asked.amounts else UNAFFORDABLE


def out_of_time(variant: Variant, asked: EligibilityInput) -> str | None:
    """The contact policy's code, or that the window is past."""
    return asked.blocked.get(variant.name)


def out_of_stock(variant: Variant, asked: EligibilityInput) -> str | None:
    """`sold_out`, or `stock_unknown`. The last rule: whoever has the variant already keeps it."""
    if variant.availability.stock is None:
        return None
    if asked.left is None:
        return STOCK_UNKNOWN
    return None if asked.left.get(variant.name, 0) > 0 else SOLD_OUT


HOOKS: tuple[Hook, ...] = (
    disabled,
    wrong_channel,
    wrong_page,
    lacking,
    unfit,
    out_of_season,
    taken_already,
    unaffordable,
    out_of_time,
    out_of_stock,
)
"""The rules in the order in which a variant meets them; the first reason is the one recorded."""


def removal_reasons(slot: Slot, asked: EligibilityInput) -> dict[str, str]:
    """The variants that may not be chosen, in the slot's order.

    Args:
        slot: whose variants are asked for.
        asked: what the rules look at.

    Returns:
        Variant name -> code of the first rule that removed it; `off` where the slot is, `frozen`
        where it is and serves the fallback.
    """
    if slot.mode == "off" or (slot.mode == "frozen" and slot.frozen_serves == "fallback"):
        return dict.fromkeys(slot.names, slot.mode)
    reasons = ((variant.name, reason_of(variant, asked)) for variant in slot.variants)
    gone = {name: reason for name, reason in reasons if reason is not None}
    if UNAFFORDABLE in gone.values() and len(gone) == len(slot.variants):
        _spare_the_least(slot, asked, gone)
    return gone


def _spare_the_least(slot: Slot, asked: EligibilityInput, gone: dict[str, str]) -> None:
    """Where every amount is too large the least of them is not: something must be preselected."""
    anyway = replace(asked, limit=None)
    able = [v for v in slot.variants if gone[v.name] == UNAFFORDABLE and not reason_of(v, anyway)]
    if able:
        del gone[min(able, key=lambda variant: amount_of(variant) or 0.0).name]


def affordable(slot: Slot, context: Mapping[str, Scalar]) -> float | None:
    """The largest amount in yuan that the slot preselects for a visitor; None without a limit."""
    usual = context.get("usual_amount")
    if slot.affordable is None or not is_number(usual) or usual <= 0:
        return None
    return slot.affordable * usual


def amount_of(variant: Variant) -> float | None:
    """The variant's amount in yuan, if it has one."""
    amount = variant.attributes.get("amount")
    return amount if is_number(amount) else None


def reason_of(
    variant: Variant, asked: EligibilityInput, hooks: tuple[Hook, ...] = HOOKS
) -> str | None:
    """Why the variant may not be chosen, or None where it may."""
    for hook in hooks:
        if (reason := hook(variant, asked)) is not None:
            return reason
    return None
