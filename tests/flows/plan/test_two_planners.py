"""One cap over all planners: two processes plan the same people at once and break no rule."""

from __future__ import annotations

import multiprocessing
from collections import defaultdict
from datetime import datetime
from multiprocessing.synchronize import Barrier
from zoneinfo import ZoneInfo

import pytest
from contact_strategies import DAY, crowding, order
from flow_web import Web

from nudge.domain.contact.contact import Contact, ContactFacts
from nudge.domain.contact.contact_policy import Channel, ContactPolicy, Purpose
from nudge.domain.contact.pressure_rules import ContentLimit, RollingLimit, SequenceRule
from nudge.domain.identity.sealing import Sealer
from nudge.domain.journal.records import Decision
from nudge.domain.timing.plan_request import PlanRequest, content_of
from nudge.domain.timing.windows import Calendar
from nudge.flows.plan import Planner
from nudge.settings.settings import Settings
from nudge.store.service.catalogue import Catalogue
from nudge.store.store import Store
from nudge.wiring.stores import patient_store

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 2, 10, 0, tzinfo=SHANGHAI).timestamp()
SPACING = 2 * DAY
POLICY = ContactPolicy(
    zone=SHANGHAI,
    channels={"sms": Channel("sms", "unless_refused", ((21 * 3600, 8 * 3600),))},
    purposes={name: Purpose(name) for name in ("failed", "reminder", "offer", "survey")},
    spacing=SPACING,
    limits=(RollingLimit(2, 20 * DAY),),
    content=ContentLimit(1, 9 * DAY),
    sequences=(SequenceRule("never_with", "offer", "reminder", 5 * DAY),),
)
PLANNERS = ((("reminder", "x"), ("failed", "")), (("offer", "x"), ("survey", "x")))
"""Purposes and contents that each of the two plans for, one after the other."""
CHUNK = 500


@pytest.mark.parametrize(
    "people", [400, pytest.param(100_000, marks=pytest.mark.soak)], ids=["short", "soak"]
)
def test_two_planners_at_once_break_no_cap(web: Web, settings: Settings, people: int) -> None:
    """Every plan that stands is held against all others of its person, by a recount.

    Both ask for each person at the same moment, in the same order. Whoever comes second looks
    again: nobody has three plans in twenty days, two of the same content in nine, or two that are
    too near, and nobody is left without any.
    """
    context = multiprocessing.get_context("fork")
    start = context.Barrier(len(PLANNERS))
    workers = [
        context.Process(target=plan_all, args=(settings, mine, people, start)) for mine in PLANNERS
    ]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
        assert one.exitcode == 0
    plans = read_plans(web.store)
    assert len(plans) == people
    for made in plans.values():
        for i, one in enumerate(made):
            rest = made[:i] + made[i + 1 :]
            assert all(abs(other.at - one.at) >= SPACING for other in rest)
            beside = ContactFacts(contacts=tuple(rest))
            broken = [*crowding(POLICY, beside, one), *order(POLICY, beside, one)]
            assert not broken, (broken, sorted(made))


def plan_all(
    settings: Settings, mine: tuple[tuple[str, str], ...], people: int, start: Barrier
) -> None:
    """Plan for everybody, as a process of its own."""
    store = patient_store(settings)
    catalogue = store.catalogue.refresh(Catalogue.empty())
    planner = Planner(store, Sealer(settings.secret_key), 0.0, Calendar(POLICY))
    for purpose, content in mine:
        for first in range(0, people, CHUNK):
            some = range(first, min(first + CHUNK, people))
            wishes = [PlanRequest(f"c-{n}", purpose=purpose, content=content) for n in some]
            # Together, so that both look at the same people before either has written.
            start.wait()
            planner.plan_each(catalogue, wishes, "test", NOW)
    store.close()


def read_plans(store: Store) -> dict[str, list[Contact]]:
    """Subject -> the contacts that plans in the journal make; none of them replaces another."""
    found: dict[str, list[Contact]] = defaultdict(list)
    for p in store.keys.every_partition():
        position = 0
        while entries := store.journal.read(p, position, 5000):
            position = entries[-1].position
            for one in (entry.record for entry in entries):
                if isinstance(one, Decision) and one.due is not None:
                    assert one.supersedes is None
                    contact = Contact(one.due, one.channel, one.page, content_of(one))
                    found[one.subject].append(contact)
    return found
