"""Two ids that turn out to be one visitor: one state and one credit, in any order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from merging_world import AT, Action, World, lived, record

from nudge.domain.credit.attribution import step
from nudge.domain.credit.attribution_replay import fold
from nudge.domain.journal.records import (
    Decision,
    Event,
    JournalEntry,
    Ref,
)
from nudge.domain.people.credit import Worth, credits_of, slots_of
from nudge.domain.people.merging import LEFT, merge_states
from nudge.domain.people.visitor import VisitorState

TWENTY = [20, pytest.param(10_000, marks=pytest.mark.soak)]

ACTIONS = st.tuples(
    st.sampled_from(
        ("decision", "decision", "paid", "number", "failed", "contacted", "consent", "loaded")
    ),
    st.integers(0, 300),
    st.integers(0, 5),
)
HISTORIES = st.lists(st.lists(ACTIONS, max_size=8), min_size=2, max_size=4)


def shown(world: World, ids: Sequence[tuple[str, int]]) -> set[Ref]:
    """Every decision is seen at last, by whoever its visitor is then; which ones are exposed."""
    made = [entry for _, p in ids for entry in world.journals[p]]
    decided = [entry for entry in made if isinstance(entry.record, Decision)]
    for entry in decided:
        of = entry.record.subject
        at = AT + 9 * 3600.0
        said = Event(of, f"shown-{entry.ref}", "shown", "page", decision=entry.ref, at=at)
        world.append(entry.partition, said)
    return {entry.ref for entry in decided}


@pytest.mark.parametrize("examples", TWENTY, ids=["short", "soak"])
def test_merging_is_commutative_and_associative(examples: int) -> None:
    """Whatever three visitors did, their state as one does not hang on who was joined first."""

    @settings(max_examples=examples, deadline=None)
    @given(st.tuples(*[st.lists(ACTIONS, max_size=8)] * 3))
    def law(histories: tuple[list[Action], ...]) -> None:
        world, ids = lived(histories)
        world.run()
        one, two, three = (
            replace(world.visitors[p].get(subject, VisitorState()), watermark=world.now)
            for subject, p in ids
        )
        assert merge_states(one, two) == merge_states(two, one)
        assert merge_states(merge_states(one, two), three) == merge_states(
            one, merge_states(two, three)
        )

    law()


@pytest.mark.parametrize("examples", TWENTY, ids=["short", "soak"])
def test_the_order_of_mergings_changes_neither_state_nor_credit(examples: int) -> None:
    """Ids that are joined pair by pair, in any order, come to one state and to one credit.

    Before and after the folds have read what they did; and the credit is what the whole history
    would have got as one visitor's.
    """

    @settings(max_examples=examples, deadline=None)
    @given(HISTORIES, st.data())
    def law(histories: list[list[Action]], data: st.DataObject) -> None:
        world, ids = lived(histories)
        pairs = list(pairwise(ids))
        outcomes = []
        order = data.draw(st.permutations(pairs))
        for links, folds_between in ((pairs, True), (order, True), (order, False)):
            world, ids = lived(histories)
            if folds_between:
                world.run()
            for one, other in links:
                world.link(one, other)
                if folds_between:
                    world.run()
            seen = shown(world, ids)
            world.run()
            subject, p = world.root(ids[0])
            assert {x.decision for x in world.exposures()} == seen
            state = world.visitors[p].get(subject, VisitorState())
            outcomes.append((replace(state, watermark=0.0), world.rewards()))
            for other, at in ids:
                gone = world.visitors[at].get(other)
                assert other == subject or gone is None or gone.open == gone.payments == ()
            credit = {
                ref: Worth.of(events)
                for slot in slots_of(state)
                for ref, events in credits_of(state, slot).items()
            }
            assert world.rewards() == {ref: (x.conversions, x.value) for ref, x in credit.items()}
        assert all(outcome == outcomes[0] for outcome in outcomes)

    law()


@dataclass(frozen=True)
class Order:
    """A payment that servers report under one id or several, with what comes back of it.

    Attributes:
        minute: of the payment.
        amount: yuan.
        under: numbers of the ids under which it is reported.
        refunds: numbers of ids, each with yuan or None for all that is left.
    """

    minute: int
    amount: int
    under: tuple[int, ...]
    refunds: tuple[tuple[int, int | None], ...]

    @property
    def left(self) -> int:
        """Fen that are left of it."""
        parts = [amount for _, amount in self.refunds]
        return 0 if None in parts else max(0, 100 * (self.amount - sum(x or 0 for x in parts)))

    def paid(self, name: int, subject: str) -> Event:
        """The report of the payment under an id."""
        fields = {"amount": self.amount, "~refundable": True}
        at = AT + 60 * self.minute
        return Event(subject, f"order-{name}", "paid", "server", None, fields, at)

    def refunded(self, name: int, nth: int, subject: str) -> Event:
        """The report of one of its refunds."""
        amount = self.refunds[nth][1]
        fields = {"refund_of": f"order-{name}"} | ({} if amount is None else {"amount": amount})
        return Event(subject, f"back-{name}-{nth}", "refunded", "server", None, fields)


IDS = st.integers(0, 2)
ORDERS = st.lists(
    st.builds(
        Order,
        st.integers(0, 300),
        st.integers(1, 9).map(lambda n: 10 * n),
        st.lists(IDS, min_size=1, max_size=3).map(tuple),
        st.lists(st.tuples(IDS, st.none() | st.integers(1, 60)), max_size=2).map(tuple),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda one: one.minute,
)


def shown_before(world: World, ids: Sequence[tuple[str, int]], counts: Sequence[int]) -> None:
    """Each id sees so many pages, all before the first order: two slots on each page."""
    for (subject, p), count in zip(ids, counts, strict=True):
        for n in range(count):
            for choice in (0, 1):
                world.append(p, record(subject, "", ("decision", -9 + 3 * n + p, choice)))


@pytest.mark.parametrize("examples", TWENTY, ids=["short", "soak"])
def test_f25_orders_and_refunds_under_several_ids_equal_a_recount(examples: int) -> None:
    """One order is one payment, and a refund takes it back, whatever id each was sent under.

    In every order of payments, refunds and mergings, with a merging on its way, and behind the
    close of the windows: revenue of each slot and what is known of payments are a recount's.
    """

    @settings(max_examples=5 * examples, deadline=None)
    @given(ORDERS, st.tuples(*[st.integers(1, 2)] * 3), st.data())
    def law(orders: list[Order], counts: tuple[int, ...], data: st.DataObject) -> None:
        wait = data.draw(st.booleans())
        world, ids = lived([[], [], []])
        shown_before(world, ids, counts)
        in_time, later = list[tuple[int, Event]](), list[tuple[int, Event] | int | float]()
        for name, one in enumerate(orders):
            first, *others = ((p, one.paid(name, ids[p][0])) for p in one.under)
            backs = [(p, one.refunded(name, n, ids[p][0])) for n, (p, _) in enumerate(one.refunds)]
            (later if wait else in_time).extend([*others, *backs])
            in_time.append(first)
        later += [0, 1, *([5 * 86_400.0, 20 * 86_400.0] if wait else [])]
        acts = [*data.draw(st.permutations(in_time)), *data.draw(st.permutations(later))]
        for act in acts if wait else data.draw(st.permutations(acts)):
            if isinstance(act, float):
                world.run()
                world.now += act
            elif isinstance(act, int):
                world.link(ids[act], ids[act + 1])
            else:
                world.append(act[0], act[1])
            if data.draw(st.booleans()):
                world.run()
        world.run()
        check_recount(world, ids, orders)

    law()


def check_recount(world: World, ids: Sequence[tuple[str, int]], orders: Sequence[Order]) -> None:
    """Compare what the folds have with what the orders come to."""
    subject, p = world.root(ids[0])
    state = world.visitors[p][subject]
    rest = sorted((AT + 60 * one.minute, one.left) for one in orders if one.left)
    assert [tuple(one) for one in state.payments] == rest
    assert (state.last_paid_at, state.last_amount) == (rest[-1] if rest else (None, None))
    assert state.first_paid_at == (rest[0][0] if rest else None)
    rewards, slots = world.rewards(), {x.decision: x.slot for x in world.exposures()}
    assert all(found[0] == 1 and found[1] > 0 for found in rewards.values())
    for slot in ("banner", "denomination"):
        value = sum(found[1] for ref, found in rewards.items() if slots[ref] == slot)
        assert value == sum(one.left for one in orders), slot


def test_f14_a_refund_is_no_other_visitor_s() -> None:
    """A refund that names somebody else's payment takes nothing, until the two are one visitor."""
    world, ids = lived([[], []])
    shown_before(world, ids, (1, 1))
    order = Order(5, 50, (0,), ((1, None),))
    world.append(0, order.paid(0, ids[0][0]))
    world.append(1, order.refunded(0, 0, ids[1][0]))
    world.run()
    assert sorted(world.rewards().values()) == [(1, 5000), (1, 5000)]
    assert world.visitors[0][ids[0][0]].last_amount == 5000
    world.link(*ids)
    world.run()
    assert world.rewards() == {}


def test_what_comes_late_for_the_old_id_is_the_new_ones() -> None:
    """A decision that was spooled under the old subject meets the payment under the new one."""
    world, ids = lived([[("decision", 0, 0)], [("loaded", 0, 0)]])
    world.run()
    world.link(*ids)
    world.run()
    subject, p = world.root(ids[0])
    late = record(ids[0][0], "late", ("decision", 5, 1))
    left = next(one for one in ids if one[0] != subject)
    world.append_here(left[1], replace(late, subject=left[0]))
    world.append(p, record(subject, "paid", ("paid", 20, 4)))
    world.run()
    assert sorted(world.rewards().values()) == [(1, 5000), (1, 5000)]


def test_every_order_of_three_joinings_of_four_ids_gives_one_visitor() -> None:
    """Four ids with payments each: all six orders come to the same twelve payments' state."""
    histories: list[list[Action]] = [[("paid", 10 * n + m, m) for m in range(3)] for n in range(4)]
    found = set()
    _, ids = lived(histories)
    for order in permutations(list(pairwise(ids))):
        world, _ = lived(histories)
        for one, other in order:
            world.link(one, other)
            world.run()
        subject, p = world.root(ids[0])
        found.add(world.visitors[p][subject].payments)
    (payments,) = found
    assert len(payments) == 12


def test_a_step_of_an_empty_visitor_leaves_nothing() -> None:
    """A visitor identified before anything happened has nothing that must leave."""
    event = Event("f" * 32, "i", "identified", "server", None, {"into": "0" * 32, "partition": 1})
    state, exposures, rewards = step(VisitorState(), JournalEntry(0, 1, AT, event))
    assert (state.into, exposures, rewards) == (("0" * 32, 1), (), ())


def test_two_who_leave_at_one_position_leave_by_two_names() -> None:
    """Decisions of one record may each find that its customer is somebody else by now."""
    state = VisitorState(watermark=AT, into=("c" * 32, 0))
    entries = [
        JournalEntry(0, 7, AT, record(subject * 32, "r", ("decision", 0, 0)), i)
        for i, subject in enumerate("ab")
    ]
    _, made = fold({"a" * 32: state, "b" * 32: state}, AT, entries)
    left = [one for one in made if isinstance(one, Event) and one.type == LEFT]
    assert [one.event_id for one in left] == ["left:0:7", "left:0:7:1"]
