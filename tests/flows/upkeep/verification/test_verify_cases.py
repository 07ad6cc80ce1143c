"""Verify cases: a case that is not what its records come to is named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from care_site import SEALER, all_cases, care_fold, feedback, fold_all, step, tell

from nudge import clock
from nudge.domain.care.case import Case, CaseState, encode_case
from nudge.domain.journal.records import Event
from nudge.flows.upkeep.verification.verify_cases import verify_cases
from nudge.lake.files.history import History
from nudge.lake.files.reader import Lake
from nudge.settings.settings import Settings
from nudge.store.journal.appends import Append
from nudge.store.keeping.care_figures import read_care_figures
from nudge.store.store import Store
from nudge.store.wire import client as clients
from nudge.store.wire.keys import Keys

PEOPLE = [f"{number:032x}" for number in range(8)]
OTHER = "f" * 32


@pytest.fixture
def store(store_url: str, settings: Settings) -> Iterator[Store]:
    store = Store(clients.patient(store_url), Keys(settings.namespace, 2))
    yield store
    store.close()


def fold_both(store: Store) -> None:
    fold = care_fold(store, batch=7)
    while fold_all(store, fold, 0) + fold_all(store, fold, 1):
        pass


def fill(store: Store) -> None:
    """Cases that are joined, followed, closed; a merged visitor, and two who are forgotten."""
    tell(store, *(feedback(one, "a", 1) for one in PEOPLE))
    fold_both(store)
    tell(store, *(feedback(one, "b", 2, scene="app") for one in PEOPLE[:4]))
    first, second, *_ = all_cases(store)
    store.cases.act(first, step("contact", first.opened + 5, "x1"), None)
    closing = step("close", second.opened + 9, "x2", outcome="left")
    store.cases.act(second, closing, None)
    fields = {"into": OTHER, "partition": 1}
    tell(store, *(Event(one, "i", "identified", "server", fields=fields) for one in PEOPLE[5:7]))
    fold_both(store)
    tell(store, feedback(PEOPLE[5], "c", 3), Event(PEOPLE[7], "e", "erased", "server"))
    fold_both(store)
    erased = Event(OTHER, "e", "erased", "server")
    store.journal.append_once(1, [Append("", erased)], closes=True)


def unclosed(store: Store) -> list[Case]:
    """Cases that stand in the list of those not closed."""
    return [one for one in all_cases(store) if one.state != CaseState.CLOSED]


def differences(store: Store, path: Path) -> list[str]:
    history = History(Lake(path / "lake"), SEALER.unseal, store.journal.read)
    return [str(one) for one in verify_cases(store, history, lambda _: None)]


def test_cases_agree_with_a_replay_of_their_records(store: Store, tmp_path: Path) -> None:
    """Cases of a fold agree at each position, also behind mergers and erasures."""
    fill(store)
    assert differences(store, tmp_path) == []
    fold_both(store)
    assert {case.subject for case in all_cases(store)} == set(PEOPLE[:5])
    assert differences(store, tmp_path) == []


def test_a_case_that_was_changed_lost_or_made_up_is_named(store: Store, tmp_path: Path) -> None:
    """Each difference is one line with the case's id, and what is wrong with it."""
    fill(store)
    fold_both(store)
    changed, lost, *_ = unclosed(store)
    call, keys = store.client.call, store.keys
    call("SET", keys.case(0, changed.id), encode_case(changed.with_step(step("close", 1.0, "z"))))
    call("DEL", keys.case(0, lost.id))
    call("SET", keys.case(1, "1-00"), encode_case(changed))
    found = differences(store, tmp_path)
    assert len(found) == 5  # two of them are not listed as they should be
    assert any(f"p=0 case {changed.id}: expected steps" in one for one in found)
    assert any(f"p=0 case {lost.id}: expected one" in one and "none" in one for one in found)
    assert any("p=1 case 1-00: expected none" in one for one in found)


def test_a_case_in_the_wrong_list_is_named(store: Store, tmp_path: Path) -> None:
    """A case that is missing from the list of those not closed would be seen by nobody."""
    fill(store)
    fold_both(store)
    case = unclosed(store)[0]
    store.client.call("ZREM", store.keys.cases_open(0), case.id)
    (line,) = differences(store, tmp_path)
    assert f"lists of case {case.id}" in line


def test_a_case_that_is_on_no_work_list_is_named(store: Store, tmp_path: Path) -> None:
    """Cases of a version before work lists are in no queue; a rebuild of `care` lists them."""
    fill(store)
    fold_both(store)
    case = unclosed(store)[0]
    queue = f"*:{case.state.value}:{case.kind}:{case.level}"
    store.client.call("ZREM", store.keys.case_queue(0, queue), case.id)
    (line,) = differences(store, tmp_path)
    assert f"work list of case {case.id}" in line


def test_figures_count_each_case_by_its_level(store: Store) -> None:
    """Figures count cases that were joined, closed, moved or forgotten, and tell the oldest."""
    fill(store)
    tell(
        store,
        feedback(PEOPLE[4], "t", 9, "慢"),
        feedback(PEOPLE[4], "u", 9, "好"),
        texts=["慢", "好"],
    )
    fold_both(store)
    now = clock.now()
    found = read_care_figures(store.client, store.keys, now + 5)
    cases = [*all_cases(store), *all_cases(store, 1)]
    unclosed = [one for one in cases if one.state is not CaseState.CLOSED]
    told = {level: count for level, count in found.unclosed.items() if count}
    assert told == Counter(one.level for one in unclosed)
    assert sum(found.opened.values()) > len(cases)
    assert (found.texts, found.heard, found.late) == (2, 1, 0.0)
    assert found.oldest == pytest.approx(now + 5 - min(one.opened for one in unclosed))


def test_a_delayed_rule_that_nobody_looks_at_is_told(store: Store) -> None:
    """While no worker runs, the time since it was due grows."""
    event = Event(PEOPLE[0], "f", "payment_failed", "server", fields={"reason": "bank"})
    tell(store, event)
    fold_both(store)
    assert read_care_figures(store.client, store.keys, clock.now() + 60).late == pytest.approx(
        60, abs=2
    )
