"""Eligibility: rules that remove variants before choosing, each removal with its reason.

A rule is a hook: a pure function of a variant and the input, which returns a stable code or None.
Another rule joins by being added to `RULES`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from nudge.domain.basics.slot_values import is_number
from nudge.domain.slots.slot import FrozenServes, Scalar, Slot, SlotMode, Variant

SOLD_OUT: Final = "sold_out"
STOCK_UNKNOWN: Final = "stock_unknown"
STATE_UNKNOWN: Final = "state_unknown"
UNAFFORDABLE: Final = "unaffordable"
CONTRADICTS: Final = "contradicts"
"""Beginning of the reason where another benefit of the variant's group was offered."""
KEEPING: Final = (None, SOLD_OUT, STOCK_UNKNOWN)
"""Reasons that do not take a variant away from a visitor who has it; None is eligible."""


@dataclass(frozen=True, slots=True)
class EligibilityInput:
    """Everything that a hook may look at besides the variant.

    Attributes:
        channel: `web`, `wap`, `app`, `miniprogram`, `sms`.
        page: as the caller named it.
        context: the attributes known when deciding.
        at: seconds since the epoch.
        benefits: groups of which the visitor has a benefit; None where that may not be known.
        left: variant -> units of its stock; None where nobody knows.
        limit: yuan, above which an amount is not preselected; None is no limit.
        amounts: yuan, that the visitor has paid or chosen before: no limit is for them.
        blocked: variant -> why it is not possible; of send windows.
        offered: group of benefits -> the benefit that the visitor was offered elsewhere.
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
    offered: Mapping[str, str] = field(default_factory=dict)


Hook = Callable[[Variant, EligibilityInput], str | None]


class Rule(NamedTuple):
    """A rule of eligibility.

    Attributes:
        hook: returns the reason of a removal, or None.
        concerns: false for variants that the hook can never remove; they are not asked about.
    """

    hook: Hook
    concerns: Callable[[Variant], object]


def disabled(variant: Variant, _: EligibilityInput) -> str | None:
    """`disabled`: switched off by an operator."""
    return None if variant.enabled else "disabled"


def wrong_channel(variant: Variant, given: EligibilityInput) -> str | None:
    """`channel`: not on this channel."""
    channels = variant.availability.channels
    return "channel" if channels and given.channel not in channels else None


def wrong_page(variant: Variant, given: EligibilityInput) -> str | None:
    """`page`: not on this page."""
    pages = variant.availability.pages
    return "page" if pages and given.page not in pages else None


def lacking(variant: Variant, given: EligibilityInput) -> str | None:
    """`requires:<attribute>`: the first required attribute that is unknown or false."""
    for name in variant.availability.requires:
        value = given.context.get(name)
        if value is None or value is False:
            return f"requires:{name}"
    return None


def unfit(variant: Variant, given: EligibilityInput) -> str | None:
    """`rule`: its rule does not hold; `rule_unknown`: an attribute of the rule is unknown."""
    rule = variant.availability.when
    if rule is None or (found := rule.holds(given.context, given.at)):
        return None
    return "rule_unknown" if found is None else "rule"


def out_of_season(variant: Variant, given: EligibilityInput) -> str | None:
    """`not_yet` before it starts, `expired` from its end on."""
    starts, ends = variant.availability.starts, variant.availability.ends
    if starts is not None and given.at < starts:
        return "not_yet"
    return "expired" if ends is not None and given.at >= ends else None


def taken_already(variant: Variant, given: EligibilityInput) -> str | None:
    """`exclusive:<group>`: the visitor has a benefit of it; `state_unknown`: perhaps."""
    group = variant.availability.exclusive
    if not group:
        return None
    if given.benefits is None:
        return STATE_UNKNOWN
    return f"exclusive:{group}" if group in given.benefits else None


def contradicting(variant: Variant, given: EligibilityInput) -> str | None:
    """`contradicts:<group>`: the visitor was offered another benefit of the group."""
    group = variant.availability.exclusive
    offered = given.offered.get(group)
    return f"{CONTRADICTS}:{group}" if offered is not None and offered != variant.benefit else None


def unaffordable(variant: Variant, given: EligibilityInput) -> str | None:
    """`unaffordable`: above what the visitor usually pays, and never paid or chosen before."""
    if given.limit is None:
        return None
    amount = amount_of(variant)
    if amount is None or amount <= given.limit or amount in given.amounts:
        return None
    return UNAFFORDABLE


def out_of_time(variant: Variant, given: EligibilityInput) -> str | None:
    """Code of the contact policy, or that the send window is past."""
    return given.blocked.get(variant.name)


def out_of_stock(variant: Variant, given: EligibilityInput) -> str | None:
    """`sold_out`, or `stock_unknown`. The last rule: a visitor who has the variant keeps it."""
    if variant.availability.stock is None:
        return None
    if given.left is None:
        return STOCK_UNKNOWN
    return None if given.left.get(variant.name, 0) > 0 else SOLD_OUT


def amount_of(variant: Variant) -> float | None:
    """The variant's amount in yuan, if it has one."""
    amount = variant.attributes.get("amount")
    return amount if is_number(amount) else None


def has_season(variant: Variant) -> bool:
    """True for a variant that starts or ends some time."""
    return variant.availability.starts is not None or variant.availability.ends is not None


RULES: Final[tuple[Rule, ...]] = (
    Rule(disabled, lambda variant: not variant.enabled),
    Rule(wrong_channel, lambda variant: variant.availability.channels),
    Rule(wrong_page, lambda variant: variant.availability.pages),
    Rule(lacking, lambda variant: variant.availability.requires),
    Rule(unfit, lambda variant: variant.availability.when is not None),
    Rule(out_of_season, has_season),
    Rule(taken_already, lambda variant: variant.availability.exclusive),
    Rule(contradicting, lambda variant: variant.availability.exclusive),
    Rule(unaffordable, lambda variant: amount_of(variant) is not None),
    Rule(out_of_time, lambda _: True),
    Rule(out_of_stock, lambda variant: variant.availability.stock is not None),
)
"""The rules in the order in which a variant meets them; the first reason is the one recorded."""


class VariantRules(NamedTuple):
    """The hooks that may remove a variant, in their order: found once for a slot's revision.

    Attributes:
        variant: of the slot.
        hooks: those that concern it.
    """

    variant: Variant
    hooks: tuple[Hook, ...]

    def reason(self, given: EligibilityInput) -> str | None:
        """The code of the first hook that removes the variant; None where it may be chosen."""
        for hook in self.hooks:
            if (reason := hook(self.variant, given)) is not None:
                return reason
        return None


def variant_rules(slot: Slot, rules: Sequence[Rule] = RULES) -> tuple[VariantRules, ...]:
    """Find the hooks that concern each variant of a slot."""
    return tuple(
        VariantRules(one, tuple(rule.hook for rule in rules if rule.concerns(one)))
        for one in slot.variants
    )


def removal_reasons(
    slot: Slot, rules: Sequence[VariantRules], given: EligibilityInput
) -> dict[str, str]:
    """Find the variants that may not be chosen, in the slot's order.

    Args:
        slot: of the variants.
        rules: of the slot.
        given: the input of the hooks.

    Returns:
        Variant name -> code of the first rule that removed it; `off` where the slot is, `frozen`
        where it is and serves the fallback.
    """
    frozen = slot.mode == SlotMode.FROZEN and slot.frozen_serves == FrozenServes.FALLBACK
    if frozen or slot.mode == SlotMode.OFF:
        return dict.fromkeys(slot.names, str(slot.mode))
    gone = {}
    for one in rules:
        if (reason := one.reason(given)) is not None:
            gone[one.variant.name] = reason
    if len(gone) == len(rules) and UNAFFORDABLE in gone.values():
        _spare_the_least(rules, given, gone)
    return gone


def _spare_the_least(
    rules: Sequence[VariantRules], given: EligibilityInput, gone: dict[str, str]
) -> None:
    """Keep the least amount where every amount is too large: something must be preselected."""
    anyway = replace(given, limit=None)
    able = [
        one.variant
        for one in rules
        if gone[one.variant.name] == UNAFFORDABLE and not one.reason(anyway)
    ]
    if able:
        del gone[min(able, key=lambda variant: amount_of(variant) or 0.0).name]


def affordable(slot: Slot, context: Mapping[str, Scalar]) -> float | None:
    """The largest amount in yuan that the slot preselects for a visitor; None without a limit."""
    if slot.affordable is None:
        return None
    usual = context.get("usual_amount")
    return slot.affordable * usual if is_number(usual) and usual > 0 else None
