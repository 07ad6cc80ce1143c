"""Refunds: money that comes back leaves rewards and what is known of the visitor, in any order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import permutations
from statistics import median_low
from typing import Any

import builders
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nudge.domain.credit.attribution import GRACE, step
from nudge.domain.credit.closing import advance
from nudge.domain.journal.records import Decision, Event, JournalEntry, Record, Ref, Reward
from nudge.domain.people import refunds
from nudge.domain.people.merging import merge_states
from nudge.domain.people.refunds import TAKE_BACK
from nudge.domain.people.visitor import VisitorState
from nudge.domain.people.visitor_codec import decode_state, encode_state
from nudge.domain.slots.slot import RewardTerms

SUBJECT = "a" * 32
PAID = RewardTerms("decision", "paid", "conversion", 1000.0)
DAY = 86_400.0


def decision(slot: str = "banner", terms: RewardTerms = PAID, **more: Any) -> Decision:
    made: Decision = builders.decision(SUBJECT, slot=slot, unit=slot, terms=terms, **more)
    return made


def paid(event_id: str = "p", amount: float = 50, **more: Any) -> Event:
    """A payment as the service records it."""
    fields = {"amount": amount, "~refundable": True}
    return replace(Event(SUBJECT, event_id, "paid", "server", fields=fields), **more)


def refunded(of: str = "p", event_id: str = "r", amount: float | None = None, **more: Any) -> Event:
    fields: dict[str, Any] = {"refund_of": of} | ({} if amount is None else {"amount": amount})
    return replace(Event(SUBJECT, event_id, "refunded", "server", fields=fields), **more)


@dataclass
class Run:
    """A visitor's journal, step by step; the state goes through its bytes each time."""

    state: VisitorState = field(default_factory=VisitorState)
    rewards: list[Reward] = field(default_factory=list)
    position: int = 0

    def take(self, record: Record, stamp: float) -> Ref:
        """Append one record and step; its reference."""
        self.position += 1
        entry = JournalEntry(0, self.position, stamp, record)
        state, _, rewards = step(self.state, entry)
        self.state = decode_state(encode_state(state))
        assert self.state == state
        self.rewards += rewards
        return entry.ref

    def totals(self) -> dict[Ref, tuple[int, int, int]]:
        """Conversions, value and square of each exposure that has any: sums of its changes."""
        sums: dict[Ref, list[int]] = defaultdict(lambda: [0, 0, 0])
        for reward in self.rewards:
            for i, change in enumerate((reward.conversions, reward.value, reward.square)):
                sums[reward.decision][i] += change
        return {ref: (c, v, q) for ref, (c, v, q) in sums.items() if (c, v, q) != (0, 0, 0)}


def test_f14_a_refund_takes_the_whole_reward_back() -> None:
    """All of a payment comes back: no conversion, no value, and the record names the refund."""
    run = Run()
    run.take(decision(), 10.0)
    run.take(paid(), 20.0)
    run.take(refunded(), 30.0)
    assert run.totals() == {}
    last = run.rewards[-1]
    assert (last.event_id, last.at) == ("r", 30.0)
    assert (last.conversions, last.value, last.square) == (-1, -5000, -(5000**2))
    assert run.state.context().keys() == {"mobile_before"}


def test_f14_parts_add_up_and_never_beyond_the_payment() -> None:
    """A part lowers the value and leaves the conversion, until nothing is left."""
    run = Run()
    ref = run.take(decision(), 10.0)
    run.take(paid(), 20.0)
    run.take(refunded(event_id="1", amount=20), 30.0)
    assert run.totals() == {ref: (1, 3000, 3000**2)}
    assert run.state.context()["last_amount"] == 30
    run.take(refunded(event_id="1", amount=20), 31.0)
    assert run.totals() == {ref: (1, 3000, 3000**2)}
    run.take(refunded(event_id="2", amount=29.99), 32.0)
    assert run.totals() == {ref: (1, 1, 1)}
    run.take(refunded(event_id="3", amount=40), 33.0)
    run.take(refunded(event_id="4"), 34.0)
    assert run.totals() == {}
    assert run.state.payments == ()


@pytest.mark.parametrize("amounts", [(None,), (None, None), (20,), (20, 30), (20, 20), (60,)])
def test_f14_a_refund_before_its_payment_counts(amounts: tuple[float | None, ...]) -> None:
    """The payment counts for what is left, in every order of the three."""
    left = 0 if None in amounts else max(0, 5000 - sum(100 * (x or 0) for x in amounts))
    said = [paid(at=20.0), *(refunded(event_id=f"{n}", amount=x) for n, x in enumerate(amounts))]
    for order in permutations(said):
        run = Run()
        ref = run.take(decision(), 10.0)
        for number, one in enumerate(order):
            run.take(one, 30.0 + number)
        assert run.totals() == ({ref: (1, left, left**2)} if left else {})
        assert [one.amount for one in run.state.payments] == ([left] if left else [])
        assert run.state.first_paid_at == (20.0 if left else None)


def test_f14_a_refund_comes_weeks_later() -> None:
    """Behind the window and the open state the reward is taken back, at the exposure's place."""
    run = Run()
    banner = run.take(decision("banner"), 10.0)
    amount = run.take(decision("denomination", replace(PAID, objective="revenue")), 11.0)
    run.take(paid(), 20.0)
    late = 20.0 + 60 * DAY
    run.state = advance(run.state, late)
    assert (run.state.open, run.state.events) == ((), ())
    run.take(refunded(event_id="1", amount=20), late)
    assert run.totals() == dict.fromkeys((banner, amount), (1, 3000, 3000**2))
    assert [one.shared for one in run.rewards[-2:]] == [True, True]
    run.take(refunded(event_id="2"), late + 1)
    assert run.totals() == {}
    assert {one.exposed_at for one in run.rewards} == {10.0, 11.0}


def test_f14_what_can_be_taken_back_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind `TAKE_BACK` a refund comes too late; no visitor's state grows without bound."""
    bound = 20  # the rule, at a size that is quick
    monkeypatch.setattr(refunds, "MAX_RECEIPTS", bound)
    run = Run()
    ref = run.take(decision(), 10.0)
    run.take(paid(), 20.0)
    late = 21.0 + TAKE_BACK
    run.take(refunded(), late)
    assert run.totals() == {ref: (1, 5000, 5000**2)}
    assert (run.state.receipts, run.state.closed) == ((), ())
    assert advance(run.state, late + TAKE_BACK + 1).refunds == ()
    for n in range(2 * bound):
        run.take(decision(), late + 10 * n)
        run.take(paid(f"p{n}"), late + 10 * n + 1)
        run.take(refunded(f"q{n}", f"r{n}"), late + 10 * n + 2)
    run.state = advance(run.state, late + DAY)
    sizes = map(len, (run.state.receipts, run.state.refunds, run.state.closed))
    assert max(sizes) <= bound


def test_f14_a_claim_is_not_taken_back() -> None:
    """A refund takes a server's payment; the page's claim under the same id is worth nothing."""
    run = Run()
    run.take(decision(), 10.0)
    run.take(paid(source="page"), 20.0)
    run.take(refunded(), 30.0)
    run.take(refunded("other", "s", source="page"), 31.0)
    assert (run.rewards, run.state.payments) == ([], ())
    assert [one.refund_of for one in run.state.refunds] == ["p"]


def test_f14_what_else_rewards_stays() -> None:
    """A refund takes the money and leaves the intent where a tap is enough."""
    run = Run()
    ref = run.take(decision(terms=replace(PAID, event="pay_tapped|paid")), 10.0)
    tap = Event(SUBJECT, "t", "step", "page", fields={"step": "pay_tapped"})
    run.take(tap, 15.0)
    run.take(paid(), 20.0)
    run.take(refunded(), 30.0)
    assert run.totals() == {ref: (1, 0, 0)}
    both = Run()
    kept = both.take(decision("prefill", replace(PAID, event="prefill_kept+paid")), 10.0)
    both.take(Event(SUBJECT, "k", "prefill_kept", "page", kept), 15.0)
    both.take(paid(), 20.0)
    assert both.totals() == {kept: (1, 5000, 5000**2)}
    both.take(refunded(), 30.0)
    assert both.totals() == {}


def test_f14_another_payment_keeps_the_conversion() -> None:
    """Of two payments in one window the refund takes its own, before and behind the close."""
    for wait in (0.0, 2000.0):
        run = Run()
        ref = run.take(decision(), 10.0)
        run.take(paid("1"), 20.0)
        run.take(paid("2", 30), 30.0)
        run.take(refunded("1"), 40.0 + wait)
        assert run.totals() == {ref: (1, 3000, 3000**2)}


def test_f14_what_is_known_of_the_visitor_goes_back() -> None:
    """Last amount, count, usual amount, first payment, amounts and numbers are those without it."""
    plain, run = Run(), Run()
    for n, amount in enumerate((30, 30, 500)):
        one = paid(f"p{n}", amount, at=100.0 + n)
        one = replace(one, fields={**one.fields, "number": f"n{n % 2}"})
        run.take(one, 200.0 + n)
        if n == 1:
            plain.take(one, 200.0 + n)
    run.take(refunded("p2", "r2"), 300.0)
    run.take(refunded("p0", "r0"), 301.0)
    plain.state = advance(plain.state, 301.0)
    gone: dict[str, object] = {"receipts": (), "refunds": (), "events": ()}
    assert run.state.having(**gone) == plain.state.having(**gone)
    assert run.state.context() == {
        "last_amount": 30,
        "last_paid_at": 101.0,
        "payments": 1,
        "first_paid_at": 101.0,
        "usual_amount": 30,
    }


def test_f14_a_failure_before_a_refunded_payment_stays_settled() -> None:
    """The payment went through, whichever of the three came first: nothing is to be tried again."""
    failed = Event(SUBJECT, "f", "payment_failed", "server", fields={"reason": "soft"}, at=10.0)
    for order in permutations([failed, paid(at=20.0), refunded(at=30.0)]):
        run = Run()
        for number, one in enumerate(order):
            run.take(one, 40.0 + number)
        assert run.state.failures == ()


def test_f14_payments_of_earlier_versions() -> None:
    """Without the mark of this version a payment is taken back while its exposures are open."""
    old = replace(paid(), fields={"amount": 50})
    for wait, kept in ((10.0, 0), (5000.0, 1)):
        run = Run()
        run.take(decision(), 10.0)
        run.take(old, 20.0)
        assert run.state.receipts == ()
        run.take(refunded(), 20.0 + wait)
        assert (len(run.totals()), len(run.state.payments)) == (kept, kept)


def test_f25_one_payment_under_two_ids_before_and_behind_the_close() -> None:
    """Two states with one order become one: one reward, one payment, and one refund takes it."""
    for wait in (20.0, 5000.0, 20 * DAY):
        runs = [Run(), Run()]
        for n, run in enumerate(runs):
            run.position = 100 * n
            run.take(decision(), 10.0 + n)
            one = paid(at=20.0 + n)
            run.take(replace(one, fields={**one.fields, "number": "n"}), 21.0 + n)
        at = 30.0 + wait
        first, second = (advance(run.state, at) for run in runs)
        both = merge_states(first, second)
        assert both == merge_states(second, first)
        assert len(both.payments) == 1
        assert [use.times for use in both.numbers] == [1]
        assert both.context()["payments"] == 1


# --- Any order of arrival

SLOTS = ("banner", "denomination")


@st.composite
def journals(draw: st.DrawFn) -> list[Decision | Event]:
    """Decisions, payments and refunds of one visitor, in any order of arrival."""
    times = st.integers(0, 500).map(float)
    made: list[Decision | Event] = []
    for i in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(["paid", "clicked", "clicked+paid", "clicked|paid"]))
        terms = RewardTerms("decision", kind, "revenue", float(draw(st.integers(50, 400))))
        slot = draw(st.sampled_from(SLOTS))
        made.append(decision(slot, terms, ref=Ref(0, 1 << 62 | i), at=draw(times)))
    count = draw(st.integers(1, 5))
    ats = draw(st.lists(times, min_size=count, max_size=count, unique=True))
    made += [paid(f"p{i}", draw(st.integers(1, 9)) * 10, at=at) for i, at in enumerate(ats)]
    for i in range(draw(st.integers(0, 5))):
        of, amount = draw(st.integers(0, count)), draw(st.none() | st.integers(1, 60))
        made.append(refunded(f"p{of}", f"r{i}", amount, at=draw(times)))
    for i in range(draw(st.integers(0, 2))):
        made.append(Event(SUBJECT, f"c{i}", "clicked", "page", None, {}, draw(times)))
    order: list[Decision | Event] = draw(st.permutations(made))
    return order


def left(records: Iterable[Decision | Event]) -> dict[str, int]:
    """The rest of each payment, in fen, counted from all records."""
    events = [one for one in records if isinstance(one, Event)]
    found = {}
    for one in (x for x in events if x.type == "paid"):
        back = [x.fields for x in events if x.fields.get("refund_of") == one.event_id]
        part = sum(100 * int(str(x["amount"])) for x in back if "amount" in x)
        gross = 100 * int(str(one.fields["amount"]))
        whole = any("amount" not in x for x in back)
        found[one.event_id] = 0 if whole else max(0, gross - part)
    return found


def recount(records: Sequence[Decision | Event]) -> dict[Ref, tuple[int, int, int]]:
    """Rewards from all records at hand: no state, no order."""
    rest, found = left(records), defaultdict[Ref, list[tuple[str, int]]](list)
    made = [one for one in records if isinstance(one, Decision)]
    terms = {one.ref: one.terms for one in made}
    for slot in SLOTS:
        shown = sorted((one.at or 0.0, one.ref) for one in made if one.slot == slot and one.ref)
        for one in (x for x in records if isinstance(x, Event) and x.type in ("paid", "clicked")):
            before = [x for x in shown if x[0] <= (one.at or 0.0)]
            if not before or rest.get(one.event_id) == 0:
                continue
            at, ref = before[-1]
            if one.type in terms[ref].event and (one.at or 0.0) <= at + terms[ref].window:
                found[ref].append((one.type, rest.get(one.event_id, 0)))
    sums = {}
    for ref, events in found.items():
        if "+" in terms[ref].event and len({kind for kind, _ in events}) < 2:
            continue
        value = sum(fen for _, fen in events)
        sums[ref] = (1, value, value**2)
    return sums


def arrived(records: Sequence[Record], apart: float) -> Run:
    run = Run()
    for number, record in enumerate(records):
        run.take(record, 600.0 + apart * number)
    return run


@settings(max_examples=80, deadline=None)
@given(journals())
def test_f14_rewards_and_spending_equal_a_recount_in_any_order(
    records: list[Decision | Event],
) -> None:
    """Whatever comes first: rewards, payments, first and usual amount are those of a recount."""
    run = arrived(records, GRACE / 100)
    assert run.totals() == recount(records)
    assert len({reward.reward_id for reward in run.rewards}) == len(run.rewards)
    amounts = left(records)
    ats = {x.event_id: x.at for x in records if isinstance(x, Event) and x.type == "paid"}
    rest = sorted((ats[name] or 0.0, fen) for name, fen in amounts.items() if fen)
    assert [tuple(one) for one in run.state.payments] == rest
    assert run.state.first_paid_at == (rest[0][0] if rest else None)
    assert (run.state.last_paid_at, run.state.last_amount) == (rest[-1] if rest else (None, None))
    usual = run.state.context().get("usual_amount")
    assert usual == (median_low([fen for _, fen in rest]) / 100 if rest else None)


@settings(max_examples=50, deadline=None)
@given(journals(), st.integers(1, 60))
def test_f14_refunds_behind_the_close_equal_those_before(
    records: list[Decision | Event], days: int
) -> None:
    """A refund of a closed reward comes to the same as one that was there in time."""
    early = [one for one in records if not (isinstance(one, Event) and one.type == "refunded")]
    run = arrived(early, 0.0)
    for number, one in enumerate(x for x in records if x not in early):
        run.take(one, 2000.0 + days * DAY + number)
    assert run.totals() == recount(records)
