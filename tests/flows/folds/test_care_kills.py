"""The fold `care` under a schedule of deaths at any call of the store: it warns once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from care_site import POLICY, SEALER, care_fold, feedback, fold_all, kept_state, step, tell
from mortal_store import Died, Fate

from nudge.domain.care.rule_book import RuleBook
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

PEOPLE = [f"{number:032x}" for number in range(24)]
OTHERS = [f"{number:032x}" for number in range(100, 104)]
AFTER = 4.0
"""Seconds of the delay: those who pay do so before, however busy the machine is."""
*AT_ONCE, UNPAID = POLICY.rules
RULES = replace(POLICY, rules=(*AT_ONCE, replace(UNPAID, after=AFTER)))


@pytest.fixture
def store(store_url: str, settings: Settings) -> Iterator[Store]:
    with closing(Store(clients.patient(store_url), Keys(settings.namespace, 2))) as store:
        yield store


def fold_through(store: Store, fate: Fate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fold both partitions until nothing is left; after each death a new process begins."""
    while True:
        fold = care_fold(store, RULES, batch=fate.random.choice((1, 7, 100)))
        with monkeypatch.context() as mortal:
            mortal.setattr(store.client, "_execute", fate.around(store.client._execute))
            try:
                if not fold_all(store, fold, 0) + fold_all(store, fold, 1):
                    return
            except Died:
                continue


def failed(subject: str, name: str = "f") -> Event:
    return Event(subject, name, "payment_failed", "server", fields={"reason": "bank"})


class Life(NamedTuple):
    """A store with what folds it."""

    store: Store
    fold: Callable[[], None]

    def begin(self) -> None:
        """Have payments fail, and things be said, by words and by what the model knows."""
        for number, subject in enumerate(PEOPLE):
            text = ("太慢", "生气", "", "很好")[number % 4]
            tell(self.store, feedback(subject, "a", 9, text), failed(subject), texts=[text])
        self.fold()

    def go_on(self) -> None:
        """Have some pay in time, ids turn out to be one visitor, and a case be closed."""
        store = self.store
        tell(store, *(Event(x, "p", "paid", "server", fields={"amount": 50}) for x in PEOPLE[::3]))
        for subject, other in zip(PEOPLE, OTHERS, strict=False):
            fields = {"into": other, "partition": 1}
            tell(store, Event(subject, "i", "identified", "server", fields=fields))
            tell(store, feedback(subject, "late", 1, scene="app"))
            store.journal.append_once(1, [Append("", failed(other))], closes=True)
        self.fold()
        case = next(iter(store.cases.opened_before(0, time.time() + 9)))
        store.cases.act(case, step("close", case.opened + 5, "x", outcome="stays"), None)
        self.fold()

    def end(self) -> None:
        """Let what is due fire."""
        for _ in range(2):
            for p in (0, 1):
                self.store.journal.append_mark(p, Mark("beat"))
            self.fold()


def warned(store: Store) -> Counter[tuple[str, str, str]]:
    """Counts by the journal: warnings of each visitor by each rule, and joined signals."""
    found: Counter[tuple[str, str, str]] = Counter()
    for p in (0, 1):
        for entry in store.journal.read(p, 0, 10_000):
            record = entry.record
            if isinstance(record, Event) and record.type == "warned":
                told = "joins" if "number" in record.fields else "opens"
                found[record.subject, str(record.fields["rule"]), told] += 1
    return found


def other_store(store: Store, name: str) -> Store:
    return Store(store.client, Keys(f"{store.keys.namespace}-{name}", 2))


@pytest.mark.parametrize("seed", range(4))
def test_whatever_dies_each_rule_fires_once(
    store: Store, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some dozens of deaths open the cases of a life without one; state and records agree."""
    fate, calm = Fate(seed), other_store(store, "calm")
    lives = (
        Life(store, lambda: fold_through(store, fate, monkeypatch)),
        Life(calm, lambda: fold_calmly(calm)),
    )
    for one in lives:
        one.begin()
        one.go_on()
    time.sleep(AFTER)
    for one in lives:
        one.end()
    assert fate.deaths >= 10
    assert warned(store) == warned(calm)
    assert max(warned(store).values()) == 1
    history = History(Lake(tmp_path / "lake"), SEALER.unseal, store.journal.read)
    assert list(verify_cases(store, history, lambda _: None)) == []
    before = [kept_state(store, p) for p in (0, 1)]
    book = RuleBook(RULES)
    for p in (0, 1):
        Rebuild(store, history, "builder", book=lambda: book).run("care", p, lambda _: None)
    assert [kept_state(store, p) for p in (0, 1)] == before


def fold_calmly(store: Store) -> None:
    fold = care_fold(store, RULES)
    while fold_all(store, fold, 0) + fold_all(store, fold, 1):
        pass
