"""Plans in the journal, and the hours that they take."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from builders import planned_decision

from nudge.clock import now
from nudge.domain.identity.sealing import Home, new_subject
from nudge.domain.journal.block import MOST, BlockDecision, shape_of
from nudge.domain.journal.records import Event, Ref
from nudge.domain.slots.slot import RewardTerms
from nudge.store.journal.appends import Append
from nudge.store.plans.plan_book import NO_PLANS, Plans
from nudge.store.plans.plans import (
    BlockResult,
    PlanMemory,
    PlannedBlock,
    slim_plan,
)
from nudge.store.store import Store
from nudge.store.vault.visitors import VisitorQuery, VisitorView
from nudge.store.wire.codec import encode

SHAPE = shape_of(
    planned_decision(
        "ab" * 16,
        revision=2,
        context={"stage": "warning"},
        cell="3",
        eligible=("early", "late"),
        removed={"gone": "past"},
        pmf=(0.25, 0.75),
        u=1,
        variant="early",
        propensity=0.25,
        policy="auto",
        policy_version=3,
        terms=RewardTerms("shown", "paid", "conversion", 3600.0),
    )
)
UNIT = SHAPE.unit


def append_block(
    store: Store,
    p: int,
    drawn: list[BlockDecision],
    seen: list[Plans],
    kept: PlanMemory,
) -> BlockResult:
    (made,) = store.plans.append_each([PlannedBlock(p, drawn, seen)], kept)
    return made


def event(event_id: str) -> Event:
    return Event(new_subject(), event_id, "step", "page", fields={"step": "home"})


def drawn(subject: str, n: int = 0) -> BlockDecision:
    """A plan."""
    return BlockDecision(SHAPE, subject, n << 50, n % 2, 1.8e9 + n)


def plans_of(store: Store, partition: int, subject: str) -> VisitorView:
    """The store's view of a subject."""
    return store.visitors.follow(Home(subject, partition), VisitorQuery(partition, "", ""))


def open_each_of(store: Store, partition: int, subject: str) -> list[VisitorView]:
    """The same, by an id that leads to it."""
    store.client.call("HSET", store.keys.vault(partition, "9" * 32), "s", subject, "c", "1")
    return [one for _, one in store.visitors.open_each([Home("9" * 32, partition)], besides=False)]


def test_a_block_is_one_record_and_each_plan_is_remembered(store: Store) -> None:
    """One position; every decision is read at its own index, and kept by its subject."""
    some = [drawn(new_subject(), n) for n in range(MOST)]
    made = append_block(store, 2, some, [NO_PLANS] * MOST, PlanMemory())
    assert made.refs == tuple(Ref(2, 1, n) for n in range(MOST))
    entries = store.journal.read(2, 0, 10)
    assert [one.record for one in entries] == [one.decision for one in some]
    assert [one.ref for one in entries] == list(made.refs)
    for n in (0, 1, MOST - 1):
        entry = store.journal.read_one(made.refs[n])
        kept = plans_of(store, 2, some[n].subject).assigned[UNIT]
        assert entry == entries[n]
        assert (kept.ref, kept.decision.due, kept.decision.variant) == (
            made.refs[n],
            some[n].due,
            some[n].decision.variant,
        )
    assert store.journal.read_one(Ref(2, 1, MOST)) is None


def test_who_was_planned_for_meanwhile_is_told_and_nobody_is_written(store: Store) -> None:
    """Of two planners who saw the same, the second writes nothing, whatever the purpose was."""
    ada, ben = drawn(new_subject()), drawn(new_subject(), 1)
    other = ada._replace(shape=replace(SHAPE, unit="sms_timing|promotion"))
    append_block(store, 0, [other], [NO_PLANS], PlanMemory())
    made = append_block(store, 0, [ben, ada], [NO_PLANS, NO_PLANS], PlanMemory())
    assert (made.refs, made.behind) == ((), (1,))
    assert plans_of(store, 0, ben.subject).assigned == {}
    seen = plans_of(store, 0, ada.subject).plans
    assert append_block(store, 0, [ben, ada], [NO_PLANS, seen], PlanMemory()).refs


def test_an_opened_visitor_says_how_often_it_was_planned_for(store: Store) -> None:
    """The number that who writes the next plan has to name."""
    home = Home("5" * 32, 1)
    ((_, one),) = store.visitors.open_each([home], besides=False)
    assert one.plans == NO_PLANS
    append_block(store, 1, [drawn(one.subject)], [one.plans], PlanMemory())
    ((_, again),) = store.visitors.open_each([home], besides=False)
    assert (again.plans.count, list(again.assigned)) == (1, [UNIT])


def test_the_latest_plan_of_each_purpose_is_remembered(store: Store) -> None:
    """Another plan for the same purpose takes the place of the one before; others stay."""
    subject = new_subject()
    for n, purpose in enumerate(("a", "b", "a")):
        one = BlockDecision(replace(SHAPE, unit=purpose), subject, n, 0, 1.8e9 + n)
        seen = plans_of(store, 4, subject).plans
        assert seen.count == n
        assert append_block(store, 4, [one], [seen], PlanMemory()).refs
    found = plans_of(store, 4, subject).assigned
    assert {unit: (k.ref.position, k.decision.due) for unit, k in found.items()} == {
        "a": (3, 1.8e9 + 2),
        "b": (2, 1.8e9 + 1),
    }
    (opened,) = open_each_of(store, 4, subject)
    assert opened.assigned == found


def test_forgotten_plans_are_gone(store: Store) -> None:
    """Of one subject, whenever they were made; those of others stay."""
    ada, ben = drawn(new_subject()), drawn(new_subject(), 1)
    append_block(store, 0, [ada, ben], [NO_PLANS, NO_PLANS], PlanMemory())
    store.plans.forget_plans(0, ada.subject, now())
    assert plans_of(store, 0, ada.subject).assigned == {}
    assert list(plans_of(store, 0, ben.subject).assigned) == [UNIT]


@pytest.mark.parametrize("index", [0, 1, 2])
def test_an_event_finds_whose_decision_it_names_in_a_block(store: Store, index: int) -> None:
    """By position and index; an index that is not there is nobody's."""
    some = [drawn(new_subject(), n) for n in range(2)]
    append_block(store, 0, some, [NO_PLANS, NO_PLANS], PlanMemory())
    place = f"1.{index}" if index else "1"
    store.journal.append_once(0, [Append("else", event("e"), of=place)], closes=True)
    (entry,) = store.journal.read(0, 1, 10)
    named = [one.subject for one in some]
    found = [place for place, name in enumerate(named) if name == entry.record.subject]
    assert found == ([index] if index < len(named) else [])


def test_no_hour_gets_more_than_its_most(store: Store) -> None:
    """A unit that is there is given, once; one that is given back can be taken again."""
    assert store.capacity.reserve("sms", {10: (5, 3), 11: (5, 9)}, 0.0) == {10: 3, 11: 5}
    assert store.capacity.reserve("sms", {10: (5, 3), 11: (7, 9)}, 0.0) == {10: 2, 11: 2}
    assert store.capacity.reserve("sms", {10: (4, 1)}, 0.0) == {10: 0}
    store.capacity.release("sms", {10: 1, 11: 0})
    assert store.capacity.used("sms") == {10: 4, 11: 7}
    assert store.capacity.used("call") == {}
    assert store.capacity.reserve("sms", {}, 0.0) == {}


def test_hours_that_are_past_are_forgotten(store: Store) -> None:
    """Past hours are forgotten where there are many, and only those."""
    store.capacity.reserve("sms", dict.fromkeys(range(2001), (1, 1)), 0.0)
    store.capacity.reserve("sms", {3000: (1, 1)}, 1990 * 3600.0)
    assert sorted(store.capacity.used("sms")) == [*range(1990, 2001), 3000]


@pytest.fixture
def hasty() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty")
def test_what_is_remembered_is_of_one_customer_whoever_plans_beside() -> None:
    """Threads share what is made of a shape: none gets the time of another's customer."""
    drawn = [BlockDecision(SHAPE, f"{n:032x}", n, 0, 1.8e9 + n) for n in range(4)]
    kept, each = PlanMemory(), range(2000)
    with ThreadPoolExecutor(len(drawn)) as threads:
        made = list(threads.map(lambda one: {kept.payload(one) for _ in each}, drawn))
    assert made == [{encode(replace(slim_plan(one), due=one.due))} for one in drawn]
