"""The guard, through the service: visitors, folds, the lake, and a slot that freezes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from threading import Event as StopEvent
from threading import Thread

import pytest
from child_processes import eventually

from bandits.inference.interval import Estimate
from benchmarks.harms_world import FALLBACK, HARM, NAME, NO_HARM, slot, visit
from benchmarks.lifts_service import Service
from nudge import clock
from nudge.config.slot_change import Edit
from nudge.config.slot_file import dump_slot
from nudge.domain.choosing.requests import DecisionRequest
from nudge.domain.journal.records import Decision, JournalEntry
from nudge.domain.reports.harm_guard import HarmFinding, MetricFinding
from nudge.domain.slots.slot import Slot
from nudge.errors import StoreAwayError
from nudge.flows.reports.harm_guard import HarmGuard
from nudge.flows.upkeep import apply as applying
from nudge.settings.settings import Settings
from nudge.wiring.stores import patient_store
from nudge.wiring.worker import Worker, loops_of
from nudge.workers.alarms.harm_guard_loop import HarmGuardLoop
from nudge.workers.store_check import StoreCheck

ROUND = 400
MOST = 20
"""Rounds: 8,000 visitors. Against the worst case, 10 points fewer conversions than the holdout's
1,600 visitors: the bound for every look is then 8.6 points wide (boundary.py: V = (1 / .2 + 1 /
.8) * .25 * 8,000 = 12,500 and rho = 20,000 * .25 = 5,000; sqrt(17,500 * log(17,500 / 5,000 /
.05^2)) / 8,000 = .044 on each side)."""


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    store = patient_store(settings)
    yield Service.of(store.client, replace(settings, holdout=0.0), [slot()])
    store.close()


def guarding(service: Service, owner: str = "one") -> HarmGuardLoop:
    """A guard as a worker has it, which has seen nothing yet."""
    store, settings = service.store, service.settings
    return HarmGuardLoop(store, settings, owner, 5.0, StoreCheck(store, settings.store_note))


def turn(service: Service, owner: str = "one") -> list[str]:
    return guarding(service, owner).turn(clock.monotonic())


def current(service: Service) -> Slot:
    return service.store.slots.current()[NAME]


def until_frozen(service: Service, first: int = 0) -> int:
    """Rounds of visitors in a harmful world until the guard has frozen the slot: how many."""
    watch = guarding(service)
    for number in range(first, first + MOST):
        visit(service, range(number * ROUND, (number + 1) * ROUND), HARM)
        if watch.turn(1e6 * (number + 1)):
            return (number + 1 - first) * ROUND
    raise AssertionError("the slot was not frozen")


def shown(service: Service, number: int) -> str:
    """The reason of a new visitor's decision."""
    given = service.decide(DecisionRequest(f"new-{number}", "web", "recharge", (NAME,))).decisions[
        NAME
    ]
    if given.reason == "fallback":
        assert given.variant == FALLBACK
    return given.reason


def unfreeze(service: Service) -> None:
    seen = current(service).revision
    edit = Edit("an operator", "500 is gone", clock.now())
    applying.patch(service.store, NAME, {"mode": "live"}, seen, edit)
    service.follow()


def test_a_planted_harm_is_frozen_once_and_says_so(service: Service) -> None:
    """Harm ends in one new revision with an audit entry, and the fallback for everybody."""
    until_frozen(service)
    after = current(service)
    assert (after.mode, after.frozen_serves, after.revision) == ("frozen", "fallback", 2)
    entry = service.store.slots.audits(NAME)[0]
    assert (entry["revision"], entry["who"]) == (2, "guard")
    why = str(entry["why"])
    assert "ended without paying" in why
    assert "已冻结" in why
    seen = service.store.guards.noted(NAME)
    assert seen is not None
    assert seen["harm"]
    assert str(seen["sentence"]["en"]) in why  # type: ignore[index]
    # Another turn, and another worker's, change nothing.
    assert turn(service) == turn(service, "two") == []
    assert current(service) == after
    assert len(service.store.slots.audits(NAME)) == 2
    # Who had the harmful amount by stickiness does not keep it, and the policy draws no more.
    service.follow()
    assert {shown(service, n) for n in range(50)} == {"fallback"}
    again = service.decide(DecisionRequest("v0-1", "web", "recharge", (NAME,))).decisions[NAME]
    assert (again.variant, again.reason) == (FALLBACK, "fallback")


def test_who_sets_it_live_again_is_not_overruled_by_old_data(service: Service) -> None:
    """After a freeze only exposures of the revision that ended it count."""
    until_frozen(service)
    unfreeze(service)
    visit(service, range(100_000, 100_020), HARM)
    assert turn(service) == []
    seen = service.store.guards.noted(NAME)
    assert seen is not None
    assert (seen["since_revision"], seen["harm"]) == (3, False)
    counted = seen["found"][0]["exposures"]  # type: ignore[index]
    assert counted["policy"] + counted["holdout"] == 20
    assert current(service).mode == "live"


def test_a_policy_that_does_no_harm_goes_on(service: Service) -> None:
    """Nothing is frozen where nobody leaves."""
    for number in range(3):
        visit(service, range(number * ROUND, (number + 1) * ROUND), NO_HARM)
        assert turn(service) == []
    assert current(service).mode == "live"


def test_only_policy_and_holdout_count(service: Service) -> None:
    """Forced, fallback and shadow decisions, and those without a choice, are not compared."""
    visit(service, range(200), NO_HARM)
    ask = DecisionRequest("x", "web", "recharge", (NAME,), force={NAME: "500"})
    for number in range(50):
        service.decide(replace(ask, visitor_id=f"forced-{number}"))
    for changes in ({"mode": "shadow"}, {"mode": "off"}):
        edited(service, changes)
        for number in range(30):
            service.decide(
                DecisionRequest(f"{changes['mode']}-{number}", "web", "recharge", (NAME,))
            )
    only = {name: {"enabled": False} for name in ("100", "500")}
    edited(service, {"mode": "live", "variants": only})
    for number in range(40):
        service.decide(DecisionRequest(f"only-{number}", "web", "recharge", (NAME,)))
    edited(service, {"variants": {name: {"enabled": True} for name in only}})
    visit(service, range(1000, 1100), NO_HARM)
    found = look(service)
    assert found.since == current(service).revision == 5
    assert sum(found.found[0].exposures) == 100
    reasons = {e.record.reason for e in journal(service) if isinstance(e.record, Decision)}
    assert reasons == {"policy", "holdout", "forced", "shadow", "fallback", "only_eligible"}
    # The same without the revision: 200 and 100 visitors with a choice, whatever else is there.
    everything = service.sums(NAME)
    held = sum(
        e.record.reason == "holdout" and len(e.record.eligible) > 1
        for e in journal(service)
        if isinstance(e.record, Decision)
    )
    assert everything.table.shown.tolist() == [served(service), held]


def edited(service: Service, changes: dict[str, object]) -> None:
    seen = current(service).revision
    edit = Edit("an operator", "test", clock.now())
    applying.patch(service.store, NAME, changes, seen, edit)
    service.follow()


def look(service: Service, name: str = NAME) -> HarmFinding:
    settings = service.settings
    found = HarmGuard(service.store, service.lake, settings.data_dir / "reports", 0.0)
    return found.look(service.store.slots.current()[name])


def journal(service: Service) -> list[JournalEntry]:
    keys = service.store.keys
    return [e for p in keys.every_partition() for e in service.store.journal.read(p, 0, 100_000)]


def served(service: Service) -> int:
    return sum(
        isinstance(e.record, Decision) and e.record.reason == "policy" for e in journal(service)
    )


@dataclass
class Harmful:
    """Stands in for the lake: finds harm in whatever it looks at."""

    meanwhile: Callable[[], object] = lambda: None

    def look(self, found: Slot) -> HarmFinding:
        """Harm; and what happens while it is looked for."""
        self.meanwhile()
        rise = Estimate(-0.2, -0.3, -0.1)
        return HarmFinding(
            found, 1, (MetricFinding("abandonment", (1000, 250), (0.2, 0.4), rise),), clock.now()
        )


def seeing(service: Service, harmful: Harmful, owner: str = "one") -> HarmGuardLoop:
    """A guard that sees harm."""
    watch = guarding(service, owner)
    watch.__dict__["_guards"] = harmful
    return watch


def test_who_changed_the_slot_meanwhile_goes_first(service: Service) -> None:
    """A slot that was changed since it was looked at is not frozen; the next look judges anew."""
    visit(service, range(10), HARM)
    titles = iter(["another title"])

    def change() -> None:
        for title in titles:
            edited(service, {"title": title})

    watch = seeing(service, Harmful(change))
    assert watch.turn(0.0) == []
    assert (current(service).mode, current(service).revision) == ("live", 2)
    assert watch.turn(100.0) == [NAME]
    assert (current(service).mode, current(service).revision) == ("frozen", 3)


def test_who_froze_it_meanwhile_has_done_it(service: Service) -> None:
    """Two workers that found the same harm at once make one revision."""
    visit(service, range(10), HARM)
    other = seeing(service, Harmful(), "two")

    def first() -> None:
        service.store.guards.release("one")
        assert other.turn(0.0) == [NAME]

    assert seeing(service, Harmful(first)).turn(0.0) == []
    assert len(service.store.slots.audits(NAME)) == 2


def test_a_crash_before_the_freeze_is_made_good_by_the_next(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look is noted first; whoever comes next finds the same, and freezes once."""
    visit(service, range(10), HARM)

    def away(*_: object) -> object:
        raise StoreAwayError("gone")

    with monkeypatch.context() as patching:
        patching.setattr(applying, "patch", away)
        with pytest.raises(StoreAwayError):
            seeing(service, Harmful()).turn(0.0)
    assert current(service).mode == "live"
    seen = service.store.guards.noted(NAME)
    assert seen is not None
    assert seen["harm"]
    # The one who died holds the turn until its lease runs out.
    assert seeing(service, Harmful(), "two").turn(0.0) == []
    service.store.guards.release("one")
    assert seeing(service, Harmful(), "two").turn(0.0) == [NAME]
    assert len(service.store.slots.audits(NAME)) == 2


def test_nobody_looks_while_nothing_has_changed(service: Service) -> None:
    """A look costs seconds of a large lake: one for each state of it, and none before it is due."""
    looks: list[int] = []
    edited(service, {"guard": {"every": "1m"}})
    watch = guarding(service)

    class Counting(Harmful):
        def look(self, found: Slot) -> HarmFinding:
            looks.append(found.revision)
            return HarmFinding(found, 1, (), clock.now())

    watch.__dict__["_guards"] = Counting()
    watch.turn(0.0)
    assert looks == []  # the lake is empty
    visit(service, range(10), NO_HARM)
    watch.turn(30.0)
    assert looks == []
    watch.turn(60.0)
    watch.turn(120.0)
    assert looks == [2]
    edited(service, {"title": "another"})
    watch.turn(180.0)
    assert looks == [2, 3]


def test_the_worker_of_reports_brings_the_guard(service: Service) -> None:
    """It runs until it is told to stop, and gives its turn back."""
    worker = Worker(service.settings, service.store, "one")
    watch = loops_of(worker, ["report"])["guard"]
    assert isinstance(watch, HarmGuardLoop)
    watch.__dict__["_guards"] = Harmful()
    visit(service, range(10), HARM)
    stop = StopEvent()
    thread = Thread(target=watch.run, args=(stop,))
    thread.start()
    assert eventually(lambda: current(service).mode == "frozen", 60)
    stop.set()
    thread.join()
    assert service.store.client.call("HGET", service.store.keys.config("guard"), "owner") == b""


def test_a_slot_that_nobody_has_seen_has_nothing_to_compare(service: Service) -> None:
    """A new slot in a lake of others is looked at without harm."""
    edit = Edit("an operator", "new", clock.now())
    table = dump_slot(slot()) | {"slot": "other"}
    applying.put(service.store, "other", table, None, edit)
    visit(service, range(10), HARM)
    found = look(service, "other")
    assert [one.exposures for one in found.found] == [(0, 0), (0, 0)]
    assert not found.harms


def test_revisions_may_be_dates(service: Service) -> None:
    """Of twenty million numbers between two revisions none is looked at, since none was."""
    before = current(service)
    dated = replace(before, revision=20_261_128, title="by date")
    assert service.store.slots.put(dated, before)
    visit(service, range(10), HARM)
    assert look(service).since == before.revision


def test_only_final_rewards_count_where_that_is_wanted(service: Service) -> None:
    """`matured`: a window of three days has not closed within the seconds of a test."""
    edited(service, {"guard": {"matured": True}})
    visit(service, range(100), HARM)
    assert [one.exposures for one in look(service).found] == [(0, 0), (0, 0)]
    edited(service, {"guard": {"matured": False}})
    assert [sum(one.exposures) for one in look(service).found] == [100, 100]
