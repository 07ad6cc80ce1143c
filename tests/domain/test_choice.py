"""Choosing: whatever the slot and the visitor, only what may be chosen is, with its probability."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nudge.domain.asked import Ask
from nudge.domain.choice import Kept, Setting, choose
from nudge.domain.learning import first_policy
from nudge.domain.records import Decision, Ref
from nudge.domain.rule import read_rule
from nudge.domain.served import Served
from nudge.domain.slot import Availability, Slot, Stickiness, Terms, Variant
from nudge.domain.stock import field_of

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
        terms=Terms("shown", "paid", "conversion", 3600.0),
        stickiness=Stickiness(86400.0),
        holdout=draw(st.sampled_from((0.0, 0.5))),
        floor=0.02,
        fallback={"default": "plain"},
    )


@st.composite
def visits(draw: st.DrawFn, slot: Slot) -> Setting:
    """A visitor who may have benefits, in a partition that may be sold out."""
    city = draw(st.sampled_from(CITIES))
    ask = Ask("v", draw(st.sampled_from(("app", "web"))), "home", ("promotion",))
    left = {field_of(slot.name, name): draw(st.integers(-1, 2)) for name in slot.names}
    return Setting(
        ask=ask,
        subject=f"{draw(st.integers(0, 2**128 - 1)):032x}",
        context={} if city is None else {"city": city},
        at=AT,
        holdout=0.0,
        source="test",
        key=b"k" * 32,
        degraded=False,
        benefits=draw(st.none() | st.frozensets(st.sampled_from(GROUPS))),
        left=draw(st.none() | st.just(left)),
        tries=draw(st.integers(0, 2)),
    )


def fits(variant: Variant, visit: Setting) -> bool:
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


def there(variant: Variant, visit: Setting) -> bool:
    """Whether one is known to be left."""
    limited = variant.availability.stock is not None
    return not limited or (visit.left or {}).get(field_of("promotion", variant.name), 0) > 0


def chosen(slot: Slot, visit: Setting, assigned: dict[str, Kept]) -> Any:
    return choose(Served(slot, first_policy(slot)), visit, assigned)


@pytest.mark.parametrize(
    "examples", [300, pytest.param(10_000, marks=pytest.mark.soak)], ids=["short", "soak"]
)
def test_only_what_may_be_chosen_is(examples: int) -> None:
    """Nothing ineligible, sold out or excluded is drawn; the propensity is over what is left."""

    @settings(max_examples=examples, deadline=None)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        slot = data.draw(promotions())
        visit = data.draw(visits(slot))
        made = chosen(slot, visit, {})
        possible = [v.name for v in slot.variants if fits(v, visit) and there(v, visit)]
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
            assert min(made.pmf) >= slot.floor
        if made.reason == "holdout" and "plain" in possible:
            assert made.variant == "plain"

    law()


@given(st.data())
def test_what_stuck_stays_while_it_fits(data: st.DataObject) -> None:
    """Whoever has a promotion keeps it when it is sold out, and loses it when it does not fit."""
    slot = data.draw(promotions())
    visit = data.draw(visits(slot))
    variant = data.draw(st.sampled_from(slot.variants))
    first = chosen(slot, replace(visit, left=None), {})
    before = replace(first, variant=variant.name, unit="promotion", period=int(AT // 86400.0))
    kept = Kept(Ref(0, 7), replace(before, reason="policy"), before.period, fresh=False)
    again = chosen(slot, visit, {"promotion": kept})
    if fits(variant, visit):
        assert again == kept
    else:
        assert isinstance(again, Decision)
        possible = any(fits(v, visit) and there(v, visit) for v in slot.variants)
        assert again.supersedes == (Ref(0, 7) if possible else None)
