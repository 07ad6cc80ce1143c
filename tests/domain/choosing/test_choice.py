"""Choosing: whatever the slot and the visitor, only what may be chosen is, with its probability."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from places import CONFIG

from bandits.policies.fixed import FixedPolicy
from nudge.config.slot_file import load_slot
from nudge.domain.choosing.choice import ChoiceInput, StandingDecision, choose, group_of
from nudge.domain.choosing.eligibility import RULES, Rule, removal_reasons, variant_rules
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.choosing.requests import DecisionRequest
from nudge.domain.choosing.stock import field_of
from nudge.domain.journal.records import Decision, Ref
from nudge.domain.slots.holdout import in_holdout
from nudge.domain.slots.learning import first_policy
from nudge.domain.slots.operator_rule import OperatorRule
from nudge.domain.slots.rule import read_rule
from nudge.domain.slots.slot import (
    Availability,
    ComparisonTerms,
    RewardTerms,
    Slot,
    SlotMode,
    Stickiness,
    Variant,
)

AT = 1_000_000.0
GROUPS = ("data", "tv")
CITIES = ("hangzhou", "ningbo", None)


@st.composite
def promotions(draw: st.DrawFn) -> Slot:
    """A slot of up to six promotions with every kind of restriction, and a plain fallback."""
    variants = [
        Variant(
            f"p{number}",
            number,
            attributes=draw(st.sampled_from(({}, {"amount": 50}, {"amount": 300}))),
            enabled=draw(st.booleans()),
            availability=Availability(
                channels=draw(st.sampled_from((frozenset(), frozenset({"app"})))),
                starts=draw(st.sampled_from((None, AT - 1, AT, AT + 1))),
                ends=draw(st.sampled_from((None, AT - 1, AT, AT + 1))),
                when=draw(
                    st.sampled_from((None, read_rule({"attribute": "city", "is": "ningbo"})))
                ),
                stock=draw(st.sampled_from((None, 5))),
                exclusive=draw(st.sampled_from(("", *GROUPS))),
            ),
        )
        for number in range(draw(st.integers(0, 6)))
    ]
    plain = Variant("plain", None, enabled=draw(st.booleans()))
    return Slot(
        name="promotion",
        revision=1,
        variants=(*variants, plain),
        context=(),
        policy={"kind": "auto"},
        terms=RewardTerms("shown", "paid", "conversion", 3600.0),
        stickiness=Stickiness(86400.0),
        holdout=draw(st.sampled_from((0.0, 0.5))),
        floor=0.02,
        fallback={"default": "plain"},
        affordable=draw(st.sampled_from((None, 3.0))),
    )


@st.composite
def visits(draw: st.DrawFn, slot: Slot) -> ChoiceInput:
    """A visitor who may have benefits, in a partition that may be sold out."""
    city = draw(st.sampled_from(CITIES))
    ask = DecisionRequest("v", draw(st.sampled_from(("app", "web"))), "home", ("promotion",))
    left = {field_of(slot.name, name): draw(st.integers(-1, 2)) for name in slot.names}
    return ChoiceInput(
        ask=ask,
        subject=f"{draw(st.integers(0, 2**128 - 1)):032x}",
        context={"city": city, "usual_amount": draw(st.sampled_from((None, 10, 50, 100)))},
        at=AT,
        holdout=0.0,
        source="test",
        key=b"k" * 32,
        degraded=False,
        benefits=draw(st.none() | st.frozensets(st.sampled_from(GROUPS))),
        left=draw(st.none() | st.just(left)),
        tries=draw(st.integers(0, 2)),
        amounts=draw(st.sampled_from(((), (300.0,)))),
    )


def fits(variant: Variant, visit: ChoiceInput) -> bool:
    """Whether it may be chosen, but for its stock: said once more, by other words."""
    a = variant.availability
    return all(
        (
            variant.enabled,
            not a.channels or visit.ask.channel in a.channels,
            (a.starts is None or a.starts <= visit.at) and (a.ends is None or visit.at < a.ends),
            a.when is None or visit.context.get("city") == "ningbo",
            not a.exclusive or (visit.benefits is not None and a.exclusive not in visit.benefits),
        )
    )


def dear(slot: Slot, variant: Variant, visit: ChoiceInput) -> bool:
    """Whether it is above what the visitor may be shown; said once more, by other words."""
    usual, amount = visit.context["usual_amount"], variant.attributes.get("amount", 0)
    assert isinstance(amount, int)
    if slot.affordable is None or not isinstance(usual, int) or amount in visit.amounts:
        return False
    return amount / usual > slot.affordable


def possible_of(slot: Slot, visit: ChoiceInput) -> list[str]:
    """The names of what may be chosen; or the least, where all is too dear."""
    able = [v for v in slot.variants if fits(v, visit) and there(v, visit)]
    cheap = [v.name for v in able if not dear(slot, v, visit)]
    least = sorted(able, key=lambda v: float(str(v.attributes.get("amount", 0))))[:1]
    return cheap or [v.name for v in least]


def there(variant: Variant, visit: ChoiceInput) -> bool:
    """Whether one is known to be left."""
    limited = variant.availability.stock is not None
    return not limited or (visit.left or {}).get(field_of("promotion", variant.name), 0) > 0


def chosen(slot: Slot, visit: ChoiceInput, assigned: dict[str, StandingDecision]) -> Any:
    return choose(LiveSlot(slot, first_policy(slot)), visit, assigned)


@pytest.mark.parametrize(
    "examples", [60, pytest.param(10_000, marks=pytest.mark.soak)], ids=["short", "soak"]
)
def test_only_what_may_be_chosen_is(examples: int) -> None:
    """Nothing ineligible, sold out or excluded is drawn; the propensity is over what is left."""

    @settings(max_examples=examples, deadline=None)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        slot = data.draw(promotions())
        visit = data.draw(visits(slot))
        made = chosen(slot, visit, {})
        possible = possible_of(slot, visit)
        assert isinstance(made, Decision)
        if not possible:
            assert (made.variant, made.reason, made.propensity) == ("plain", "fallback", 1.0)
            return
        assert list(made.eligible) == possible
        assert set(made.removed) == set(slot.names) - set(possible)
        assert made.variant in possible
        assert sum(made.pmf) == pytest.approx(1.0)
        assert made.propensity == made.pmf[possible.index(made.variant)] > 0.0
        if made.reason == "policy":
            assert made.floor is not None
            assert min(made.pmf) >= made.floor > 0.0
        else:
            assert made.floor is None
        if made.reason == "holdout" and "plain" in possible:
            assert made.variant == "plain"

    law()


def test_the_floor_of_a_record_is_that_of_the_policy_that_drew() -> None:
    """A snapshot's own floor is recorded, whatever the slot has; in shadow mode there is none."""
    slot = replace(load_slot(CONFIG / "slots" / "denomination.toml"), holdout=0.0, comparison=None)
    policy = FixedPolicy(arms=slot.names, arm=0, floor=slot.floor / 8, version="3")
    ask = DecisionRequest("v", "web", "home", (slot.name,))
    visit = ChoiceInput(ask, "7" * 32, {}, AT, 0.0, "test", b"k" * 32, degraded=False)
    made = choose(LiveSlot(slot, policy), visit, {})
    assert isinstance(made, Decision)
    assert (made.reason, made.floor) == ("policy", slot.floor / 8)
    assert min(made.pmf) == pytest.approx(slot.floor / 8)
    shadow = replace(slot, mode=SlotMode.SHADOW)
    hidden = choose(LiveSlot(shadow, policy), visit, {})
    assert isinstance(hidden, Decision)
    assert (hidden.reason, hidden.floor) == ("shadow", None)


@given(st.data())
def test_a_rule_that_does_not_concern_a_variant_never_removes_it(data: st.DataObject) -> None:
    """Rules found once for a revision remove what every rule asked of every variant removes."""
    slot = data.draw(promotions())
    given = data.draw(visits(slot)).eligibility(slot)
    everywhere = tuple(Rule(rule.hook, lambda _: True) for rule in RULES)
    known = removal_reasons(slot, variant_rules(slot), given)
    assert known == removal_reasons(slot, variant_rules(slot, everywhere), given)


@given(st.data())
def test_what_stuck_stays_while_it_fits(data: st.DataObject) -> None:
    """A visitor's promotion stays when it is sold out, and goes when it does not fit."""
    slot = data.draw(promotions())
    visit = data.draw(visits(slot))
    variant = data.draw(st.sampled_from(slot.variants))
    first = chosen(slot, replace(visit, left=None), {})
    before = replace(first, variant=variant.name, unit="promotion", period=int(AT // 86400.0))
    kept = StandingDecision(Ref(0, 7), replace(before, reason="policy"), before.period, fresh=False)
    again = chosen(slot, visit, {"promotion": kept})
    possible = possible_of(slot, visit)
    if variant.name in possible or (fits(variant, visit) and not dear(slot, variant, visit)):
        assert again == kept
    else:
        assert isinstance(again, Decision)
        assert again.supersedes == (Ref(0, 7) if possible else None)


@pytest.mark.parametrize(
    ("mode", "page", "off", "wanted"),
    [
        ("live", "home", "", ("b", "usual")),
        ("live", "bill", "", ("c", "usual")),
        ("live", "home", "b", ("a", "usual")),
        ("frozen", "home", "", ("b", "usual")),
        ("off", "home", "", ("a", "fallback")),
        ("shadow", "home", "", (None, "shadow")),
    ],
)
def test_the_group_usual_gets_the_operator_s_own_rule(
    mode: str, page: str, off: str, wanted: tuple[str | None, str]
) -> None:
    """Its variant for sure; the fallback where that is not possible; after the holdout's draw."""
    rule = OperatorRule.parse("page:home=b,bill=c")
    slot = replace(ruled_slot(mode, off), comparison=ComparisonTerms(rule, 0.5))
    reasons = Counter()
    for number in range(200):
        ask = DecisionRequest("v", "web", page, (slot.name,))
        subject = f"{number:032x}"
        visit = ChoiceInput(ask, subject, {}, AT, 0.2, "test", b"k" * 32, degraded=False)
        made = chosen(slot, visit, {})
        reasons[made.reason] += 1
        group = group_of(slot, subject, 0.2)
        if group == "usual" or (mode, made.reason) == ("shadow", "shadow"):
            assert made.reason == wanted[1]
        if made.reason == "usual":
            assert (made.variant, made.propensity, sum(made.pmf)) == (wanted[0], 1.0, 1.0)
            assert not in_holdout(subject, "global", 0.2)
        if made.reason == "holdout":
            assert made.variant == "a"
    assert (50 < reasons["usual"] < 110) == (wanted[1] == "usual")


def ruled_slot(mode: str, off: str) -> Slot:
    """A slot of three variants, one of them perhaps switched off."""
    return Slot(
        name="promotion",
        revision=1,
        variants=tuple(Variant(name, name, enabled=name != off) for name in "abc"),
        context=(),
        policy={"kind": "auto"},
        terms=RewardTerms("shown", "paid", "conversion", 3600.0),
        stickiness=Stickiness(86400.0),
        holdout=0.0,
        floor=0.02,
        fallback={"default": "a"},
        mode=SlotMode(mode),
    )


METHODS = ("alipay", "card", None)
REASONS = ("soft", "hard", "gateway_down", "unknown", None)


@given(st.sampled_from(REASONS), st.sampled_from(METHODS), st.integers(0, 2**128 - 1))
def test_what_fails_for_sure_is_never_tried_again(
    reason: str | None, method: str | None, subject: int
) -> None:
    """As it ships: hard failures and dead gateways are not retried; nothing before a failure."""
    slot = load_slot(CONFIG / "slots" / "payment_retry.toml")
    visit = retrying({"failure_reason": reason, "method": method}, f"{subject:032x}")
    made = choose(LiveSlot(slot, first_policy(slot)), visit, {})
    assert isinstance(made, Decision)
    if reason is None:
        assert (made.reason, made.unit) == ("fallback", "")
        return
    retried = {"same_method"} if method and reason in {"soft", "unknown"} else set()
    assert set(made.eligible) == {"other_method", "remind_later", "nothing"} | retried
    assert made.variant in made.eligible


def test_a_later_failure_is_a_new_question() -> None:
    """By `failure` a decision sticks to the failure that it answers, and to no other."""
    units = {
        at: unit_of(retrying({"failure_reason": "soft", "failed_at": at}, "a" * 32))
        for at in (None, AT, int(AT), AT + 0.5, "text", True)
    }
    assert units[None] == units["text"] == units[True] == "promotion|"
    assert units[AT] == units[int(AT)] == "promotion|1000000.000"
    assert units[AT + 0.5] == "promotion|1000000.500"


def test_other_slots_keep_their_units() -> None:
    """A decision that sticks by page and channel is not concerned by what failed."""
    visit = retrying({"failed_at": AT}, "a" * 32)
    assert unit_of(visit, "page", "channel") == "promotion|payment|web"
    assert unit_of(visit, "failure") == "promotion|1000000.000"


def retrying(context: dict[str, Any], subject: str) -> ChoiceInput:
    ask = DecisionRequest("v", "web", "payment", ("payment_retry",))
    return ChoiceInput(ask, subject, context, AT, 0.0, "test", b"k" * 32, degraded=False)


def unit_of(visit: ChoiceInput, *by: str) -> str:
    """The unit of a decision that sticks by these, or by `failure`."""
    plain = (Variant("plain", None), Variant("other", None))
    terms, sticky = (
        RewardTerms("decision", "paid", "conversion", 60.0),
        Stickiness(60.0, by or ("failure",)),
    )
    fallback = {"default": "plain"}
    slot = Slot("promotion", 1, plain, (), {"kind": "auto"}, terms, sticky, 0.0, 0.02, fallback)
    made = chosen(slot, visit, {})
    assert isinstance(made, Decision)
    return made.unit
