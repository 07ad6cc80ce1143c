"""Attribution: one credit for each event and slot, whatever the order of arrival."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import builders
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nudge.domain.basics.money import MAX_FEN, fen_of
from nudge.domain.credit.attribution import GRACE, step
from nudge.domain.credit.closing import advance
from nudge.domain.journal.event import MAX_AGE
from nudge.domain.journal.records import (
    AWAY,
    Decision,
    Event,
    Exposure,
    JournalEntry,
    Record,
    Ref,
    Reward,
)
from nudge.domain.people.visitor import MAX_OPEN, VisitorState
from nudge.domain.people.visitor_codec import decode_state, encode_state
from nudge.domain.slots.slot import RewardTerms

SUBJECT = "a" * 32
PAID = RewardTerms("decision", "paid", "conversion", 1000.0)
SHOWN = replace(PAID, on="shown")
CLICKED = replace(PAID, event="clicked")
KEPT_AND_PAID = replace(PAID, event="prefill_kept+paid")
TAPPED_OR_PAID = replace(PAID, event="pay_tapped|paid")


def decision(slot: str = "banner", terms: RewardTerms = PAID, **more: Any) -> Decision:
    return builders.decision(SUBJECT, **{"slot": slot, "unit": slot, "terms": terms, **more})


def event(kind: str = "paid", event_id: str = "e", **more: Any) -> Event:
    base = Event(SUBJECT, event_id, kind, "server", fields={"amount": 50})
    return replace(base, **more)


@dataclass
class Run:
    """A visitor's journal, step by step."""

    state: VisitorState
    exposures: list[Exposure]
    rewards: list[Reward]
    position: int = 0

    @classmethod
    def new(cls) -> Run:
        """Before the first entry."""
        return cls(VisitorState(), [], [])

    def take(self, record: Record, stamp: float) -> Ref:
        """Append one record and step; its reference."""
        self.position += 1
        entry = JournalEntry(0, self.position, stamp, record)
        self.state, exposures, rewards = step(self.state, entry)
        self.exposures += exposures
        self.rewards += rewards
        return entry.ref

    def totals(self) -> dict[Ref, tuple[int, int, int]]:
        """Conversions, value and square of each exposure that has any: sums of its changes."""
        sums: dict[Ref, list[int]] = defaultdict(lambda: [0, 0, 0])
        for reward in self.rewards:
            for i, change in enumerate((reward.conversions, reward.value, reward.square)):
                sums[reward.decision][i] += change
        return {ref: (c, v, q) for ref, (c, v, q) in sums.items() if (c, v, q) != (0, 0, 0)}


def test_a_decision_is_an_exposure_where_the_terms_say_so() -> None:
    """On = "decision": the exposure is the decision, at its time."""
    run = Run.new()
    ref = run.take(decision(), 10.0)
    assert [(x.decision, x.at, x.window) for x in run.exposures] == [(ref, 10.0, 1000.0)]


def test_what_waits_for_shown_is_exposed_once() -> None:
    """On = "shown": the exposure begins with the first `shown`; a second one changes nothing."""
    run = Run.new()
    ref = run.take(decision(terms=SHOWN), 10.0)
    assert run.exposures == []
    for stamp in (20.0, 30.0):
        run.take(event("shown", f"s{stamp}", decision=ref), stamp)
    assert [(x.decision, x.at) for x in run.exposures] == [(ref, 20.0)]


def test_a_plan_waits_for_its_sms_until_a_week_behind_its_time() -> None:
    """`sms_sent` is the exposure of what it names, weeks after the decision; later it is not."""
    weeks = 3 * MAX_AGE
    for late, shown in ((0.0, 1), (MAX_AGE, 1), (MAX_AGE + 1, 0)):
        run = Run.new()
        ref = run.take(decision("sms_timing", SHOWN, channel="sms", due=weeks), 0.0)
        run.take(event("sms_sent", "s", decision=ref, fields={}), weeks + late)
        assert len(run.exposures) == shown


def test_a_shown_may_come_before_its_spooled_decision() -> None:
    """Replay after an outage has no order; the later of the two times is the exposure's."""
    run = Run.new()
    ref = Ref(0, AWAY + 5)
    run.take(event("shown", "s", decision=ref, at=7.0), 100.0)
    run.take(decision(terms=SHOWN, ref=ref, at=5.0), 101.0)
    run.take(decision(terms=SHOWN, ref=ref, at=5.0), 102.0)
    assert [(x.decision, x.at) for x in run.exposures] == [(ref, 7.0)]


def test_a_shown_of_an_unknown_decision_waits_for_a_while() -> None:
    """It may be spooled, or be of who turned out to be this visitor; a few wait, for 7 days."""
    run = Run.new()
    for number in range(2 * MAX_OPEN):
        run.take(event("shown", f"s{number}", decision=Ref(1, 99 + number)), 10.0)
    assert len(run.state.early) == MAX_OPEN
    assert advance(run.state, 11.0 + MAX_AGE).early == ()


def test_shadow_is_never_exposed() -> None:
    """A shadow decision was shown to nobody."""
    run = Run.new()
    run.take(decision(reason="shadow"), 1.0)
    run.take(event(), 2.0)
    assert (run.exposures, run.rewards) == ([], [])


def test_only_the_latest_exposure_is_credited() -> None:
    """In a slot, a payment credits the latest exposure before it and no other."""
    run = Run.new()
    run.take(decision(), 10.0)
    later = run.take(decision(), 20.0)
    run.take(event(), 30.0)
    run.take(decision(), 40.0)
    assert run.totals() == {later: (1, 5000, 5000**2)}


def test_a_late_exposure_takes_the_credit_over() -> None:
    """A reward that came to the wrong exposure only because the right one was late is moved."""
    run = Run.new()
    run.take(decision(), 10.0)
    run.take(event(at=30.0), 40.0)
    late = run.take(decision(at=20.0), 50.0)
    assert run.totals() == {late: (1, 5000, 5000**2)}
    assert [r.conversions for r in run.rewards] == [1, -1, 1]


def test_f21_a_clock_may_be_behind() -> None:
    """An event may credit an exposure behind it, as far as its clock may be behind."""
    for at, credited in ((18.0, 1), (17.9, 0)):
        run = Run.new()
        run.take(decision(), 20.0)
        run.take(event(at=at, skew=2.0), 21.0)
        assert len(run.totals()) == credited


def test_f21_an_exposure_before_the_event_comes_first() -> None:
    """An exposure just behind a payment takes no credit from one that was before it."""
    run = Run.new()
    before = run.take(decision(), 10.0)
    run.take(decision(), 31.0)
    run.take(event(at=30.0, skew=2.0), 40.0)
    assert run.totals() == {before: (1, 5000, 5000**2)}


def test_f21_nothing_is_credited_that_began_behind_the_event_s_arrival() -> None:
    """An exposure that began after the event had come was not its cause, whatever the clock."""
    run = Run.new()
    run.take(event(at=18.0, skew=2.0), 18.5)
    run.take(decision(), 19.0)
    assert run.totals() == {}


def test_f21_an_exposure_that_leaves_hands_no_credit_on() -> None:
    """An event that belonged to one that closed credits none behind it, when that is forgotten."""
    clicked = replace(CLICKED, window=700.0)
    run = Run.new()
    run.take(decision(terms=replace(PAID, window=1700.0)), 0.0)
    run.take(decision(terms=clicked), 100.0)
    run.take(event(at=799.0, skew=2.0), 801.0)
    later = run.take(decision(at=800.0), 802.0)
    assert run.totals() == {}
    run.take(event(event_id="f"), 1751.0)
    assert run.totals() == {later: (1, 5000, 5000**2)}


def test_f02_ids_are_unique_within_type_and_sender() -> None:
    """A page's events take no id and no room of a server's; a version before knew no sender."""
    run = Run.new()
    ref = run.take(decision(terms=TAPPED_OR_PAID), 10.0)
    run.take(tapped("order"), 20.0)
    run.take(tapped("order"), 20.5)
    run.take(event(event_id="order"), 21.0)
    run.take(event(event_id="order"), 22.0)
    assert run.totals() == {ref: (1, 5000, 5000**2)}
    assert [(x.type, x.source) for x in run.state.events] == [
        ("pay_tapped", "page"),
        ("paid", "server"),
    ]
    old = tuple(x._replace(source="") for x in run.state.events)
    run.state = run.state.having(events=old)
    run.take(tapped("order", source="server"), 23.0)
    assert run.state.events == old


def test_windows_are_closed_intervals() -> None:
    """An event at the last second counts, a later one does not."""
    run = Run.new()
    ref = run.take(decision(), 10.0)
    run.take(event(event_id="in", at=1010.0), 1010.0)
    run.take(event(event_id="out", at=1010.5), 1010.5)
    assert run.totals() == {ref: (1, 5000, 5000**2)}


def test_a_page_cannot_reward_with_a_payment() -> None:
    """A `paid` of a page is a claim; its clicks are facts."""
    run = Run.new()
    run.take(decision(), 10.0)
    clicked = run.take(decision("prefill", CLICKED), 10.0)
    run.take(event(source="page"), 20.0)
    run.take(event("clicked", "c", source="page", decision=clicked, fields={}), 21.0)
    assert run.totals() == {clicked: (1, 0, 0)}
    assert run.state.last_amount is None


def test_an_event_that_names_a_decision_credits_no_other() -> None:
    """A click belongs to the decision that was clicked, even where a later one was shown."""
    run = Run.new()
    first = run.take(decision(terms=CLICKED), 10.0)
    run.take(decision(terms=CLICKED), 20.0)
    run.take(event("clicked", "c", decision=first, fields={}), 30.0)
    run.take(event("clicked", "d", decision=Ref(0, 77), fields={}), 31.0)
    assert run.totals() == {first: (1, 0, 0)}


def test_a_payment_joins_by_time_even_where_it_names_a_decision() -> None:
    """Every slot learns from a payment, whichever decision the caller had at hand."""
    run = Run.new()
    banner = run.take(decision("banner"), 10.0)
    amount = run.take(decision("denomination"), 11.0)
    run.take(event(decision=banner), 20.0)
    assert set(run.totals()) == {banner, amount}
    assert all(reward.shared for reward in run.rewards)


def tapped(event_id: str = "t", **more: Any) -> Event:
    """The visitor taps the button that leads to the payment; a page tells it."""
    fields = {"step": "pay_tapped", "amount": 300}
    return replace(event("step", event_id, source="page", fields=fields), **more)


def test_a_tap_is_enough_and_the_payment_brings_the_money() -> None:
    """With `pay_tapped|paid` a gateway that fails takes no conversion away; values are payments."""
    run = Run.new()
    ref = run.take(decision(terms=TAPPED_OR_PAID), 10.0)
    run.take(event("step", "s", source="page", fields={"step": "amount", "amount": 300}), 15.0)
    assert run.totals() == {}
    run.take(tapped(), 20.0)
    assert run.totals() == {ref: (1, 0, 0)}
    run.take(event(), 30.0)
    assert run.totals() == {ref: (1, 5000, 5000**2)}


def test_a_payment_whose_tap_was_never_seen_counts() -> None:
    """With `pay_tapped|paid` either alone is enough; a page's own `paid` is a claim still."""
    run = Run.new()
    ref = run.take(decision(terms=TAPPED_OR_PAID), 10.0)
    run.take(event(event_id="claim", source="page"), 15.0)
    assert run.totals() == {}
    run.take(event(), 30.0)
    assert run.totals() == {ref: (1, 5000, 5000**2)}


def test_a_tap_answers_everything_that_was_shown() -> None:
    """A visitor who means to pay answers every slot, whichever decision the page had at hand."""
    run = Run.new()
    banner = run.take(decision("banner", TAPPED_OR_PAID), 10.0)
    amount = run.take(decision("denomination", TAPPED_OR_PAID), 11.0)
    run.take(tapped(decision=banner), 20.0)
    assert set(run.totals()) == {banner, amount}


@pytest.mark.parametrize("kept_first", [True, False])
def test_what_takes_two_is_rewarded_by_the_second(*, kept_first: bool) -> None:
    """With `prefill_kept+paid` neither is enough, and the later of the two brings all."""
    run = Run.new()
    ref = run.take(decision("prefill", KEPT_AND_PAID), 10.0)
    kept = event("prefill_kept", "k", source="page", decision=ref, fields={}, at=20.0)
    both = [kept, event(at=30.0)]
    first, second = both if kept_first else both[::-1]
    run.take(first, 40.0)
    assert run.totals() == {}
    run.take(second, 41.0)
    assert run.totals() == {ref: (1, 5000, 5000**2)}
    assert [(one.at, one.shared) for one in run.rewards] == [(30.0, False)]


def test_both_must_belong_to_the_same_exposure() -> None:
    """A number that was kept on one page does not make another page's payment a success."""
    run = Run.new()
    home = run.take(decision("prefill", KEPT_AND_PAID), 10.0)
    run.take(decision("prefill", KEPT_AND_PAID), 20.0)
    run.take(event("prefill_kept", "k", source="page", decision=home, fields={}), 25.0)
    run.take(event(), 30.0)
    assert run.totals() == {}


def test_half_of_what_it_takes_is_no_shared_credit() -> None:
    """A payment that rewards one slot alone is not shared with one that waits for more."""
    run = Run.new()
    run.take(decision("banner"), 10.0)
    run.take(decision("prefill", KEPT_AND_PAID), 10.0)
    run.take(event(), 20.0)
    assert [(one.slot, one.shared) for one in run.rewards] == [("banner", False)]


def test_what_an_exposure_lacked_nobody_inherits() -> None:
    """An event that belonged to an exposure which closed unrewarded goes to no other one."""
    run = Run.new()
    run.take(decision("prefill", KEPT_AND_PAID), 10.0)
    run.take(event(at=900.0), 900.0)
    late = run.take(decision("prefill", PAID, at=5.0), 2000.0)
    assert late not in run.totals()
    assert [one.spent for one in run.state.events] == [("prefill",)]


def test_one_slot_alone_does_not_share() -> None:
    """`shared` says that the event rewards another slot too."""
    run = Run.new()
    run.take(decision(), 10.0)
    run.take(event(), 20.0)
    assert [reward.shared for reward in run.rewards] == [False]


def test_later_payments_add_value_but_no_conversion() -> None:
    """A conversion is 0 or 1; amounts add up, and the square is that of the sum."""
    run = Run.new()
    ref = run.take(decision(), 10.0)
    run.take(event(event_id="1"), 20.0)
    run.take(event(event_id="2", fields={"amount": 30}), 30.0)
    run.take(event(event_id="2", fields={"amount": 30}), 31.0)
    assert run.totals() == {ref: (1, 8000, 8000**2)}


def test_a_superseded_decision_keeps_its_exposure() -> None:
    """An exposure counts, also where another decision replaced it."""
    run = Run.new()
    first = run.take(decision(), 10.0)
    run.take(event(), 15.0)
    second = run.take(decision(supersedes=first), 20.0)
    assert [x.decision for x in run.exposures] == [first, second]
    assert set(run.totals()) == {first}


def test_reward_ids_are_a_function_of_the_cause() -> None:
    """The same journal gives the same ids, all different."""
    runs = []
    for _ in range(2):
        run = Run.new()
        for stamp in (1.0, 2.0):
            run.take(decision(), stamp)
            run.take(event(event_id=str(stamp)), stamp + 0.5)
        runs.append([reward.reward_id for reward in run.rewards])
    assert runs[0] == runs[1]
    assert len(set(runs[0])) == 2


def test_the_watermark_closes_and_frees() -> None:
    """Behind the window the exposure leaves; behind the longest delay its events leave too."""
    run = Run.new()
    ref = run.take(decision(), 10.0)
    run.take(event(at=1005.0), 1006.0)
    assert run.state.next_close() == 1010.0
    state = advance(run.state, 1010.5)
    assert state.open == ()
    assert state.next_close() is None
    assert [x.spent for x in state.events] == [("banner",)]
    assert advance(state, 1005.0 + MAX_AGE + 1).events == ()
    assert set(run.totals()) == {ref}


def test_what_is_credited_at_the_end_stays() -> None:
    """A matured reward does not change, and its event is not credited once more."""
    run = Run.new()
    first = run.take(decision(), 10.0)
    run.take(event(at=900.0), 900.0)
    run.take(decision(at=890.0, slot="banner"), 2000.0)
    assert run.totals() == {first: (1, 5000, 5000**2)}


def test_a_closed_exposure_shields_an_earlier_one() -> None:
    """An earlier revision does not inherit events where a later one has a shorter window."""
    run = Run.new()
    run.take(decision(terms=replace(PAID, window=5000.0)), 0.0)
    short = run.take(decision(terms=replace(PAID, window=1000.0)), 100.0)
    run.take(event(event_id="1"), 1000.0)
    run.take(event(event_id="2"), 3000.0)
    assert run.totals() == {short: (1, 5000, 5000**2)}
    assert advance(run.state, 5001.0).open == ()


def test_spooled_exposures_wait_for_spooled_events() -> None:
    """Events of the same replay still count where the window passed while the store was away."""
    run = Run.new()
    ref = run.take(decision(at=0.0, ref=Ref(0, AWAY + 1)), 50_000.0)
    run.take(event(at=500.0), 50_000.0 + GRACE)
    assert run.totals() == {ref: (1, 5000, 5000**2)}
    run.take(event(event_id="late", at=600.0), 50_001.0 + GRACE)
    assert run.totals() == {ref: (1, 5000, 5000**2)}


def test_benefits_are_what_servers_say() -> None:
    """Groups are kept, each once and in no order of arrival; a page cannot grant anything."""
    granted = [
        Event(SUBJECT, f"e{i}", "benefit_granted", source, fields={"group": group})
        for i, (group, source) in enumerate(
            [("tv", "server"), ("data", "server"), ("tv", "server"), ("coffee", "page")]
        )
    ]
    for order in (granted, granted[::-1]):
        run = Run.new()
        for number, one in enumerate(order):
            run.take(one, 10.0 + number)
        assert run.state.benefits == ("data", "tv")
        assert (run.exposures, run.rewards) == ([], [])


def test_what_is_known_of_the_person() -> None:
    """The last amount is that of the latest payment, whichever came last; channels add up."""
    run = Run.new()
    run.take(decision(channel="wap"), 10.0)
    run.take(event(event_id="1", at=30.0), 40.0)
    run.take(event(event_id="2", at=20.0, fields={"amount": 300}), 41.0)
    run.take(event(event_id="3", at=41.0, fields={}), 42.0)
    expected = {"mobile_before": True, "last_amount": 50, "last_paid_at": 30.0}
    rhythm = {"payments": 2, "usual_amount": 50, "first_paid_at": 20.0}
    assert run.state.context() == expected | rhythm


MANY = MAX_OPEN + 50


def test_s03_each_kind_of_event_pushes_out_its_own() -> None:
    """200 claims of one type leave room for other claims, 200 facts for a payment; all is told."""
    run = Run.new()
    kept = run.take(decision("prefill", KEPT_AND_PAID), 10.0)
    seen = run.take(decision("banner", CLICKED), 10.0)
    for i in range(MANY):
        run.take(event("prefill_kept", f"k{i}", source="page", fields={}), 11.0 + i)
        run.take(event("sms_clicked", f"s{i}", fields={}), 11.0 + i)
    run.take(event("clicked", "c", source="page", decision=seen, fields={}), 300.0)
    run.take(event("paid", "p"), 301.0)
    assert run.totals() == {kept: (1, 5000, 25_000_000), seen: (1, 0, 0)}
    assert run.state.dropped == (("prefill_kept", "page", 51), ("sms_clicked", "server", 51))
    assert decode_state(encode_state(run.state)) == run.state


def test_s03_no_fact_is_pushed_out() -> None:
    """Of more payments than there is room for the latest are not credited; nothing is lost."""
    run = Run.new()
    shown = run.take(decision(), 10.0)
    for i in range(MAX_OPEN + 5):
        run.take(event("paid", f"p{i}", fields={"amount": 1}), 11.0 + i)
    conversions, fen, _ = run.totals()[shown]
    assert (conversions, fen) == (1, 100 * MAX_OPEN)
    assert run.state.dropped == (("paid", "server", 5),)


def test_s03_reloads_cost_nothing_but_their_own_slot() -> None:
    """The latest exposure of each slot stays, and so does a plan that waits for its SMS."""
    run = Run.new()
    banner = run.take(decision("banner"), 10.0)
    plan = run.take(decision("sms_timing", SHOWN, channel="sms"), 10.0)
    for i in range(MANY):
        last = run.take(decision("denomination", by_page=True), 11.0 + i)
        run.take(decision("prefill", SHOWN, by_page=True), 11.0 + i)
    run.take(event("sms_sent", "s", decision=plan, fields={}), 300.0)
    run.take(event(at=301.0), 301.0)
    assert set(run.totals()) == {banner, plan, last}
    assert run.state.dropped == (("exposure", "page", 52), ("waiting", "page", 51))


def test_s03_pages_push_out_no_early_fact_no_failure_and_no_paid_amount() -> None:
    """Pages' word before its time, of failures and of amounts, has room of its own."""
    run = Run.new()
    early = Ref(0, AWAY + 5)
    run.take(event("sms_sent", "s", decision=early, fields={}), 10.0)
    run.take(event("payment_failed", "f", fields={"reason": "card_expired"}), 12.0)
    run.take(event("paid", "p", at=11.0), 12.0)
    for i in range(MANY):
        foreign = Ref(1, 99 + i)
        run.take(event("shown", f"s{i}", source="page", decision=foreign), 13.0)
    for i in range(25):
        run.take(event("payment_failed", f"f{i}", source="page", fields={}), 14.0 + i)
        chosen = {"step": "amount", "amount": 100 + i}
        run.take(event("step", f"a{i}", source="page", fields=chosen), 14.0)
    run.take(decision("sms_timing", SHOWN, channel="sms", ref=early, at=9.0), 50.0)
    assert [one.decision for one in run.exposures] == [early]
    assert [one.reason for one in run.state.failures if one.source == "server"] == ["hard"]
    assert 5000 in run.state.affordable
    dropped = {"amount": 5, "payment_failed": 20, "shown": 50}
    assert run.state.dropped == tuple((what, "page", n) for what, n in dropped.items())


def test_one_visitor_cannot_grow_without_bound() -> None:
    """A machine that clicks all day costs a bounded state, and its conversions stay 0 or 1."""
    run = Run.new()
    for i in range(2 * MAX_OPEN):
        run.take(decision(), 10.0 + i)
        run.take(decision("prefill", SHOWN), 10.0 + i)
        run.take(event(event_id=str(i), at=10.5 + i), 10.5 + i)
        run.take(event("shown", f"s{i}", decision=Ref(0, AWAY + i)), 10.5 + i)
    sizes = map(len, (run.state.waiting, run.state.early, run.state.open, run.state.events))
    assert max(sizes) <= MAX_OPEN
    assert {c for c, _, _ in run.totals().values()} == {1}


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (50, 5000),
        (19.99, 1999),
        (0.125, 12),
        (0.135, 14),
        ("30", 3000),
        (1e300, MAX_FEN),
        (-5, 0),
        (math.nan, 0),
        (math.inf, 0),
        (True, 0),
        ("much", 0),
        (None, 0),
    ],
)
def test_amounts_become_whole_fen(amount: Any, expected: int) -> None:
    """Yuan become fen by rounding half to even, exactly; what is no amount is worth nothing."""
    assert fen_of(amount) == expected


# --- Any order of arrival

SLOTS = ("banner", "denomination")
WANTED = ("paid", "clicked", "prefill_kept+paid", "pay_tapped|paid", "clicked+pay_tapped")
TYPES = {"step": "pay_tapped"}
BY_TIME = ("paid", "pay_tapped")


@st.composite
def journals(draw: st.DrawFn) -> list[Decision | Event]:
    """Decisions and events of one visitor, all within one window, in any order of arrival."""
    times = st.integers(0, 500).map(float)
    made: list[Decision | Event] = []
    for i in range(draw(st.integers(1, 6))):
        on = draw(st.sampled_from(["decision", "shown"]))
        kind = draw(st.sampled_from(WANTED))
        window = float(draw(st.integers(50, 400)))
        terms = RewardTerms(on, kind, "conversion", window)
        slot, ref = draw(st.sampled_from(SLOTS)), Ref(0, AWAY + i)
        made.append(decision(slot, terms, ref=ref, at=draw(times)))
        if on == "shown" and draw(st.booleans()):
            made.append(event("shown", f"s{i}", decision=ref, at=draw(times)))
    refs = [x.ref for x in made if isinstance(x, Decision)]
    for i in range(draw(st.integers(0, 6))):
        kind = draw(st.sampled_from(["paid", "clicked", "prefill_kept", "step"]))
        named = draw(st.none() | st.sampled_from(refs))
        amount = draw(st.integers(0, 500))
        fields = {"amount": amount} | ({"step": "pay_tapped"} if kind == "step" else {})
        skew = draw(st.sampled_from([None, 0.999, 2.0, 150.0]))
        given = {"decision": named, "at": draw(times), "fields": fields, "skew": skew}
        made.append(event(kind, f"e{i}", **given))
    order: list[Decision | Event] = draw(st.permutations(made))
    return order


Exposed = tuple[float, Ref, Decision]


def latest(exposed: Sequence[Exposed], at: float, reach: float) -> Sequence[Exposed]:
    """The latest at or before a time, if inside its window; else the first until `reach`."""
    before = [x for x in exposed if x[0] <= at][-1:]
    if any(at <= since + made.terms.window for since, _, made in before):
        return before
    return [x for x in exposed if at < x[0] <= reach][:1]


def brute(records: Iterable[Decision | Event]) -> dict[Ref, tuple[int, int, int]]:
    """Rewards from first principles: all records at hand, no state, no order."""
    records = list(records)
    happened = [r for r in records if isinstance(r, Event)]
    exposed: list[Exposed] = []
    for made in records:
        if not isinstance(made, Decision):
            continue
        assert made.ref is not None
        assert made.at is not None
        seen = [e.at or 0.0 for e in happened if e.type == "shown" and e.decision == made.ref]
        if made.terms.on == "decision":
            exposed.append((made.at, made.ref, made))
        elif seen:
            exposed.append((max(made.at, seen[0]), made.ref, made))
    found: dict[Ref, list[tuple[str, int]]] = defaultdict(list)
    asked = {ref: made.terms.event for _, ref, made in exposed}
    for slot in SLOTS:
        in_slot = sorted((x for x in exposed if x[2].slot == slot), key=lambda x: x[:2])
        for e in (e for e in happened if e.type != "shown"):
            at = e.at or 0.0
            kind = TYPES.get(e.type, e.type)
            if kind not in BY_TIME and e.decision is not None:
                chosen = [x for x in in_slot if x[1] == e.decision]
            else:
                chosen = latest(in_slot, at, min(at + (e.skew or 0.0), 600.0))
            for since, ref, made in chosen:
                if kind in re.split(r"[+|]", made.terms.event) and at <= since + made.terms.window:
                    found[ref].append((kind, fen_of(e.fields["amount"]) if kind == "paid" else 0))
    lacking = {r for r in found if "+" in asked[r] and len({k for k, _ in found[r]}) < 2}
    sums = {ref: sum(v for _, v in values) for ref, values in found.items() if ref not in lacking}
    return {ref: (1, value, value**2) for ref, value in sums.items()}


def arrived(records: Sequence[Record]) -> Run:
    run = Run.new()
    for record in records:
        run.take(record, 600.0)
    return run


@settings(max_examples=200)
@given(journals())
def test_rewards_equal_a_recount_in_any_order(records: list[Decision | Event]) -> None:
    """Sums of changes equal a recount from all records, and conversions are 0 or 1."""
    run = arrived(records)
    assert run.totals() == brute(records)
    assert len({reward.reward_id for reward in run.rewards}) == len(run.rewards)


@given(journals(), st.randoms())
def test_order_of_arrival_does_not_matter(records: list[Decision | Event], random: Any) -> None:
    """Another order of the same records gives the same exposures and the same rewards."""
    other = list(records)
    random.shuffle(other)
    one, two = arrived(records), arrived(other)
    assert one.totals() == two.totals()
    key = [(x.decision, x.at) for x in one.exposures]
    assert sorted(key) == sorted((x.decision, x.at) for x in two.exposures)


@given(journals(), st.lists(st.integers(0, 2000).map(float), max_size=20))
def test_how_often_time_passes_does_not_matter(
    records: list[Decision | Event], pauses: list[float]
) -> None:
    """Bringing the state up to a watermark between two entries changes no reward."""
    stamps = sorted([600.0 + 50 * i for i in range(len(records))])
    plain, often = Run.new(), Run.new()
    for (stamp, after), record in zip(pairwise([*stamps, math.inf]), records, strict=True):
        plain.take(record, stamp)
        often.take(record, stamp)
        for pause in sorted(pauses):
            if stamp <= pause < after:
                often.state = advance(often.state, pause)
    assert plain.totals() == often.totals()
    assert {c for c, _, _ in plain.totals().values()} <= {1}


@pytest.mark.parametrize("shown_first", [True, False])
def test_a_twin_is_shown_whichever_comes_first(*, shown_first: bool) -> None:
    """`shown` names the answered twin; sent by another process, it may overtake the twin."""
    run, answered = Run.new(), Ref(0, AWAY | 7)
    first = run.take(decision(terms=SHOWN), 0.0)
    records = [event("shown", "s", decision=answered), decision(ref=answered, twin=first)]
    for record in records if shown_first else records[::-1]:
        run.take(record, 1.0)
    assert [one.decision for one in run.exposures] == [answered]
    run.take(event(), 2.0)
    assert [(one.decision, one.conversions) for one in run.rewards] == [(answered, 1)]


@pytest.mark.parametrize("named", [0, 1, 2])
def test_any_writing_of_a_decision_may_be_shown(named: int) -> None:
    """A process that died before it answered leaves a spooled writing that nobody was given."""
    run, spooled = Run.new(), [Ref(0, AWAY | 7), Ref(0, AWAY | 8)]
    first = run.take(decision(terms=SHOWN), 0.0)
    run.take(decision(ref=spooled[0], twin=first, terms=SHOWN), 1.0)
    run.take(decision(ref=spooled[1], twin=spooled[0], terms=SHOWN), 1.0)
    run.state = decode_state(encode_state(run.state))
    answered = (first, *spooled)[named]
    for _ in range(2):
        run.take(event("shown", "s", decision=answered), 2.0)
    run.take(event(), 3.0)
    assert [one.decision for one in run.exposures] == [answered]
    assert [(one.decision, one.conversions) for one in run.rewards] == [(answered, 1)]


@pytest.mark.parametrize("terms", [PAID, SHOWN])
def test_a_payment_before_a_late_first_writing_is_credited(terms: RewardTerms) -> None:
    """A frozen store takes the first writing when it wakes up; the visitor was answered before."""
    run, answered = Run.new(), Ref(0, AWAY | 7)
    first = run.take(decision(terms=terms), 60.0)
    run.take(event("shown", "s", decision=answered, at=10.0), 61.0)
    run.take(event(at=20.0), 61.0)
    run.take(decision(ref=answered, twin=first, terms=terms, at=5.0), 62.0)
    assert len(run.exposures) == 1
    assert [one.conversions for one in run.rewards] == [1]
    assert run.rewards[0].decision == run.exposures[0].decision
