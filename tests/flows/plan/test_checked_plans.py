"""The check of one contact against the planner itself: they agree, and the check writes nothing."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from flow_web import Web
from places import CONFIG
from test_plan import Desk
from test_purposes import at

from nudge.config.documents.contact_file import load_contact
from nudge.domain.contact.contact import Consent, Contact
from nudge.domain.contact.contact_policy import Caps
from nudge.domain.contact.pressure_rules import ContactKind, RollingLimit
from nudge.domain.people.person import KnownFact
from nudge.domain.people.visitor import VisitorState
from nudge.domain.sms.contact_check import ContactCheck
from nudge.domain.timing.plan_request import PlanRequest
from nudge.domain.timing.windows import Calendar
from nudge.flows.plan import Planner
from nudge.flows.plan.contact_check import ContactQuestion, find_check
from nudge.flows.plan.minute_table import end_of_minute

DAY = 86_400.0
POLICY = replace(load_contact(CONFIG), caps=Caps(day=1, week=3), limits=(RollingLimit(2, 2 * DAY),))
KIND = ContactKind("payment_failed", "sms")
NOW = at("2026-11-28T10:00:20")
WHO = {"zh": "访客", "en": "the visitor"}


@pytest.fixture
def desk(web: Web) -> Desk:
    """A scheduler under the shipped policy with some more limits, and the shipped windows."""
    return Desk(web, Planner(web.store, web.sealer, 0.0, Calendar(POLICY)))


def check(desk: Desk, visitor: str, moment: float, kind: ContactKind = KIND) -> ContactCheck:
    """The check of a contact, asked for now."""
    web = desk.web
    hashed = web.sealer.visitor_hash(visitor)
    home = web.sealer.partition(hashed, web.store.keys.partitions)
    found = web.store.visitors.known_visitor(home, hashed)
    assert found is not None
    state = web.store.state_reader.state(found.state)
    asked = ContactQuestion(kind, moment, WHO)
    return find_check(web.store, POLICY, (found, state), asked, NOW).check


def anybody(random: Random) -> VisitorState:
    """A visitor of any kind: with or without consent, contacts, a complaint."""
    said = [(0.0, True), (NOW - 3 * DAY, random.random() < 0.8)][: random.randint(0, 2)]
    contacts = [
        Contact(NOW - random.uniform(0, 5 * DAY), random.choice(["sms", "call"]), "reminder")
        for _ in range(random.choice([0, 0, 1, 2, 3]))
    ]
    return VisitorState(
        consents=tuple(Consent("sms", when, given=given) for when, given in said),
        contacts=tuple(sorted(contacts)),
        complained_at=random.choice([None, None, None, NOW - DAY]),
        known=(KnownFact("blacklisted", random.random() < 0.1, 0.0),),
        watermark=NOW,
    )


def _wish(visitor: str) -> PlanRequest:
    return PlanRequest(visitor, purpose="payment_failed")


def _forget(desk: Desk, visitor: str) -> None:
    """Take a visitor's plans back: the one that made them known, and the one that is compared."""
    hashed = desk.web.sealer.visitor_hash(visitor)
    home = desk.web.sealer.partition(hashed, desk.web.store.keys.partitions)
    found = desk.web.store.visitors.known_visitor(home, hashed)
    assert found is not None
    desk.web.store.plans.forget_plans(found.partition, found.subject, NOW)


def test_the_check_and_the_planner_agree(desk: Desk) -> None:
    """A plan's second is one that the check allows, and a refusal is for a reason of the check.

    No send time lies before the check's earliest moment. Both refusals and plans occur.
    """
    random = Random(7)  # noqa: S311 (the same visitors every time)
    planned = refused = 0
    start = end_of_minute(NOW)
    for number in range(60):
        visitor = f"v-{number}"
        desk.know_as(visitor, anybody(random))
        _forget(desk, visitor)
        before = check(desk, visitor, start)
        timing = desk.planner.plan(desk.web.catalogue, _wish(visitor), "test", NOW)
        if timing.send_at is None:
            refused += 1
            assert timing.reason in before.reasons
            continue
        planned += 1
        assert before.earliest is not None
        assert timing.send_at >= before.earliest
        # The plan itself counts from now on.
        _forget(desk, visitor)
        assert check(desk, visitor, timing.send_at).is_allowed
    assert planned >= 10
    assert refused >= 10


def test_a_plan_counts_at_once_and_the_check_writes_nothing(desk: Desk) -> None:
    """A reminder may not follow a plan of higher priority within the spacing; no record is made."""
    timing = desk.plan("ada", NOW, purpose="payment_failed")
    assert timing.send_at is not None
    reminder = ContactKind("reminder", "sms")
    length = len(desk.web.entries())
    used = desk.web.store.capacity.used("sms")
    for _ in range(3):
        found = check(desk, "ada", NOW, reminder)
        assert {"spacing", "cap_day"} <= set(found.reasons)
    later = check(desk, "ada", timing.send_at + 3600.0, reminder)
    assert "spacing" in later.reasons, "a plan between now and the moment counts"
    assert len(desk.web.entries()) == length
    assert desk.web.store.capacity.used("sms") == used
