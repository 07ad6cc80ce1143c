"""Slots of every kind, for property tests."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from nudge.domain.slots.operator_rule import OperatorRule
from nudge.domain.slots.rule import read_rule
from nudge.domain.slots.slot import (
    Availability,
    ComparisonTerms,
    FreeAmount,
    GuardTerms,
    OfferTerms,
    RewardTerms,
    Slot,
    SlotAttribute,
    Stickiness,
    Variant,
)

DAY = 86400.0
PAYING = ("paid", "pay_tapped|paid", "prefill_kept+paid")
OTHERS = ("clicked", "pay_tapped", "clicked+prefill_kept")

names = st.from_regex(r"[a-z0-9][a-z0-9_.-]{0,11}", fullmatch=True)
attribute_names = st.from_regex(r"[a-z][a-z0-9_]{0,11}", fullmatch=True)
words = st.text(st.characters(codec="utf-8"), max_size=8)
some_words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
whole = st.integers(-(2**63) + 1, 2**63 - 1)
finite = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | whole | finite | words
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3)
)
yuan = st.integers(1, 10_000_000).map(lambda fen: fen / 100)
free_amounts = st.builds(
    lambda ends, step: FreeAmount(min(ends), max(ends), step), st.tuples(yuan, yuan), yuan
)
instants = st.integers(10**8, 253_402_300_799).map(float) | st.floats(1e8, 4e9)


@st.composite
def availabilities(draw: st.DrawFn) -> Availability:
    times = sorted(draw(st.lists(instants, min_size=2, max_size=2, unique=True)))
    starts, ends = draw(st.sampled_from(((None, None), (times[0], None), (None, times[1]), times)))
    return Availability(
        channels=draw(st.frozensets(st.sampled_from(("web", "wap", "app", "sms")))),
        pages=draw(st.frozensets(some_words, max_size=3)),
        requires=tuple(draw(st.lists(attribute_names, max_size=2))),
        when=draw(
            st.none()
            | st.builds(lambda a: read_rule({"not": {"attribute": a, "is": 1}}), attribute_names)
        ),
        starts=starts,
        ends=ends,
        stock=draw(st.none() | st.integers(0, 10**12)),
        exclusive=draw(st.just("") | names),
    )


@st.composite
def attributes(draw: st.DrawFn, name: str) -> SlotAttribute:
    kind = draw(st.sampled_from(("category", "number", "flag")))
    if kind == "category":
        cells = draw(st.lists(words, min_size=1, max_size=4, unique=True))
        return SlotAttribute(name, "category", tuple(cells))
    if kind == "number":
        cuts = sorted(set(draw(st.lists(finite, min_size=1, max_size=4))))
        return SlotAttribute(name, "number", tuple(cuts))
    return SlotAttribute(name, "flag")


@st.composite
def policies(draw: st.DrawFn, variants: list[str]) -> dict[str, object]:
    kind = draw(st.sampled_from(("auto", "beta", "uniform", "fixed")))
    arm = {"arm": draw(st.sampled_from(variants))} if kind == "fixed" else {}
    ages = st.sampled_from(("never", "14d", 3600))
    age = {"half_life": draw(ages)} if draw(st.booleans()) else {}
    return {"kind": kind} | arm | age


@st.composite
def guards(draw: st.DrawFn, *, paid: bool) -> GuardTerms | None:
    watched = ("abandonment", "downgrade") if paid else ("abandonment",)
    return draw(
        st.none()
        | st.builds(
            GuardTerms,
            st.lists(st.sampled_from(watched), min_size=1, unique=True).map(tuple),
            st.floats(0, 0.5, exclude_min=True),
            st.floats(0, DAY, exclude_min=True),
            matured=st.booleans(),
        )
    )


@st.composite
def comparisons(draw: st.DrawFn, listed: list[str], holdout: float) -> ComparisonTerms | None:
    share = draw(st.none() | st.floats(0, 0.999 - holdout if holdout < 0.999 else 0))
    if share is None or share + holdout >= 1:
        return None
    values = st.lists(names | st.just("*"), min_size=1, max_size=3, unique=True)
    choices = tuple((value, draw(st.sampled_from(listed))) for value in draw(values))
    return ComparisonTerms(OperatorRule(draw(st.sampled_from(("page", "channel"))), choices), share)


def offers() -> st.SearchStrategy[OfferTerms | None]:
    terms = st.builds(
        OfferTerms,
        purpose=names,
        channels=st.lists(names, max_size=3, unique=True).map(tuple),
        priority=st.integers(-1000, 1000),
    )
    return st.none() | terms


@st.composite
def slots(draw: st.DrawFn) -> Slot:
    listed = draw(st.lists(names, min_size=1, max_size=6, unique=True))
    known = draw(st.lists(attribute_names, max_size=3, unique=True))
    paid = draw(st.booleans())
    tables = st.dictionaries(words | st.just("amount"), scalars, max_size=2)
    variants = [
        Variant(n, draw(values), draw(tables), draw(st.booleans()), draw(availabilities()))
        for n in listed
    ]
    pages = draw(st.dictionaries(words, st.sampled_from(listed), max_size=2))
    fallback = {"default": listed[0]} | pages
    # A fallback must always be there.
    variants = [
        replace(v, availability=replace(v.availability, stock=None, exclusive=""))
        if v.name in fallback.values()
        else v
        for v in variants
    ]
    holdout = draw(st.floats(0, 1, exclude_max=True))
    return Slot(
        name=draw(names.filter(lambda name: name != "global")),
        revision=draw(st.integers(1, 2**53)),
        variants=tuple(variants),
        context=tuple(draw(attributes(name)) for name in known),
        policy=draw(policies(listed)),
        terms=RewardTerms(
            on=draw(st.sampled_from(("decision", "shown"))),
            event=draw(st.sampled_from(PAYING if paid else OTHERS)),
            objective="revenue" if paid and draw(st.booleans()) else "conversion",
            window=draw(st.floats(0, 7 * DAY, exclude_min=True)),
        ),
        stickiness=Stickiness(
            draw(st.floats(0, 366 * DAY, exclude_min=True)),
            tuple(draw(st.lists(st.sampled_from(("page", "channel", "failure")), unique=True))),
        ),
        holdout=holdout,
        floor=draw(st.floats(0, 1 / len(listed), exclude_min=True)),
        fallback=fallback,
        title=draw(words),
        frozen_serves=draw(st.sampled_from(("policy", "fallback"))),
        guard=draw(guards(paid=paid)),
        free_amount=draw(st.none() | free_amounts),
        affordable=draw(st.none() | st.floats(1, 1000)),
        comparison=draw(comparisons(listed, holdout)),
        offers=draw(offers()),
    )
