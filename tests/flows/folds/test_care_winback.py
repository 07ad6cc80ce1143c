"""The fold `care` with rules of win-back: over batches, mergers, erasures and a rebuild."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from care_site import SEALER, all_cases, fold_all, kept_state, step
from mortal_store import Died, Fate
from winback_site import GRACE, HOUR, failed, hasty_book, paid, visit, winback_fold

from nudge.domain.journal.records import Event, Mark
from nudge.flows.upkeep.rebuild import Rebuild
from nudge.flows.upkeep.verification.verify_cases import verify_cases
from nudge.lake.files.history import History
from nudge.lake.files.reader import Lake
from nudge.settings.settings import Settings
from nudge.store.journal.appends import Append
from nudge.store.store import Store
from nudge.store.wire import client as clients
from nudge.store.wire.keys import Keys

ONE, TWO, THREE = "1" * 32, "2" * 32, "3" * 32


@pytest.fixture
def store(store_url: str, settings: Settings) -> Iterator[Store]:
    with closing(Store(clients.patient(store_url), Keys(settings.namespace, 2))) as store:
        yield store


def tell(store: Store, *events: Event, partition: int = 0) -> None:
    store.journal.append_once(partition, [Append(one.subject, one) for one in events], closes=True)


def fold(store: Store, batch: int = 1000) -> None:
    """Fold both partitions until nothing is left."""
    made = winback_fold(store, batch=batch)
    while fold_all(store, made, 0) + fold_all(store, made, 1):
        pass


def beat(store: Store) -> None:
    """Let the journal's time go on, so that what is due fires."""
    time.sleep(GRACE + 0.05)
    for p in (0, 1):
        store.journal.append_mark(p, Mark("beat"))
    fold(store)


def long_ago() -> float:
    """Return a time whose rules have all been due for long."""
    return time.time() - 30 * HOUR


def rebuilt(store: Store, tmp_path: Path) -> None:
    """Rebuild both partitions; the state has to be the same, byte for byte."""
    before = [kept_state(store, p) for p in (0, 1)]
    history = History(Lake(tmp_path / "lake"), SEALER.unseal, store.journal.read)
    assert list(verify_cases(store, history, lambda _: None)) == []
    book = hasty_book()
    for p in (0, 1):
        Rebuild(store, history, "builder", book=lambda: book).run("care", p, lambda _: None)
    assert [kept_state(store, p) for p in (0, 1)] == before


def test_who_left_has_a_case_and_who_paid_has_none(store: Store, tmp_path: Path) -> None:
    """One left, one paid in time, one pays later; a rebuild comes to the same bytes."""
    at = long_ago()
    tell(store, *visit(ONE, "v", at), *visit(TWO, "v", at), *visit(THREE, "v", at))
    tell(store, paid(TWO, "p", at + HOUR))
    fold(store)
    beat(store)
    tell(store, paid(THREE, "p", at + 9 * HOUR))
    fold(store)
    found = {case.subject: (case.state.value, case.outcome) for case in all_cases(store)}
    assert found == {ONE: ("open", ""), THREE: ("closed", "returned")}
    rebuilt(store, tmp_path)


@pytest.mark.parametrize("batch", [1, 3])
def test_batches_leave_the_same_state(store: Store, batch: int) -> None:
    """The size of a batch changes neither watches nor cases."""
    other = Store(store.client, Keys(f"{store.keys.namespace}-other", 2))
    at = long_ago()
    for one in (store, other):
        tell(one, *visit(ONE, "v", at), failed(ONE, "f", at + 99), *visit(TWO, "v", at, 2))
    fold(store, batch)
    fold(other)
    assert cases_of(store) == cases_of(other)
    assert len(cases_of(store)) == 1


def cases_of(store: Store) -> list[tuple[str, object]]:
    beat(store)
    return [(case.rule, case.facts) for case in all_cases(store)]


def test_a_visitor_without_a_trail_worth_keeping_costs_nothing(store: Store) -> None:
    """Of who only looked there is neither a watch nor a time at which one is due."""
    tell(store, *visit(ONE, "v", time.time() - 60, 2))
    fold(store)
    state = kept_state(store)
    assert not [name for name in state if name.startswith("watch ")]
    assert state["watch_due"] == []


def test_a_merger_brings_the_trail_and_closes_the_case_of_either(
    store: Store, tmp_path: Path
) -> None:
    """A visitor of two ids pays for both; steps under the old id follow."""
    at = long_ago()
    tell(store, *visit(ONE, "v", at))
    fold(store)
    beat(store)
    into: dict[str, Any] = {"into": TWO, "partition": 1}
    tell(store, Event(ONE, "i", "identified", "server", fields=into))
    fold(store)
    tell(store, *visit(ONE, "late", at + 2 * HOUR, amount=30.0))
    fold(store)
    beat(store)
    (case,) = all_cases(store)
    assert (case.state.value, case.fact("amount"), case.signals) == ("open", 30.0, 2)
    tell(store, paid(TWO, "p", at + 20 * HOUR), partition=1)
    fold(store)
    (case,) = all_cases(store)
    assert (case.state.value, case.outcome) == ("closed", "returned")
    rebuilt(store, tmp_path)


def test_an_erasure_forgets_the_trail(store: Store, tmp_path: Path) -> None:
    """Nothing fires for a forgotten visitor, and the case is gone."""
    at = long_ago()
    tell(store, *visit(ONE, "v", at), *visit(TWO, "v", time.time() - HOUR))
    fold(store)
    beat(store)
    tell(store, *(Event(x, "e", "erased", "server") for x in (ONE, TWO)))
    fold(store)
    beat(store)
    assert all_cases(store) == []
    rebuilt(store, tmp_path)


def test_a_person_acts_on_a_case_that_the_engine_acted_on(store: Store) -> None:
    """Steps of a server's events and of people stand side by side."""
    tell(store, *visit(ONE, "v", long_ago()))
    fold(store)
    beat(store)
    fields = {"channel": "call", "purpose": "winback"}
    tell(store, Event(ONE, "c", "contacted", "server", fields=fields))
    fold(store)
    (case,) = all_cases(store)
    assert store.cases.act(case, step("outcome", time.time(), "o", outcome="stays"), None)
    fold(store)
    (case,) = all_cases(store)
    assert [one.action for one in case.steps] == ["open", "contact", "outcome"]


def test_cases_that_change_are_listed_to_be_ordered(store: Store) -> None:
    """The commit that changes a case of win-back says so to the worker of the order."""
    tell(store, *visit(ONE, "v", long_ago()))
    fold(store)
    beat(store)
    (case,) = all_cases(store)
    assert store.winback_order.take_stale(0, 10) == [case.id]
    assert store.winback_order.take_stale(0, 10) == []


@pytest.mark.parametrize("seed", range(3))
def test_whatever_dies_each_visit_is_judged_once(
    store: Store, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deaths at drawn calls of the store leave the cases of a life without one."""
    fate, at = Fate(seed), long_ago()
    people = [f"{number:032x}" for number in range(12)]

    def fold_through() -> None:
        while True:
            made = winback_fold(store, batch=fate.random.choice((1, 7, 100)))
            with monkeypatch.context() as mortal:
                mortal.setattr(store.client, "_execute", fate.around(store.client._execute))
                try:
                    if not fold_all(store, made, 0) + fold_all(store, made, 1):
                        return
                except Died:
                    continue

    left = [one for x in people for one in (*visit(x, "v", at), failed(x, "f", at + 99))]
    # In one append: on a busy machine a payment would come behind the delay.
    tell(store, *left, *(paid(subject, "p", at + HOUR) for subject in people[::3]))
    fold_through()
    for _ in range(2):
        time.sleep(GRACE + 0.05)
        for p in (0, 1):
            store.journal.append_mark(p, Mark("beat"))
        fold_through()
    tell(store, *(paid(subject, "q", at + 9 * HOUR) for subject in people[1::3]))
    fold_through()
    assert fate.deaths
    found = {case.subject: (case.state.value, case.signals) for case in all_cases(store)}
    closed = dict.fromkeys(people[1::3], ("closed", 1))
    assert found == closed | dict.fromkeys(people[2::3], ("open", 1))
    assert len(all_cases(store)) == len(found)
    rebuilt(store, tmp_path)
