"""Purposes: what cannot wait for a part of the month goes out soon, and a sent plan says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from flow_web import Web
from places import CONFIG
from test_plan import AGREED, SHANGHAI, Desk

from bandits.units import HOUR
from nudge.config.documents.contact_file import load_contact
from nudge.domain.contact.contact import Contact
from nudge.domain.people.visitor_codec import encode_state
from nudge.domain.timing.windows import Calendar
from nudge.flows.plan import Planner

POLICY = load_contact(CONFIG)


def at(text: str) -> float:
    """Seconds of a local time in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).timestamp()


@pytest.fixture
def desk(web: Web) -> Desk:
    """A scheduler under the shipped contact policy, with the shipped windows."""
    return Desk(web, Planner(web.store, web.sealer, 0.0, Calendar(POLICY)))


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("2026-11-01T09:30", "2026-11-01T09:30"),
        ("2026-11-28T20:30", "2026-11-28T20:30"),
        ("2026-11-28T22:00", "2026-11-29T08:00"),
        ("2026-10-01T12:00", "2026-10-08T08:00"),  # the National Day holidays
    ],
)
def test_a_failed_payment_is_answered_within_the_next_allowed_two_hours(
    desk: Desk, asked: str, first: str
) -> None:
    """Whatever the day of the month: two hours of allowed time from the question on, no more.

    Half an hour ahead of the quiet hours, the rest of the two hours is the next morning's.
    """
    now, begin = at(asked), at(first)
    found = [desk.plan(f"v-{n}", now, purpose="payment_failed") for n in range(12)]
    for timing in found:
        assert timing.send_at is not None
        assert timing.window in ("at_once", "two_hours")
        assert timing.reason == "policy"
        assert timing.blocked == {}
        asked_late = asked.endswith("20:30")
        end = at("2026-11-29T09:30") if asked_late else begin + 2 * HOUR + 60
        assert begin <= timing.send_at < end
        if asked_late:
            assert not at("2026-11-28T21:00") <= timing.send_at < at("2026-11-29T08:00")
        made = desk.record(timing)
        assert made.eligible == ("at_once", "two_hours")
        assert sum(made.pmf) == pytest.approx(1.0)
        assert min(made.pmf) > 0.0


def test_a_receipt_goes_out_in_the_next_minute_at_any_hour(desk: Desk) -> None:
    """An exempt purpose waits for nothing, and each receipt is a plan of its own."""
    now = at("2026-11-03T23:30:20")
    first = desk.plan("ada", now, purpose="transactional")
    assert first.send_at is not None
    assert now <= first.send_at < now + 120
    assert (first.window, first.reason) == ("at_once", "only_eligible")
    again = desk.plan("ada", now + 1, purpose="transactional")
    assert (again.decision_id, again.sticky) == (first.decision_id, True)
    later = desk.plan("ada", first.send_at + 60, purpose="transactional")
    assert later.send_at is not None
    assert not later.sticky
    assert later.send_at > first.send_at


def test_a_plan_from_now_stands_for_a_day_behind_its_time(desk: Desk) -> None:
    """A scheduler that asks again is told the same plan; the next day's failure gets its own."""
    now = at("2026-11-03T10:00")
    first = desk.plan("ada", now, purpose="payment_failed")
    assert first.send_at is not None
    again = desk.plan("ada", first.send_at + 23 * HOUR, purpose="payment_failed")
    assert (again.decision_id, again.send_at) == (first.decision_id, first.send_at)
    later = desk.plan("ada", first.send_at + 25 * HOUR, purpose="payment_failed")
    assert later.decision_id != first.decision_id
    assert not later.sticky


@pytest.mark.parametrize("purpose", ["payment_failed", "reminder"])
def test_a_sent_plan_says_so(desk: Desk, purpose: str) -> None:
    """Behind `sms_sent` the plan is told as sent: who asks again must not send it again."""
    now, store = at("2026-11-03T10:00"), desk.web.store
    home = desk.planner_home("ada")
    first = desk.plan("ada", now, purpose=purpose)
    assert first.send_at is not None
    assert not first.sent
    assert not desk.plan("ada", now + 30, purpose=purpose).sent
    due = first.send_at
    made = Contact(due + 2, "sms", purpose)
    for contacts, sent in (
        ((), False),
        ((made._replace(purpose="promotion"),), False),
        ((made._replace(at=due - 2 * HOUR),), False),
        ((made,), True),
    ):
        state = encode_state(replace(AGREED, contacts=contacts, watermark=due))
        store.client.call("SET", store.keys.visitor(home.partition, home.subject), state)
        told = desk.plan("ada", due + 60, purpose=purpose)
        assert (told.decision_id, told.sticky, told.sent) == (first.decision_id, True, sent)


def test_a_reminder_keeps_the_windows_of_the_month(desk: Desk) -> None:
    """Windows of other purposes are no alternatives: neither drawn, nor told as blocked."""
    timing = desk.plan("ada", at("2026-11-12T10:00"))
    made = desk.record(timing)
    assert not {"at_once", "two_hours"} & {*made.eligible, *made.removed, *timing.blocked}
