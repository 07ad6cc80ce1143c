"""The grant of a measure: whoever dies, wherever, one benefit is granted and everybody knows it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, Final, NamedTuple

import pytest
from care_site import SEALER, fold_all, step, tell

from nudge.domain.care.case import Case
from nudge.domain.care.rule_book import RuleBook
from nudge.domain.care.warning_rule import EventTest, WarningPolicy, WarningRule
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.identity.sealing import Home
from nudge.domain.journal.records import Decision, Event
from nudge.domain.measures.measure import Measure, measure_rules
from nudge.domain.slots.learning import first_policy
from nudge.domain.slots.rule import read_rule
from nudge.domain.slots.slot import Availability, RewardTerms, Slot, Stickiness, Variant
from nudge.errors import ChangedMeanwhileError, MeasureRefusedError
from nudge.flows.care import case_actions
from nudge.flows.care.case_actions import CaseDesk
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.folds.care import CareFold
from nudge.flows.measures.granting import GrantDesk, GrantOrder
from nudge.flows.measures.measure_desk import MeasureDesk, describe_measures
from nudge.flows.serving.subject_decider import SubjectDecider
from nudge.flows.upkeep.rebuild import Rebuild
from nudge.lake.files.history import History
from nudge.lake.files.reader import Lake
from nudge.settings.settings import Settings
from nudge.store.journal.appends import Append
from nudge.store.store import Store
from nudge.store.wire import client as clients
from nudge.store.wire.keys import Keys

ADA: Final = "e" * 32
EVE: Final = "a" * 32
"""Of two who turn out to be one visitor the lesser subject stays."""
SLOT: Final = Slot(
    name="retention_offer",
    revision=1,
    title="",
    variants=(
        Variant("credit", None, {"cost": 60}, availability=Availability(exclusive="gift")),
        Variant("data", None, {"cost": 8}, availability=Availability(exclusive="gift")),
        Variant("call", None, enabled=False),
    ),
    terms=RewardTerms("shown", "paid", "conversion", 604_800.0),
    fallback={"default": "call"},
    policy={"kind": "uniform"},
    stickiness=Stickiness(30 * 86_400.0),
    context=(),
    holdout=0.0,
    floor=0.01,
)
PAYS: Final = Measure(
    "reward", read_rule({"attribute": "payments", "at_least": 1}), {"en": "Reward"}, held_share=0.0
)
POLICY: Final = WarningPolicy(
    (WarningRule("complains", EventTest("complaint")),), ("ann",), {"stays": {}}
)


class Died(Exception):  # noqa: N818 - no error of the code's: the end of a process
    """The death of a process at a call of the store."""


class Site(NamedTuple):
    """A store with the folds that read it, and the desk that grants."""

    store: Store
    desk: GrantDesk

    def fold(self) -> None:
        """Let both folds catch up in both partitions."""
        book = RuleBook(POLICY, further=measure_rules([PAYS]))
        folds: list[Any] = [CareFold(self.store, lambda: book), AttributeFold(self.store)]
        while sum(len(fold_all(self.store, one, p)) for one in folds for p in (0, 1)):
            pass

    def cases(self, kind: str, partition: int = 0) -> list[Case]:
        """Return the cases of a kind."""
        places = self.store.cases.places(partition, None, 100, kind=kind)
        found = self.store.cases.read_many(one.id for one in places)
        return list(found.values())

    def kinds(self) -> Counter[str]:
        """Count the records of the journal by type, decisions as such."""
        entries = [e for p in (0, 1) for e in self.store.journal.read(p, 0, 1000)]
        named = [
            one.record.type if isinstance(one.record, Event) else one.record.kind for one in entries
        ]
        grants = [
            one.record
            for one in entries
            if isinstance(one.record, Event) and one.record.fields.get("action") == "grant"
        ]
        return Counter([*named, *("grant" for _ in grants)])

    def benefits(self, subject: str = ADA, partition: int = 0) -> tuple[str, ...]:
        """Return the groups of which a visitor has a benefit."""
        blob = self.store.visitor_states.read_each(partition, [subject])[subject]
        return self.store.state_reader.state(blob).benefits


@pytest.fixture
def site(store_url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(case_actions, "PATIENCE", 0.0)  # no fold runs meanwhile
    with closing(Store(clients.patient(store_url), Keys(settings.namespace, 2))) as store:
        live = {SLOT.name: LiveSlot(SLOT, first_policy(SLOT))}
        decider = SubjectDecider(store, SEALER, 0.0, {})
        desk = MeasureDesk(store, decider, live, {PAYS.name: PAYS}, None)
        actor = CaseDesk(store, POLICY, SEALER.vault)
        found = Site(store, GrantDesk(desk, actor, str))
        tell(store, paid(ADA))
        found.fold()
        yield found


def paid(subject: str, name: str = "p") -> Event:
    return Event(subject, name, "paid", "server", fields={"amount": 50, "~refundable": True})


def dying(execute: Callable[..., Any], calls: int, *, behind: bool) -> Callable[..., Any]:
    """Return a call of the store of which one is the last: before, or behind, its effect."""
    left = [calls]

    def call(*command: Any) -> Any:
        left[0] -= 1
        if left[0] > 0:
            return execute(*command)
        if left[0] == 0 and behind:
            execute(*command)
        raise Died

    return call


@pytest.mark.parametrize("behind", [False, True])
def test_a_grant_that_dies_anywhere_is_one_grant(
    site: Site, monkeypatch: pytest.MonkeyPatch, *, behind: bool
) -> None:
    """At each call of the store a process dies; the caller repeats, and one benefit is granted."""
    (case,) = site.cases("measure")
    order, deaths = GrantOrder(case.id, "ann", "g-1"), 0
    while True:
        with monkeypatch.context() as mortal:
            execute = site.store.client._execute
            mortal.setattr(site.store.client, "_execute", dying(execute, deaths + 1, behind=behind))
            try:
                site.desk.grant(order, time.time())
                break
            except Died:
                deaths += 1
    assert deaths > 5
    site.fold()
    found = site.kinds()
    names = ("decision", "grant", "benefit_granted", "shown", "exposure")
    assert [found[name] for name in names] == [1, 1, 1, 1, 1]
    assert site.benefits() == ("gift",)
    assert site.desk.grant(order, time.time()).grant == site.cases("measure")[0].grant


def test_a_process_that_dies_behind_the_step_has_granted(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody repeats the call, and yet the benefit is known: the fold carries the grant out."""
    (case,) = site.cases("measure")
    with monkeypatch.context() as mortal:
        execute = site.store.client.run

        def run(name: str, *more: Any) -> Any:
            found = execute(name, *more)
            if name == "act_on_case":
                raise Died
            return found

        mortal.setattr(type(site.store.client), "run", lambda _, *of: run(*of))
        with pytest.raises(Died):
            site.desk.grant(GrantOrder(case.id, "ann", "g-1"), time.time())
    site.fold()
    assert (site.benefits(), site.kinds()["benefit_granted"]) == (("gift",), 1)


def test_two_cases_of_a_visitor_grant_one_benefit(site: Site) -> None:
    """The second case is refused at once, before any fold knows of the first."""
    tell(site.store, Event(ADA, "c", "complaint", "server"))
    site.fold()
    (measure,), (warning,) = site.cases("measure"), site.cases("warning")
    site.desk.grant(GrantOrder(warning.id, "ann", "g-1"), time.time())
    with pytest.raises(MeasureRefusedError, match=warning.id):
        site.desk.grant(GrantOrder(measure.id, "bo", "g-2"), time.time())
    site.fold()
    with pytest.raises(MeasureRefusedError, match="never a second one"):
        site.desk.grant(GrantOrder(measure.id, "bo", "g-2"), time.time())
    assert site.kinds()["benefit_granted"] == 1


def test_a_case_that_was_closed_gives_its_reservation_up(
    site: Site,
) -> None:
    """A death between reservation and step, without a return, bars nobody for good."""
    tell(site.store, Event(ADA, "c", "complaint", "server"))
    site.fold()
    (measure,), (warning,) = site.cases("measure"), site.cases("warning")
    site.store.grants.reserve(Home(ADA, 0), "gift", warning.id)
    order = GrantOrder(measure.id, "bo", "g-2")
    with pytest.raises(MeasureRefusedError, match=warning.id):
        site.desk.grant(order, time.time())
    closing_ = step("close", time.time(), "x", outcome="stays")
    site.store.cases.act(warning, closing_, None)
    with pytest.raises(MeasureRefusedError, match=warning.id):
        site.desk.grant(order, time.time())  # the fold has not read it yet
    site.fold()
    assert site.desk.grant(order, time.time()).grant is not None


def test_a_second_person_is_told_of_the_first_grant(site: Site) -> None:
    """One of two is refused while the fold is behind; then both are told of the same grant."""
    (case,) = site.cases("measure")
    first = site.desk.grant(GrantOrder(case.id, "ann", "g-1"), time.time())
    with pytest.raises(ChangedMeanwhileError):
        site.desk.grant(GrantOrder(case.id, "bo", "g-2"), time.time())
    site.fold()
    again = site.desk.grant(GrantOrder(case.id, "bo", "g-2"), time.time())
    assert again.grant is not None
    assert first.grant is not None
    assert (again.grant.who, again.grant.facts) == ("ann", first.grant.facts)


def test_a_grant_follows_who_turned_out_to_be_another(site: Site) -> None:
    """The benefit is of whom the case is about now, in another partition."""
    (case,) = site.cases("measure")
    site.store.people.link(Home(ADA, 0), Home(EVE, 1), Event(ADA, "i", "identified", "server"))
    site.fold()
    made = site.desk.grant(GrantOrder(case.id, "ann", "g-1"), time.time())
    site.fold()
    (decision,) = [
        e.record for e in site.store.journal.read(1, 0, 100) if isinstance(e.record, Decision)
    ]
    assert (decision.subject, made.subject) == (EVE, ADA)
    assert site.benefits(EVE, 1) == ("gift",)
    assert site.kinds()["exposure"] == 1


def test_a_page_of_cases_is_described_in_few_round_trips(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten times the cases cost no more calls than one, whatever is due for each."""
    others = [f"{number:032x}" for number in range(20)]
    site.store.journal.append_once(0, [Append("", paid(one)) for one in others], closes=True)
    site.fold()
    every = site.cases("measure")
    calls: list[str] = []
    call, piped = clients.Client.call, clients.Client._piped
    monkeypatch.setattr(
        clients.Client, "call", lambda self, *of: (calls.append(str(of[0])), call(self, *of))[1]
    )
    monkeypatch.setattr(
        clients.Client, "_piped", lambda self, *of: (calls.append("pipe"), piped(self, *of))[1]
    )
    told = describe_measures(site.desk.desk, every, time.time(), str)
    assert (len(told), {one["measure"] for one in told.values()}) == (21, {"reward"})
    assert len(calls) <= 2


def test_a_rebuild_grants_nothing_again(site: Site, settings: Settings) -> None:
    """The cases come back with their grants, and the journal has no further record."""
    (case,) = site.cases("measure")
    site.desk.grant(GrantOrder(case.id, "ann", "g-1"), time.time())
    site.fold()
    before, kept = site.kinds(), site.cases("measure")
    book = RuleBook(POLICY, further=measure_rules([PAYS]))
    history = History(Lake(settings.lake_dir), SEALER.unseal, site.store.journal.read)
    for p in (0, 1):
        Rebuild(site.store, history, "test", book=lambda: book).run("care", p, lambda _: None)
    assert (site.kinds(), site.cases("measure")) == (before, kept)
