"""A monitor that dies at any point: each visit is counted once, and an outage is marked once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from builders import decision
from child_processes import eventually
from fault_site import Site, installed

from nudge import clock
from nudge.config.documents.configuration import Configuration
from nudge.domain.alarms.alarm import Alarm, AlarmAction, AlarmLevel, AlarmStep
from nudge.domain.alarms.minute_counts import read_field
from nudge.domain.identity.sealing import Sealer
from nudge.domain.journal.records import Event
from nudge.flows.upkeep.verification.verify_minutes import read_moment, verify_minutes
from nudge.lake.files.history import History
from nudge.lake.files.reader import Lake
from nudge.processes import embedded
from nudge.store.journal.appends import Append
from nudge.store.service.alarms import StoredAlarm
from nudge.store.store import Store
from nudge.wiring.stores import patient_store

VISITS = 400
POINTS = ("monitor.before_commit", "monitor.after_commit")


@pytest.fixture
def site() -> Iterator[Site]:
    """A store alone."""
    with installed() as made:
        store = embedded.start(made.settings)
        yield made
        store.stop()


def visit(store: Store, first: int) -> None:
    """Visitors who choose a method and pay."""
    for number in range(first, first + VISITS):
        subject, p = f"{number:032x}", number % store.keys.partitions
        store.journal.append_decisions(p, [decision(subject)], 3600.0)
        step = Event(subject, "m", "step", "page", fields={"step": "method", "method": "card"})
        paid = Event(subject, "p", "paid", "server", fields={"amount": 50, "method": "card"})
        store.journal.append_once(p, [Append("", step), Append("", paid)], closes=True)


def counted(store: Store) -> dict[str, int]:
    """Arrivals and successes of the stage `method`, over all minutes and partitions."""
    found = {"a": 0, "s": 0}
    for p in store.keys.every_partition():
        moment = read_moment(store, p)
        assert moment is not None
        for fields in moment.minutes.values():
            for one in (read_field(name, number) for name, number in fields.items()):
                if one.stage == "method" and one.kind in found:
                    found[one.kind] += one.number
    return found


def test_a_monitor_that_dies_around_its_commit_counts_each_visit_once(site: Site) -> None:
    """The worker that is started in its place goes on; a replay comes to the same counts."""
    with closing(patient_store(site.settings)) as store:
        visit(store, 0)
        site.fault(POINTS[0])
        site.work("monitor")
        assert site.struck(POINTS[0]), site.logs()
        site.fault(POINTS[1])
        visit(store, VISITS)
        assert site.struck(POINTS[1]), site.logs()
        assert eventually(lambda: sum(store.folds.lags()["monitor"]) == 0, 60), site.logs()
        assert counted(store) == {"a": 2 * VISITS, "s": 2 * VISITS}
        plan = Configuration(site.settings).watch_plan
        unseal = Sealer(site.settings.secret_key).unseal
        history = History(Lake(site.settings.lake_dir), unseal, store.journal.read)
        assert list(verify_minutes(store, history, plan, 0.0, lambda _: None)) == []


@pytest.mark.faults
def test_a_worker_that_dies_in_marking_an_outage_marks_it_once(site: Site) -> None:
    """The quarantine is there and the alarm does not know it: who follows writes its name down."""
    at = clock.now() - 60
    outage = Alarm(
        "a1",
        "payment",
        AlarmLevel.CRITICAL,
        {"stage": "method", "method": "card"},
        at - 240,
        at,
        {"zh": "支付失败。", "en": "Payments fail."},
        steps=(AlarmStep(at, AlarmAction.OPEN, "monitor"),),
    )
    with closing(patient_store(site.settings)) as store:
        assert store.alarms.put(StoredAlarm(outage))
        site.fault("quarantine.after_write")
        site.work("monitor")
        assert site.struck("quarantine.after_write"), site.logs()

        def named() -> str:
            stored = store.alarms.read("a1")
            return stored.alarm.quarantine if stored else ""

        assert eventually(lambda: bool(named()), 60), site.logs()
        assert list(store.quarantines.current()) == [named()]
