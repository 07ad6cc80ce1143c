"""Rules that remove variants before choosing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nudge.domain.choosing.eligibility import (
    EligibilityInput,
    Rule,
    affordable,
    removal_reasons,
    variant_rules,
)
from nudge.domain.slots.rule import read_rule
from nudge.domain.slots.slot import Availability, RewardTerms, Scalar, Slot, Stickiness, Variant

EVERYWHERE = Variant("any", 1)


def slot_of(*variants: Variant) -> Slot:
    terms = RewardTerms("decision", "paid", "conversion", 3600.0)
    fallback = {"default": variants[0].name}
    sticky = Stickiness(3600.0)
    return Slot("s", 1, variants, (), {"kind": "auto"}, terms, sticky, 0.0, 0.02, fallback)


def reason_of(variant: Variant, given: EligibilityInput) -> str | None:
    return variant_rules(slot_of(variant))[0].reason(given)


def ask(variant: Variant, *, context: dict[str, Scalar] | None = None, at: float = 50.0) -> object:
    slot = slot_of(EVERYWHERE, variant)
    found = removal_reasons(
        slot, variant_rules(slot), EligibilityInput("web", "home", context or {}, at)
    )
    assert "any" not in found
    return found.get(variant.name)


@pytest.mark.parametrize(
    ("availability", "reason"),
    [
        (Availability(), None),
        (Availability(channels=frozenset({"web", "app"})), None),
        (Availability(channels=frozenset({"app"})), "channel"),
        (Availability(pages=frozenset({"home"})), None),
        (Availability(pages=frozenset({"recharge"})), "page"),
        (Availability(requires=("last_number",)), "requires:last_number"),
    ],
)
def test_each_rule_has_its_reason(availability: Availability, reason: str | None) -> None:
    """A rule that does not hold removes the variant under its stable code, and no other does."""
    assert ask(Variant("v", 1, availability=availability)) == reason


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (True, None),
        ("x", None),
        (0, None),
        ("", None),
        (False, "requires:a"),
        (None, "requires:a"),
    ],
)
def test_required_means_known_and_not_false(value: Scalar, reason: str | None) -> None:
    """Zero is a known number; only false and nothing do not satisfy a requirement."""
    variant = Variant("v", 1, availability=Availability(requires=("a",)))
    assert ask(variant, context={"a": value}) == reason


@pytest.mark.parametrize(
    ("context", "reason"),
    [({"city": "hangzhou"}, None), ({"city": "ningbo"}, "rule"), ({}, "rule_unknown")],
)
def test_a_rule_removes_what_it_does_not_hold_for(
    context: dict[str, Scalar], reason: str | None
) -> None:
    """An offer for a city is for who is known to be there."""
    rule = read_rule({"attribute": "city", "is": "hangzhou"})
    assert ask(Variant("v", 1, availability=Availability(when=rule)), context=context) == reason


@pytest.mark.parametrize(
    ("at", "reason"), [(9.9, "not_yet"), (10.0, None), (19.9, None), (20.0, "expired")]
)
def test_the_season_is_half_open(at: float, reason: str | None) -> None:
    """A variant may be chosen from its start on and before its end."""
    variant = Variant("v", 1, availability=Availability(starts=10.0, ends=20.0))
    assert ask(variant, at=at) == reason


@pytest.mark.parametrize(
    ("benefits", "reason"),
    [((), None), (("coffee",), None), (("data", "tv"), "exclusive:data"), (None, "state_unknown")],
)
def test_benefits_do_not_overlap(benefits: tuple[str, ...] | None, reason: str | None) -> None:
    """A visitor who has a benefit of the group, or perhaps has one, is not offered another."""
    variant = Variant("v", 1, availability=Availability(exclusive="data"))
    assert reason_of(variant, EligibilityInput("web", "home", {}, 0.0, benefits)) == reason


@pytest.mark.parametrize(
    ("left", "reason"),
    [({"v": 1}, None), ({"v": 0}, "sold_out"), ({}, "sold_out"), (None, "stock_unknown")],
)
def test_sold_out_is_sold_out(left: dict[str, int] | None, reason: str | None) -> None:
    """A limited variant is chosen where one is known to be left; others are not concerned."""
    variant = Variant("v", 1, availability=Availability(stock=10))
    assert reason_of(variant, EligibilityInput("web", "home", {}, 0.0, (), left)) == reason
    assert reason_of(EVERYWHERE, EligibilityInput("web", "home", {}, 0.0, (), left)) is None


@pytest.mark.parametrize(
    ("usual", "amounts", "kept"),
    [
        (50, (), {"10", "100", "150", "any"}),
        (50, (300.0,), {"10", "100", "150", "300", "any"}),
        (10, (50.0, 300.0), {"10", "300", "any"}),
        (None, (), {"10", "100", "150", "300", "any"}),
        ("50", (), {"10", "100", "150", "300", "any"}),
        (0, (), {"10", "100", "150", "300", "any"}),
    ],
)
def test_what_is_far_above_the_usual_is_not_preselected(
    usual: Scalar, amounts: tuple[float, ...], kept: set[str]
) -> None:
    """Up to the multiple, what has no amount, and what was paid or chosen; all if unknown."""
    found = gone_of(amounts_slot(EVERYWHERE), usual, amounts)
    assert {"10", "100", "150", "300", "any"} - set(found) == kept
    assert set(found.values()) <= {"unaffordable"}


@pytest.mark.parametrize("disabled", [False, True])
def test_the_least_amount_is_never_too_large(*, disabled: bool) -> None:
    """A visitor who usually pays one yuan still gets something preselected: the least there is."""
    slot = amounts_slot(replace(EVERYWHERE, enabled=False))
    if disabled:
        variants = (replace(v, enabled=v.enabled and v.name != "10") for v in slot.variants)
        slot = replace(slot, variants=tuple(variants))
    found = gone_of(slot, 1)
    assert set(slot.names) - set(found) == {"100" if disabled else "10"}
    assert found["300"] == "unaffordable"


def amounts_slot(*more: Variant) -> Slot:
    """Four amounts, of which three times the usual one may be preselected."""
    amounts = (Variant(str(a), a, attributes={"amount": a}) for a in (10, 100, 150, 300))
    return replace(slot_of(*amounts, *more), affordable=3.0)


def gone_of(slot: Slot, usual: Scalar, amounts: tuple[float, ...] = ()) -> dict[str, str]:
    context = {} if usual is None else {"usual_amount": usual}
    limit = affordable(slot, context)
    return removal_reasons(
        slot,
        variant_rules(slot),
        EligibilityInput("web", "home", context, 0.0, (), {}, limit, amounts),
    )


def test_the_first_reason_counts() -> None:
    """Reasons are stable: a disabled variant is `disabled`, whatever else is wrong with it."""
    expired = Availability(channels=frozenset({"app"}), ends=1.0)
    variant = Variant("v", 1, enabled=False, availability=expired)
    assert ask(variant) == "disabled"
    assert ask(replace(variant, enabled=True)) == "channel"


def test_removals_keep_the_slots_order() -> None:
    """The record does not depend on anything but the slot and the question."""
    names = ("c", "a", "b")
    slot = slot_of(*(Variant(name, 1, enabled=False) for name in names))
    assert (
        tuple(removal_reasons(slot, variant_rules(slot), EligibilityInput("web", "home", {}, 0.0)))
        == names
    )


def test_a_rule_can_be_added() -> None:
    """Another rule joins as one more function, asked about the variants that concern it."""
    given = EligibilityInput("web", "home", {}, 0.0)
    rule = Rule(lambda variant, _: f"stock:{variant.name}", lambda variant: variant.name == "any")
    slot = slot_of(EVERYWHERE, Variant("other", 1))
    found = removal_reasons(slot, variant_rules(slot, (rule,)), given)
    assert found == {"any": "stock:any"}
