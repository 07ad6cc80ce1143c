"""Trails of visits: who left the path, where and why, and the cases that come of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st
from winback_site import (
    DAY,
    HOUR,
    MINUTE,
    STEPS,
    did,
    failed,
    paid,
    visit,
    winback_book,
    winback_policy,
)

from nudge.domain.care.case import Case, case_of, is_of_case, with_record
from nudge.domain.care.trail import MOST, Trail
from nudge.domain.care.watch import NOTHING, Watch, decode_watch, encode_watch
from nudge.domain.care.watcher import Watcher, arriving_watch
from nudge.domain.journal.records import Event

START = 20_000 * DAY
ONE, OTHER = "a" * 32, "b" * 32
LATE = 6 * HOUR


def take(watched: Watcher, events: Iterable[Event], until: float = 0.0) -> Watcher:
    """Take events as the fold does, and let time pass until a moment."""
    for one in events:
        at = one.at or 0.0
        watched.advance(at)
        watched.take_event(one, at, at)
    if until:
        watched.advance(until)
    return watched


def lived(events: Iterable[Event], until: float, **policy: Any) -> Watcher:
    """Return the watcher behind events and time."""
    watched = Watcher(winback_book(winback_policy(**policy) if policy else None), 3, ONE)
    return take(watched, events, until)


def cases(watched: Watcher) -> list[Case]:
    """Return the cases that the records make."""
    found: dict[str, Case] = {}
    for record in watched.records:
        name, at = str(record.fields["case"]), record.at or 0.0
        known = found.get(name)
        if known is None:
            found[name] = case_of(3, record, at)
        elif record.type == "warned" or is_of_case(record, known):
            found[name] = with_record(known, record, at)
    return list(found.values())


def test_a_visit_that_ends_without_a_payment_opens_a_case() -> None:
    """The case tells the farthest stage, what was wanted, and when the visitor left."""
    (case,) = cases(lived(visit(ONE, "v", START, 5), START + 7 * HOUR))
    facts = {"stage": "pay_tapped", "amount": 100.0, "left_at": START + 40}
    assert (case.kind, case.topic, case.rule) == ("winback", "winback", "tapped")
    assert dict(case.facts) == facts
    assert case.opened == START + 40 + LATE
    assert case.scene == ""


def test_a_failed_payment_is_told_with_reason_and_method() -> None:
    """Its rule is asked an hour behind the last act, before the others."""
    events = [*visit(ONE, "v", START), failed(ONE, "f", START + 90, method="card")]
    (case,) = cases(lived(events, START + 2 * HOUR))
    told = {name: case.fact(name) for name in ("stage", "reason", "method")}
    assert told == {"stage": "method", "reason": "timeout", "method": "card"}
    assert (case.rule, case.opened) == ("failed", START + 90 + HOUR)


def test_a_failed_payment_without_a_visit_is_one_at_the_stage_before_the_aim() -> None:
    """A server may tell of payments whose pages tell no steps."""
    (case,) = cases(lived([failed(ONE, "f", START)], START + 2 * HOUR))
    assert (case.fact("stage"), case.fact("reason")) == ("method", "timeout")


@pytest.mark.parametrize("late", [60.0, LATE - 60])
def test_a_payment_in_time_ends_the_trail(late: float) -> None:
    """A server's payment of the visitor, in whichever visit, leaves nothing to win back."""
    events = [*visit(ONE, "v", START), paid(ONE, "p", START + 50 + late)]
    assert cases(lived(events, START + 2 * DAY)) == []


def test_a_payment_that_was_told_before_the_step_spares_the_visitor() -> None:
    """A step that comes late belongs to the visit that was paid."""
    events = [paid(ONE, "p", START + 60), *visit(ONE, "v", START)]
    watched = lived(events, START + 2 * DAY)
    assert cases(watched) == []


def test_a_claim_of_a_page_is_no_payment() -> None:
    """A page's word ends nothing: only a server knows of payments."""
    claim = Event(ONE, "p", "paid", "page", fields={"amount": 50}, at=START + 60)
    assert len(cases(lived([*visit(ONE, "v", START), claim], START + 7 * HOUR))) == 1


def test_who_pays_later_is_closed_as_returned() -> None:
    """Nobody is called who has paid; the same payment a second time changes nothing."""
    watched = lived(visit(ONE, "v", START), START + 7 * HOUR)
    take(watched, [paid(ONE, "p", START + 8 * HOUR), paid(ONE, "p", START + 8 * HOUR)])
    (case,) = cases(watched)
    assert (case.state.value, case.outcome) == ("closed", "returned")
    assert [step.action for step in case.steps] == ["open", "outcome", "close"]


def test_who_is_held_out_is_closed_as_returned_as_well() -> None:
    """The outcome without a contact is what contacts are measured against."""
    watched = lived(visit(ONE, "v", START), START + 7 * HOUR, held_share=0.5)
    held = Watcher(watched.book, 3, next(x for x in map(str, range(99)) if is_held(watched, x)))
    take(held, visit(held.subject, "v", START), START + 7 * HOUR)
    take(held, [paid(held.subject, "p", START + 8 * HOUR)])
    (case,) = cases(held)
    assert (case.held, case.state.value, case.outcome) == (True, "closed", "returned")


def is_held(watched: Watcher, subject: str) -> bool:
    other = take(Watcher(watched.book, 3, subject), visit(subject, "v", START), START + 7 * HOUR)
    return cases(other)[0].held


def test_a_second_visit_joins_the_open_case_with_what_it_wanted() -> None:
    """Of one visitor one case is open; it tells the latest visit."""
    events = [*visit(ONE, "v", START, 5), *visit(ONE, "w", START + DAY, 6, amount=30.0)]
    (case,) = cases(lived(events, START + 2 * DAY))
    assert (case.signals, case.fact("stage"), case.fact("amount")) == (2, "method", 30.0)


def test_who_only_looks_costs_nothing() -> None:
    """Of a visit before the first stage that rules name nothing is kept."""
    watched = lived(visit(ONE, "v", START, 2), 0.0)
    assert watched.watch == NOTHING


def test_who_comes_to_nothing_is_forgotten_at_the_end_of_the_visit() -> None:
    """An amount is remembered while the visit lasts, and no watch stays behind."""
    watched = lived(visit(ONE, "v", START, 3), START + 20)
    assert len(watched.watch.trails) == 1
    watched.advance(START + HOUR)
    assert watched.watch == NOTHING


def test_a_small_amount_is_asked_for_and_left_out() -> None:
    """`amount_at_least` bounds what is worth a call."""
    assert cases(lived(visit(ONE, "v", START, 4, amount=30.0), START + 2 * DAY)) == []
    (case,) = cases(lived(visit(ONE, "v", START, 4, amount=50.0), START + 2 * DAY))
    assert (case.rule, case.fact("stage")) == ("filled", "amount_number")


def test_attributes_of_the_visitor_and_the_trail_can_be_asked_for() -> None:
    """A rule's `when` knows the person and what the visit left."""
    rules = [
        {"name": "big", "when": {"attribute": "left_amount", "at_least": 80}},
        {"name": "known", "when": {"attribute": "payments", "at_least": 1}},
    ]
    (case,) = cases(lived(visit(ONE, "v", START), START + DAY, rules=rules))
    assert case.rule == "big"
    before = [paid(ONE, "p", START - DAY), *visit(ONE, "v", START, amount=20.0)]
    (case,) = cases(lived(before, START + DAY, rules=rules))
    assert case.rule == "known"


def test_the_offer_and_the_channel_come_from_what_was_shown() -> None:
    """The last variant of a slot with offers, and the channel of its page, are told."""
    watched = Watcher(winback_book(), 3, ONE)
    watched.take_page(("wap", "tier1"), START, START)
    watched.take_offer(("banner", "data_draw"), START + 1, START + 1)
    take(watched, visit(ONE, "v", START + 2), START + 7 * HOUR)
    (case,) = cases(watched)
    facts = {name: case.fact(name) for name in ("offer", "offer_slot", "channel", "city")}
    assert facts == {
        "offer": "data_draw",
        "offer_slot": "banner",
        "channel": "wap",
        "city": "tier1",
    }


def test_words_of_a_server_about_a_contact_are_steps_of_the_case() -> None:
    """A contact of another purpose is none; an event that comes again changes nothing."""
    watched = lived(visit(ONE, "v", START), START + 7 * HOUR)
    at = START + 8 * HOUR
    for kind, name, fields in (
        ("contacted", "c0", {"channel": "sms", "purpose": "reminder"}),
        ("contacted", "c1", {"channel": "call", "purpose": "winback"}),
        ("contacted", "c1", {"channel": "call", "purpose": "winback"}),
        ("winback_outcome", "o1", {"outcome": "promised"}),
    ):
        take(watched, [Event(ONE, name, kind, "server", fields=fields, at=at)])
    (case,) = cases(watched)
    assert [step.action for step in case.steps] == ["open", "contact", "outcome"]
    assert dict(case.steps[1].facts) == {"channel": "call", "source": "event"}
    assert case.outcome == "promised"


def test_a_page_cannot_say_that_somebody_was_contacted() -> None:
    """Only a server's word is one."""
    watched = lived(visit(ONE, "v", START), START + 7 * HOUR)
    fields = {"channel": "call", "purpose": "winback"}
    take(watched, [Event(ONE, "c", "contacted", "page", fields=fields, at=START + 8 * HOUR)])
    (case,) = cases(watched)
    assert len(case.steps) == 1


def test_an_outcome_may_name_another_case() -> None:
    """A name that is nobody's case is a step on none."""
    watched = lived(visit(ONE, "v", START), START + 7 * HOUR)
    for name in ("0-" + "0" * 18, str(watched.records[0].fields["case"])):
        fields = {"outcome": "promised", "case": name}
        at = START + 8 * HOUR
        take(watched, [Event(ONE, name, "winback_outcome", "server", fields=fields, at=at)])
    (case,) = cases(watched)
    assert [step.action for step in case.steps] == ["open", "outcome"]


def test_acts_that_arrive_late_are_gathered_first() -> None:
    """An app without a net tells its steps hours later, one by one: they are one visit."""
    watched = Watcher(winback_book(), 3, ONE)
    for n, one in enumerate(visit(ONE, "v", START)):
        stamp = START + DAY + n
        watched.advance(stamp)
        watched.take_event(one, one.at or 0.0, stamp)
    watched.advance(START + DAY + HOUR)
    (case,) = cases(watched)
    assert (case.signals, case.fact("stage"), case.fact("left_at")) == (1, "method", START + 50)


def test_a_merger_brings_the_trail_along() -> None:
    """The watch that arrives has the visits of both, and a payment ends them."""
    left = lived(visit(ONE, "v", START), 0.0).watch
    stays = Watcher(winback_book(), 3, OTHER, arriving_watch(NOTHING, left))
    stays.advance(START + 7 * HOUR)
    assert [case.fact("stage") for case in cases(stays)] == ["method"]
    again = arriving_watch(left, left)
    assert again.trails == left.trails


def test_a_watch_of_the_version_before_is_read() -> None:
    """Watches without trails, and warnings without a beginning, are those of an upgrade."""
    old = (b"", 5.0, [], [], [["t", "x", "0-a", 9.0, True, 1, "e", ""]], None, None)
    watch = decode_watch(b"\x01" + msgpack.packb(old))
    assert (watch.touched, watch.trails, watch.past[0].since) == (5.0, (), 0.0)


WHEN = st.floats(0, 12 * HOUR).map(lambda x: START + round(x))
ACTS = st.tuples(WHEN, st.sampled_from([*STEPS, "paid", "failed", "claim"]))


def events_of(rows: Sequence[tuple[float, str]]) -> list[Event]:
    """Return events in the order of time."""
    found: list[Event] = []
    for number, (at, kind) in enumerate(sorted(rows)):
        name = f"e{number}"
        if kind == "paid":
            found.append(paid(ONE, name, at))
        elif kind == "failed":
            found.append(failed(ONE, name, at))
        elif kind == "claim":
            found.append(Event(ONE, name, "paid", "page", fields={"amount": 5}, at=at))
        else:
            more = {"amount": 60} if kind == "amount" else {}
            found.append(did(ONE, name, at, kind, **more))
    return found


@given(st.lists(ACTS, max_size=14), st.lists(WHEN, max_size=6))
def test_batches_and_pauses_do_not_matter(
    rows: list[tuple[float, str]], looks: list[float]
) -> None:
    """Time that is looked at in between, and a watch that is stored, change no record."""
    once = lived(events_of(rows), START + 3 * DAY)
    parts = Watcher(winback_book(), 3, ONE)
    for one in events_of(rows):
        for look in sorted(x for x in looks if x <= (one.at or 0.0)):
            parts.advance(look)
        parts.watch = decode_watch(encode_watch(parts.watch))
        take(parts, [one])
    parts.advance(START + 3 * DAY)
    assert parts.records == once.records
    assert parts.watch == once.watch
    assert len(parts.watch.trails) <= MOST + 1


@given(
    st.lists(ACTS.filter(lambda row: row[1] != "failed"), max_size=14, unique_by=lambda row: row[0])
)
def test_who_is_listed_is_who_left_by_the_funnel(rows: list[tuple[float, str]]) -> None:
    """A plain recount of visits by gap, lateness and payments finds the same visits left.

    Of more than three that wait at a time the latest count.
    """
    rules = [{"name": "left", "stages": ["pay_tapped", "method"]}]
    watched = lived(events_of(rows), START + 3 * DAY, rules=rules)
    told = [record for record in watched.records if record.type == "warned"]
    found = {(x.fields["fact_left_at"], x.fields["fact_stage"]) for x in told}
    left = sorted(recount(sorted(rows)))
    assert found <= set(left)
    assert set(left[-MOST:]) <= found


def recount(rows: list[tuple[float, str]]) -> set[tuple[float, str]]:
    """Return last act and farthest stage of each visit that nobody paid for in time.

    A payment ends what came before it: what is done after it is another recharge.
    """
    visits: list[list[tuple[float, str]]] = []
    for at, kind in rows:
        if kind == "paid":
            visits = [x for x in visits if at > x[-1][0] + LATE]
        elif kind in STEPS and visits and at - visits[-1][-1][0] < 30 * MINUTE:
            visits[-1].append((at, kind))
        elif kind in STEPS:
            visits.append([(at, kind)])
    found: set[tuple[float, str]] = set()
    for one in visits:
        reached = [kind for kind in ("pay_tapped", "method") if kind in {k for _, k in one}]
        found |= {(one[-1][0], reached[-1])} if reached else set()
    return found


def test_a_watch_knows_when_its_trail_is_due() -> None:
    """The fold looks at a visitor again when the first rule is asked."""
    watch = Watch(trails=(Trail(1.0, 2.0, due=9.0), Trail(3.0, 4.0, due=7.0)))
    assert watch.due == 7.0
