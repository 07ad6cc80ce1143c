"""A customer on the desk: what is drawn is what anybody's draw would be, and nothing forbidden."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from contact_strategies import DAY, TAGS, around, bases, by_hand, policies
from hypothesis import given, settings
from hypothesis import strategies as st
from places import CONFIG

from bandits.policies.uniform import UniformPolicy
from nudge.config.documents.contact_file import load_contact
from nudge.config.slot_file import load_slots
from nudge.config.window_value import windows_of
from nudge.domain.choosing.choice import choose
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.contact.contact import FAILED, Consent, Contact
from nudge.domain.contact.contact_capacity import Capacity, hour_of, limit
from nudge.domain.identity.sealing import new_subject
from nudge.domain.journal.block import drawn_of
from nudge.domain.journal.records import Decision
from nudge.domain.people.person import KnownFact
from nudge.domain.people.visitor import VisitorState
from nudge.domain.people.visitor_codec import encode_state
from nudge.domain.slots.window import windows_for
from nudge.domain.timing.plan_request import CONTENT, PlanRequest
from nudge.domain.timing.windows import OTHER_PURPOSE, Calendar
from nudge.flows.plan.candidate import PlanDraft
from nudge.flows.plan.minute_table import MinuteTable, end_of_minute
from nudge.flows.plan.planning_round import PlanningRound
from nudge.flows.serving.explain import repeats
from nudge.store.vault.visitors import VisitorView

forms = pytest.mark.parametrize(
    "examples", [100, pytest.param(10_000, marks=pytest.mark.soak)], ids=["short", "soak"]
)
SHIPPED = load_slots(CONFIG / "slots")["sms_timing"]
SLOT = replace(
    SHIPPED,
    variants=tuple(
        replace(one, value={**one.value, "purposes": ["failed"]})
        if "purposes" in one.value
        else one
        for one in SHIPPED.variants
        if isinstance(one.value, dict)
    ),
)
"""The shipped slot, whose windows from now on are for the policies' purpose `failed`."""
KEY = b"k" * 32


@st.composite
def states(draw: st.DrawFn, base: float) -> VisitorState:
    """Customers, most of whom agreed to SMS, with contacts and complaints of all ages."""
    contacts = st.builds(
        Contact,
        around(base - 3 * DAY, 3) | around(base - 40 * DAY, 40),
        st.sampled_from(("sms", "push", "call")),
        st.sampled_from(("failed", "reminder", "offer", "code")),
        st.sampled_from(TAGS),
        st.just("m:1") | st.just(""),
        st.sampled_from((0, 0, FAILED)),
    )
    agreed = (Consent("sms", base - 100 * DAY, given=True),)
    later = st.builds(Consent, st.just("sms"), around(base, 3), st.booleans())
    zone = draw(st.sampled_from((None, "Europe/Berlin", "America/New_York", "Asia/Kathmandu")))
    known = [KnownFact("zone", 0.0, zone)] if zone else []
    known += [KnownFact("stage", 0.0, draw(st.sampled_from(("growth", "warning"))))]
    return VisitorState(
        contacts=tuple(sorted(draw(st.lists(contacts, max_size=3)))),
        consents=(*draw(st.sampled_from((agreed, agreed, ()))), *draw(st.lists(later, max_size=1))),
        complained_at=draw(st.none() | st.none() | around(base - 3 * DAY, 3)),
        known=tuple(known),
        watermark=base,
    )


@forms
def test_no_plan_breaks_the_policy_and_each_is_the_draw_of_its_own(examples: int) -> None:
    """Many customers at one desk, whatever the policy, the zone, the day and the capacity.

    No plan lies in quiet hours, on a holiday, over a cap or too near to a contact, without consent,
    or in an hour that is full. The decision is the one that `choose` makes for this customer alone
    among the windows that were left, and its record repeats the draw. Whoever gets none has a
    reason for every window.
    """

    @settings(max_examples=examples, deadline=None)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        base = data.draw(bases)
        policy = data.draw(policies(base))
        served = LiveSlot(SLOT, UniformPolicy(arms=SLOT.names), windows_of(SLOT))
        table = MinuteTable(Calendar(policy), served, end_of_minute(base))
        desk = PlanningRound(table, {}, data.draw(st.sampled_from((0.0, 0.3))), KEY, "test", base)
        capacity, hours = Capacity(), Counter[tuple[str, int]]()
        for _ in range(data.draw(st.integers(1, 5))):
            state = data.draw(states(base))
            purpose = data.draw(st.sampled_from(("reminder", "failed", "offer")))
            opened = VisitorView(new_subject(), 0, encode_state(state))
            tag = data.draw(st.sampled_from(TAGS))
            case = desk.open_candidate(PlanRequest("v", purpose=purpose, content=tag), opened)
            draft = desk.draw(case, desk.look(case, capacity), capacity)
            if draft.due is None:
                assert set(draft.outlook.blocked) == set(windows_for(windows_of(SLOT), purpose))
                continue
            assert draft.due >= table.minute
            assert by_hand(policy, case.known, purpose, "sms", draft.due, tag) is None
            hours["sms", hour_of(draft.due)] += 1
            most = limit(policy, purpose, "sms")
            assert most is None or hours["sms", hour_of(draft.due)] <= most
            check_draw(desk, draft)

    law()


def check_draw(desk: PlanningRound, draft: PlanDraft) -> None:
    """The decision is the one of this visitor alone."""
    left = draft.outlook.left
    assert left is not None
    assert draft.decision is not None
    alone = choose(desk.table.served, desk.make_choice_input(draft.candidate, left), {})
    assert isinstance(alone, Decision)
    made = draft.decision.decision
    # A window of another purpose is no alternative: the record does not name it.
    removed = {name: why for name, why in alone.removed.items() if why != OTHER_PURPOSE}
    tag = draft.candidate.content
    context = {**alone.context, CONTENT: tag} if tag else alone.context
    assert replace(made, due=None) == replace(alone, removed=removed, context=context)
    assert drawn_of(made).decision == made
    assert repeats(made)


def test_an_hour_that_fills_up_meanwhile_is_looked_for_no_more() -> None:
    """The distribution is over what is left when the customer is drawn, not when looked at."""
    at = 1_793_000_000.0
    shipped = load_contact(CONFIG)
    sms = replace(shipped.channels["sms"], capacity=2)
    policy = replace(shipped, channels={"sms": sms})  # a reminder may have one of the two
    table = MinuteTable(
        Calendar(policy),
        LiveSlot(SLOT, UniformPolicy(arms=SLOT.names), windows_of(SLOT)),
        end_of_minute(at),
    )
    desk = PlanningRound(table, {}, 0.0, KEY, "test", at)
    agreed = VisitorState(consents=(Consent("sms", 0.0, given=True),), watermark=at)
    cases = [
        desk.open_candidate(
            PlanRequest(f"v-{n}"), VisitorView(new_subject(), 0, encode_state(agreed))
        )
        for n in range(2000)
    ]
    capacity = Capacity()
    looks = [desk.look(case, capacity) for case in cases]
    drafts = [desk.draw(case, look, capacity) for case, look in zip(cases, looks, strict=True)]
    planned = [draft for draft in drafts if draft.decision]
    hours = Counter(hour_of(draft.due) for draft in planned if draft.due)
    assert max(hours.values()) == 1
    assert 0 < len(planned) < len(cases)
    # Nobody is left out while an hour is free: the last window goes when its last hour does.
    reasons = {why for draft in drafts[len(planned) :] for why in draft.outlook.blocked.values()}
    assert reasons <= {"no_capacity", "past"}
    assert [bool(draft.decision) for draft in drafts] == sorted(
        (bool(draft.decision) for draft in drafts), reverse=True
    )
    for draft in planned[::50]:
        check_draw(desk, draft)
