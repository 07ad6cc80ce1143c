"""Lists of cases: pages that cost the same however many cases there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from care_site import step

from nudge.domain.care.case import Case, case_id, case_of, opening_record
from nudge.domain.care.signal import Signal
from nudge.domain.care.warning_rule import CaseLevel, EventTest, WarningRule
from nudge.flows.care.case_list import MOST_READ, UNCLOSED, CaseQuestion, list_cases, parse_cursor
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.store.wire import client as clients
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys

BEGIN = 1_700_000_000.0
PARTITIONS = 8


@pytest.fixture
def store(store_url: str, settings: Settings) -> Iterator[Store]:
    store = Store(clients.patient(store_url), Keys(settings.namespace, PARTITIONS))
    yield store
    store.close()


def made(number: int, assignee: str = "") -> Case:
    """A case of an own visitor; two are opened in each second."""
    p, subject, at = number % PARTITIONS, f"{number:032x}", BEGIN + number // 2
    name = case_id(p, subject, "low", "shop", at)
    signal = Signal(at, "feedback", "f", "shop", 2.0)
    rule = WarningRule("low", EventTest("feedback"), CaseLevel.INFO)
    case = case_of(p, opening_record(name, subject, rule, "shop", at, signal), at)
    return case.with_step(step("assign", at + 1, "a", to=assignee)) if assignee else case


def write(store: Store, cases: list[Case]) -> None:
    """Write cases as the fold commits them."""
    writes = [one for case in cases for one in store.cases.put(case.partition, None, case)]
    store.client.call_each([(one.command, one.key, *one.args) for one in writes])


def round_trips(store: Store, monkeypatch: pytest.MonkeyPatch, question: CaseQuestion) -> int:
    """Round trips to the store that a page takes."""
    made_calls: list[object] = []
    execute, each = store.client._execute, store.client.call_each
    with monkeypatch.context() as patched:
        patched.setattr(store.client, "_execute", lambda *c: (made_calls.append(c), execute(*c))[1])

        def counted(commands: Any) -> Any:
            made_calls.append(commands)
            return each(commands)

        patched.setattr(Client, "call_each", lambda _, commands: counted(commands))
        list_cases(store, question)
    return len(made_calls)


def test_a_page_costs_the_same_however_many_cases_there_are(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten round trips for the first page, and for one behind thousands of others."""
    write(store, [made(number) for number in range(300)])
    few = round_trips(store, monkeypatch, CaseQuestion(UNCLOSED))
    write(store, [made(number) for number in range(300, 6_000)])
    assert round_trips(store, monkeypatch, CaseQuestion(UNCLOSED)) == few == PARTITIONS + 2
    page, behind = list_cases(store, CaseQuestion(UNCLOSED)), 0
    while behind < 3_000:
        behind += len(page.cases)
        question = CaseQuestion(UNCLOSED, after=parse_cursor(page.cursor))
        page = list_cases(store, question)
    assert round_trips(store, monkeypatch, question) <= few + PARTITIONS


def test_a_filter_that_finds_few_looks_through_a_bounded_part(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of thousands: six reads a page, and by the cursor each is found once.

    In a read a partition is asked once, or twice where the page begins among its cases.
    """
    mine = {7, 2_500, 6_999}
    cases = [made(number, "ann" if number in mine else "") for number in range(7_000)]
    write(store, cases)
    question = CaseQuestion(UNCLOSED, assignee="ann")
    assert round_trips(store, monkeypatch, question) <= 6 * (2 * PARTITIONS + 1) + 1
    page, found, pages = list_cases(store, question), [], 1
    while True:
        found += [int(case.subject, 16) for case in page.cases]
        if not page.cursor:
            break
        page, pages = (
            list_cases(store, replace(question, after=parse_cursor(page.cursor))),
            pages + 1,
        )
    assert found == [6_999, 2_500, 7]
    assert pages <= 7_000 // MOST_READ + 1


def test_warnings_are_not_behind_cases_of_other_kinds(store: Store) -> None:
    """Thousands who left the path later: the page finds the one warning, and is whole."""
    write(store, [made(1), *(replace(made(n), kind="winback") for n in range(2, 5_400))])
    page = list_cases(store, CaseQuestion(UNCLOSED))
    assert [int(case.subject, 16) for case in page.cases] == [1]
    assert page.cursor == ""
    (warning,) = [x for p in range(PARTITIONS) for x in store.cases.places(p, None, 9)]
    assert warning.id == page.cases[0].id
