"""Receipts: what failed for good was no contact, in whatever order the words came."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from contact_strategies import ZONES
from hypothesis import given, settings
from hypothesis import strategies as st

from nudge.domain.basics.local_time import find_zone
from nudge.domain.contact.contact import Contact, ContactFacts
from nudge.domain.contact.contact_policy import Channel, ContactPolicy, Purpose
from nudge.domain.contact.contact_rules import forbidden
from nudge.domain.journal.records import Event, Ref
from nudge.domain.people.deliveries import name_message
from nudge.domain.people.facts import state_with_event
from nudge.domain.people.merging import merge_states
from nudge.domain.people.visitor import VisitorState, without_sources
from nudge.domain.people.visitor_codec import PLAIN, VERSION, decode_state, encode_state

NOON = 1_790_913_600.0
DAY = 86_400.0
ZONE = find_zone(ZONES[0])
assert ZONE is not None
POLICY = ContactPolicy(
    zone=ZONE,
    channels={"sms": Channel("sms", "unless_refused")},
    purposes={"offer": Purpose("offer")},
    spacing=DAY,
)
PLAN = Ref(3, 17, 2)
forms = pytest.mark.parametrize(
    "examples", [200, pytest.param(10_000, marks=pytest.mark.soak)], ids=["short", "soak"]
)


def event(
    kind: str, at: float, message: str = "", plan: Ref | None = None, name: str = ""
) -> Event:
    fields = {"message_id": message} if message else {}
    if kind in {"sms_sent", "contacted"}:
        fields["purpose"] = "offer"
    if kind == "contacted":
        fields["channel"] = "sms"
    return Event("s", name or f"{kind}{at}{message}", kind, "server", plan, fields, at)


def state_of(*events: Event) -> VisitorState:
    state = VisitorState()
    for one in events:
        state = state_with_event(state, one.at or 0.0, one)
    return state


def counted(state: VisitorState) -> list[float]:
    """The times of the contacts that count."""
    known = POLICY.in_own_words(ContactFacts(contacts=state.contacts))
    return [one.at for one in known.contacts]


def recount(events: list[Event]) -> list[float]:
    """Contacts and receipts from the events alone, by the rule in words."""
    sent = {(x.at, x.fields.get("message_id"), x.decision) for x in events if x.type == "sms_sent"}
    stays = []
    for at, message, plan in sent:
        told = {
            x.type
            for x in events
            if x.type != "sms_sent"
            and (
                x.fields.get("message_id") == message
                if message
                else "message_id" not in x.fields and x.decision == plan
            )
        }
        twice = not message and sum(x[1:] == (message, plan) for x in sent) > 1
        if told != {"sms_failed"} or twice:
            stays.append(at)
    return sorted(at for at in stays if at is not None)


@forms
def test_a_receipt_counts_once_in_whatever_order_it_comes(examples: int) -> None:
    """Sent, failed and delivered, shuffled and repeated: the same contacts count; also merged.

    The state of two ids that turned out to be one is that of all events of both.
    """

    @settings(max_examples=examples, deadline=None)
    @given(st.randoms(use_true_random=True))
    def law(chance: Random) -> None:
        named = [("m-1", PLAN), ("m-2", PLAN), ("", PLAN), ("", Ref(3, 18)), ("m-3", None)]
        events = [
            event(chance.choice(("sms_sent", "sms_failed", "sms_delivered")), NOON + i, *name)
            for i, name in enumerate(chance.choices(named, k=chance.randint(1, 8)))
        ]
        once = state_of(*events)
        assert counted(once) == recount(events)
        again = [*events, *chance.choices(events, k=3)]
        chance.shuffle(again)
        other = state_of(*again)
        assert other == once
        cut = chance.randint(0, len(again))
        one, two = state_of(*again[:cut]), state_of(*again[cut:])
        assert merge_states(one, two) == merge_states(two, one) == once
        assert decode_state(encode_state(once)) == once

    law()


def test_a_failure_frees_the_spacing() -> None:
    """A message that did not arrive is no contact, unless it was delivered after all."""
    sent, failed = event("sms_sent", NOON, plan=PLAN), event("sms_failed", NOON + 60, plan=PLAN)
    late = event("sms_delivered", NOON + 90, plan=PLAN)
    for events, free in (((sent,), False), ((sent, failed), True), ((sent, failed, late), False)):
        for order in (events, events[::-1]):
            facts = ContactFacts(contacts=state_of(*order).contacts)
            reason = forbidden(POLICY, POLICY.in_own_words(facts), "offer", "sms", NOON + 3600)
            assert (reason is None) == free
    strict = replace(POLICY, failed="contact")
    facts = ContactFacts(contacts=state_of(sent, failed).contacts)
    assert strict.in_own_words(facts) == facts


def test_of_two_sms_of_one_plan_a_failure_of_the_plan_frees_none() -> None:
    """A failure of the plan does not tell which SMS did not arrive; the gateway's id would."""
    sent = [event("sms_sent", NOON + i, plan=PLAN) for i in range(2)]
    assert len(counted(state_of(*sent, event("sms_failed", NOON + 9, plan=PLAN)))) == 2
    sent = [event("sms_sent", NOON + i, f"m-{i}", PLAN) for i in range(2)]
    assert counted(state_of(*sent, event("sms_failed", NOON + 9, "m-0", PLAN))) == [NOON + 1]


def test_a_receipt_of_nothing_changes_nothing() -> None:
    """`sms_delivered` with the visitor alone is what it was."""
    assert state_of(event("sms_delivered", NOON)) == VisitorState()


def test_a_state_without_receipts_is_read_by_the_version_before() -> None:
    """Its bytes are those of version 5; with a name or a receipt they are of version 6."""
    plain = VisitorState(contacts=(Contact(NOON, "sms", "offer"),), watermark=NOON)
    assert encode_state(plain)[0] == PLAIN
    assert decode_state(encode_state(plain)) == plain
    for told in (event("sms_sent", NOON, plan=PLAN), event("sms_failed", NOON, "m-1")):
        state = state_with_event(plain, NOON, told)
        assert encode_state(state)[0] == VERSION
        assert decode_state(encode_state(state)) == state


def test_verify_passes_by_what_the_version_before_did_not_keep() -> None:
    """Names and receipts that a replay finds are no difference to a state that has none."""
    replayed = state_of(
        event("sms_sent", NOON, plan=PLAN),
        event("sms_delivered", NOON + 1, plan=PLAN),
        event("sms_delivered", NOON + 2, plan=Ref(1, 1)),
    )
    found = VisitorState(contacts=(Contact(NOON, "sms", "offer"),))
    assert without_sources(replayed, found) == found
    assert without_sources(replayed, replayed) == replayed


MOMENTS = (NOON, NOON, NOON + 1)
NAMES = (("", None), ("m-1", None), ("m-2", PLAN), ("", PLAN), ("", Ref(3, 18)))
SENT = ("contacted", "sms_sent", "sms_sent")
TOLD = ("sms_delivered", "sms_failed")


def drawn(chance: Random, kinds: tuple[str, ...], count: int) -> list[Event]:
    """Events of few moments and few names, so that many are alike but for their name."""
    return [
        event(chance.choice(kinds), chance.choice(MOMENTS), *chance.choice(NAMES))
        for _ in range(count)
    ]


@forms
def test_verify_expects_of_a_state_all_that_it_holds(examples: int) -> None:
    """A state is equal to itself: of contacts of one moment each is expected, named or not."""

    @settings(max_examples=examples, deadline=None)
    @given(st.randoms(use_true_random=True))
    def law(chance: Random) -> None:
        state = state_of(*drawn(chance, (*SENT, *TOLD), chance.randint(1, 8)))
        assert without_sources(state, state) == state
        for one in state.contacts:
            if one.message:
                rest = tuple(x for x in state.contacts if x != one)
                less = state.having(contacts=rest)
                assert without_sources(less, state) != state

    law()


@forms
def test_verify_passes_by_a_change_of_versions(examples: int) -> None:
    """Contacts of before lack their names; receipts that come then find none, and wait."""

    @settings(max_examples=examples, deadline=None)
    @given(st.randoms(use_true_random=True))
    def law(chance: Random) -> None:
        before = drawn(chance, SENT, chance.randint(1, 4))
        passed = drawn(chance, ("sms_delivered",), chance.randint(0, 2))
        after = drawn(chance, (*SENT, *TOLD), chance.randint(0, 4))
        named = {name_message(one) for one in before}
        # A message is sent in one version, and no receipt comes before it in the other.
        passed = [one for one in passed if name_message(one) in named]
        after = [one for one in after if one.type in TOLD or name_message(one) not in named]
        found = VisitorState()
        for one in before:
            bare = replace(one, decision=None, fields={**one.fields, "message_id": ""})
            found = state_with_event(found, one.at or 0.0, bare)
        for one in after:
            found = state_with_event(found, one.at or 0.0, one)
        assert without_sources(state_of(*before, *passed, *after), found) == found

    law()
