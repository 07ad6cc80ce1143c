"""Rules over several contacts: each alone, against a count by hand that shares no code with it."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

import pytest
from contact_strategies import DAY, HOUR, ZONES, by_hand, crowding, order
from hypothesis import given, settings
from hypothesis import strategies as st

from nudge.domain.basics.local_time import find_zone
from nudge.domain.contact.contact import Consent, Contact, ContactFacts
from nudge.domain.contact.contact_personal import unpressed
from nudge.domain.contact.contact_policy import Channel, ContactPolicy, Purpose
from nudge.domain.contact.contact_rules import (
    allowed_intervals,
    displaced_contacts,
    forbidden,
    next_allowed_time,
)
from nudge.domain.contact.pressure_rules import (
    ContactKind,
    ContentLimit,
    RollingLimit,
    SequenceRule,
)

NOON = 1_790_913_600.0
KINDS = [
    (purpose, channel, content)
    for purpose in ("failed", "reminder", "offer")
    for channel in ("sms", "push")
    for content in ("", "draw", "gift")
]
EXEMPT = [("code", "sms", content) for content in ("", "draw", "gift", "banner:draw")]
SORTS = ("failed", "reminder", "offer", "content:draw")
LENGTHS = (60.0, HOUR, DAY, 3 * DAY, 12_345.0)
forms = pytest.mark.parametrize(
    "examples", [200, pytest.param(10_000, marks=pytest.mark.soak)], ids=["short", "soak"]
)
Rules = Callable[[Random], dict[str, object]]


def policy(**rules: object) -> ContactPolicy:
    """A policy of nothing but the rules that are tried."""
    zone = find_zone(ZONES[0])
    assert zone is not None
    listed = (
        Purpose("code", exempt=True),
        Purpose("failed", 2),
        Purpose("reminder", 1),
        Purpose("offer", 1),
    )
    return ContactPolicy(
        zone=zone,
        channels={name: Channel(name, "unless_refused") for name in ("sms", "push")},
        purposes={one.name: one for one in listed},
        **rules,  # type: ignore[arg-type]
    )


def limits(chance: Random) -> dict[str, object]:
    """One or two rolling limits, over all or over some."""
    return {
        "limits": tuple(
            RollingLimit(
                chance.randint(1, 4),
                chance.choice(LENGTHS),
                chance.choice((frozenset(), frozenset({"sms"}))),
                chance.choice((frozenset(), frozenset({"offer", "failed"}))),
            )
            for _ in range(chance.randint(1, 2))
        )
    }


def content(chance: Random) -> dict[str, object]:
    """A policy that lets one content go out so many times within some time."""
    return {"content": ContentLimit(chance.randint(1, 2), chance.choice(LENGTHS))}


def sequence(kind: str) -> Rules:
    """One or two sequences of a kind; what is exempt may be looked for, and is never held back."""

    def rules(chance: Random) -> dict[str, object]:
        free = () if kind == "never_with" else ("code",)
        made = (
            SequenceRule(
                kind,  # type: ignore[arg-type]
                chance.choice(SORTS),
                chance.choice((*SORTS, *free)),
                chance.choice((*LENGTHS, math.inf)),
            )
            for _ in range(chance.randint(1, 2))
        )
        return {"sequences": tuple(made)}

    return rules


def offers(chance: Random) -> dict[str, object]:
    """A tag that is an offer, or none, beside a rule that counts what is exempt and an offer."""
    return {"offers": chance.choice((frozenset(), frozenset({"gift"}))), "spacing": HOUR}


def everything(chance: Random) -> dict[str, object]:
    """All rules at once."""
    rules = limits(chance) | content(chance)
    some = [sequence(kind)(chance)["sequences"] for kind in ("never_with", "not_after")]
    return rules | {"sequences": (*some[0], *some[1])}  # type: ignore[misc]


def people(chance: Random) -> ContactFacts:
    """A visitor with some contacts made and planned, many of them at the edge of a length."""

    def made(count: int) -> tuple[Contact, ...]:
        return tuple(
            Contact(
                NOON + chance.choice((-1, 0, 1)) * chance.choice(LENGTHS) + chance.randint(-9, 9),
                chance.choice(("sms", "push", "call")),
                chance.choice(("failed", "reminder", "offer", "code", "survey")),
                chance.choice(("", "draw", "gift", "banner:draw")),
            )
            for _ in range(count)
        )

    agreed = (Consent("sms", 0.0, given=True),)
    return ContactFacts(made(chance.randint(0, 5)), made(chance.randint(0, 3)), agreed)


def moments(chance: Random, known: ContactFacts) -> list[float]:
    """Moments around the contacts and the ends of every length, and some by chance."""
    near = [one.at for one in (*known.contacts, *known.planned)] or [NOON]
    edges = [
        chance.choice(near) + chance.choice((-1, 0, 1)) * chance.choice(LENGTHS) for _ in range(6)
    ]
    return [*edges, *(at + chance.choice((-0.125, 0.125)) for at in edges), *near]


CASES = {
    "rolling": limits,
    "content": content,
    "never_with": sequence("never_with"),
    "not_after": sequence("not_after"),
    "only_after": sequence("only_after"),
    "offers": offers,
}


@forms
@pytest.mark.parametrize("rule", CASES)
def test_a_rule_forbids_exactly_what_a_recount_forbids(rule: str, examples: int) -> None:
    """The moment alone, the windows and the next moment agree with the count, to the second."""

    @settings(max_examples=examples, deadline=None)
    @given(st.randoms(use_true_random=True))
    def law(chance: Random) -> None:
        rules, known = policy(**CASES[rule](chance)), people(chance)
        purpose, channel, tag = chance.choice([*KINDS, *EXEMPT])
        open_parts = allowed_intervals(
            rules, known, purpose, channel, NOON - 9 * DAY, NOON + 9 * DAY, tag
        )
        for at in moments(chance, known):
            wrong = by_hand(rules, known, purpose, channel, at, tag)
            assert forbidden(rules, known, purpose, channel, at, tag) == wrong
            assert any(low <= at < high for low, high in open_parts) == (wrong is None)
        at = NOON + chance.choice((0.0, *LENGTHS))
        found = next_allowed_time(rules, known, purpose, channel, at, at + 9 * DAY, tag)
        reached = at + 9 * DAY if found is None else found
        assert found is None or by_hand(rules, known, purpose, channel, found, tag) is None
        for before in (x for x in moments(chance, known) if at <= x < reached):
            assert by_hand(rules, known, purpose, channel, before, tag) is not None

    law()


@forms
def test_whoever_is_unpressed_is_like_one_without_contacts(examples: int) -> None:
    """From that moment on the same is allowed; of everybody without contacts it is said."""

    @settings(max_examples=examples, deadline=None)
    @given(st.randoms(use_true_random=True))
    def law(chance: Random) -> None:
        rules, known = (
            policy(**chance.choice((*CASES.values(), everything))(chance)),
            people(chance),
        )
        kind, at = ContactKind(*chance.choice(KINDS)), NOON + chance.choice((0.0, *LENGTHS))
        assert unpressed(rules, ContactFacts(), kind, at)
        if not unpressed(rules, known, kind, at):
            return
        ask = kind.purpose, kind.channel, at, at + 40 * DAY, kind.content
        alone = allowed_intervals(rules, ContactFacts(), *ask)
        assert allowed_intervals(rules, known, *ask) == alone

    law()


@forms
def test_what_is_planned_in_any_order_breaks_no_rule(examples: int) -> None:
    """Plans made one after the other, before and behind each other, all stand when they are done.

    What waits for another contact is left out: a plan permits nothing.
    """

    @settings(max_examples=examples, deadline=None)
    @given(st.randoms(use_true_random=True))
    def law(chance: Random) -> None:
        rules, made = policy(**everything(chance)), list[Contact]()
        for _ in range(chance.randint(2, 7)):
            purpose, channel, tag = chance.choice(KINDS)
            at = NOON + chance.choice((-1, 0, 1)) * chance.choice(LENGTHS)
            known = ContactFacts(contacts=tuple(made))
            found = next_allowed_time(rules, known, purpose, channel, at, at + 9 * DAY, tag)
            if found is not None:
                made.append(Contact(found, channel, purpose, tag))
        for i, one in enumerate(made):
            rest = ContactFacts(contacts=tuple(made[:i] + made[i + 1 :]))
            assert not [*crowding(rules, rest, one), *order(rules, rest, one)]

    law()


def test_ten_a_day_and_two_a_minute() -> None:
    """The limits that gateways ask for: exactly so many fit, and the next one as soon as it may."""
    rules = policy(limits=(RollingLimit(10, DAY), RollingLimit(2, 60.0)))
    made: list[Contact] = []
    for _ in range(12):
        known = ContactFacts(contacts=tuple(made))
        at = next_allowed_time(rules, known, "offer", "sms", NOON, NOON + 2 * DAY)
        assert at is not None
        made.append(Contact(at, "sms", "offer"))
    assert [one.at - NOON for one in made[:4]] == [0.0, 0.0, 60.0, 60.0]
    assert [one.at - NOON - DAY for one in made[10:]] == [0.0, 0.0]
    assert forbidden(rules, ContactFacts(tuple(made)), "offer", "sms", NOON + DAY) == "cap_rolling"


def test_a_limit_counts_what_is_planned_for_later() -> None:
    """No room is left before two that are planned, as there is none behind them."""
    rules = policy(limits=(RollingLimit(2, DAY),))
    planned = tuple(Contact(NOON + hours * HOUR, "sms", "failed") for hours in (20, 22))
    known = ContactFacts(planned=planned)
    assert forbidden(rules, known, "failed", "sms", NOON) == "cap_rolling"
    assert forbidden(rules, known, "failed", "sms", NOON - 2 * HOUR) is None


def test_the_same_content_goes_out_once_a_day() -> None:
    """Another one may, for whatever purpose and by whatever channel the first one went."""
    rules = policy(content=ContentLimit(1, DAY))
    known = ContactFacts(contacts=(Contact(NOON, "push", "reminder", "draw"),))
    assert forbidden(rules, known, "offer", "sms", NOON + HOUR, "draw") == "same_content"
    assert forbidden(rules, known, "offer", "sms", NOON + HOUR, "gift") is None
    assert forbidden(rules, known, "offer", "sms", NOON + HOUR) is None
    assert forbidden(rules, known, "offer", "sms", NOON + DAY, "draw") is None


def test_a_plan_permits_nothing() -> None:
    """A contact that may only follow another one waits until that one was made."""
    rules = policy(sequences=(SequenceRule("only_after", "offer", "reminder", 3 * DAY),))
    reminder = Contact(NOON, "sms", "reminder")
    planned, made = ContactFacts(planned=(reminder,)), ContactFacts(contacts=(reminder,))
    assert forbidden(rules, planned, "offer", "sms", NOON + HOUR) == "only_after"
    assert forbidden(rules, made, "offer", "sms", NOON + HOUR) is None
    assert forbidden(rules, made, "offer", "sms", NOON) == "only_after"
    assert forbidden(rules, made, "offer", "sms", NOON + 3 * DAY) == "only_after"


def test_a_plan_that_would_follow_is_displaced() -> None:
    """A failed payment's SMS does not wait for an offer: the offer that may not follow it goes."""
    rules = policy(sequences=(SequenceRule("not_after", "offer", "failed", DAY),))
    offer = Contact(NOON + HOUR, "sms", "offer")
    known = ContactFacts(planned=(offer,))
    assert forbidden(rules, known, "failed", "sms", NOON) is None
    assert displaced_contacts(rules, known, Contact(NOON, "sms", "failed")) == (offer,)
    made = ContactFacts(contacts=(offer,))
    assert forbidden(rules, made, "failed", "sms", NOON) == "not_after"


def test_what_is_exempt_carries_no_offer() -> None:
    """A variant of a slot, or a listed tag; another one goes out whatever the other rules say."""
    rules = policy(offers=frozenset({"spring"}), spacing=DAY)
    known = ContactFacts(contacts=(Contact(NOON, "sms", "offer"),), blacklisted=True)
    for tag, reason in (("spring", "no_offers"), ("banner:draw", "no_offers"), ("bill", None)):
        assert forbidden(rules, known, "code", "sms", NOON, tag) == reason
        assert bool(allowed_intervals(rules, known, "code", "sms", NOON, NOON + 1, tag)) == (
            reason is None
        )


def test_an_offer_that_went_out_as_exempt_counts() -> None:
    """Calling an offer a receipt frees no cap: it keeps its distance like any other contact."""
    rules = policy(offers=frozenset({"spring"}), spacing=DAY)
    for tag, reason in (("spring", "spacing"), ("bill", None)):
        known = ContactFacts(contacts=(Contact(NOON, "sms", "code", tag),))
        assert forbidden(rules, known, "offer", "sms", NOON + HOUR) == reason
