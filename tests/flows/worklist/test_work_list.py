"""Work lists: queues agree with the cases, and pages are in the order in which they are due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

import pytest
from care_site import step

from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.care.case import Case, CaseState, case_of, opening_record
from nudge.domain.care.signal import Signal
from nudge.domain.care.warning_rule import CaseKind, CaseLevel, EventTest, WarningRule
from nudge.domain.worklist.case_queue import parse_queue, queues_of
from nudge.domain.worklist.work_policy import AgeingRule, Agent, Team, WorkPolicy
from nudge.flows.worklist.work_list import WorkQuestion, list_work, parse_due_cursor
from nudge.flows.worklist.work_summary import summarise_work
from nudge.settings.settings import Settings
from nudge.store.folds.folds import FoldWrite
from nudge.store.store import Store
from nudge.store.wire import client as clients
from nudge.store.wire.keys import Keys

BEGIN = 1_700_000_000.0
PARTITIONS = 2
POLICY = WorkPolicy(
    (Team("care"),),
    (Agent("ann", "care"), Agent("bo", "care"), Agent("cy")),
    ageing=(AgeingRule("", "critical", 3600.0), AgeingRule("winback", "", 7200.0)),
)
LEVELS = (CaseLevel.INFO, CaseLevel.WARNING, CaseLevel.CRITICAL)


@pytest.fixture
def store(store_url: str, settings: Settings) -> Iterator[Store]:
    store = Store(clients.patient(store_url), Keys(settings.namespace, PARTITIONS))
    yield store
    store.close()


def made(number: int, random: Random) -> Case:
    """Return a case of an own visitor; every eighth is held out."""
    rule = WarningRule(
        "low",
        EventTest("feedback"),
        random.choice(LEVELS),
        kind=random.choice(list(CaseKind)),
        held_share=float(number % 8 == 0),
    )
    at = BEGIN + random.randrange(0, 20_000)
    signal = Signal(at, "feedback", "f", "shop", 2.0)
    p, name = number % PARTITIONS, f"{number % PARTITIONS}-{number:018x}"
    return case_of(p, opening_record(name, f"{number:032x}", rule, "shop", at, signal), at)


def apply(store: Store, writes: Iterator[FoldWrite]) -> None:
    store.client.call_each([(one.command, one.key, *one.args) for one in writes])


def lived(store: Store, count: int, seed: int = 1) -> dict[str, Case]:
    """Write cases, and take random steps on them; some are forgotten."""
    random = Random(seed)  # noqa: S311 - a test's own
    cases = {one.id: one for one in (made(n, random) for n in range(count))}
    for case in cases.values():
        apply(store, store.cases.put(case.partition, None, case))
    for number in range(count * 3):
        case = cases[random.choice(list(cases))]
        at = BEGIN + 30_000 + number
        after = case.with_step(random.choice(_steps(at, f"i{number}")))
        if not case.held:
            apply(store, store.cases.put(case.partition, case, after))
            cases[case.id] = after
    for name in random.sample(list(cases), count // 10):
        apply(store, store.cases.drop(int(name[0]), [name, "0-none"], {name: cases.pop(name)}))
    return cases


def _steps(at: float, name: str) -> list[object]:
    return [
        *(step("assign", at, name, to=to) for to in ("ann", "bo", "cy", "care")),
        *(step(action, at, name) for action in ("contact", "close", "reopen", "export")),
    ]


def expected(cases: dict[str, Case], question: WorkQuestion) -> list[str]:
    """Return the ids of a question's cases as a walk over all of them finds them."""
    owners = question.owners(POLICY)
    found = []
    for case in cases.values():
        for queue in map(parse_queue, queues_of(case, case.state)):
            due = POLICY.span(queue) + case.opened
            if queue.owner in owners and question.wants(queue) and due < question.due_before:
                found.append((due, case.id))
    return [name for _, name in sorted(found)]


def pages(store: Store, question: WorkQuestion) -> Iterator[Sequence[Case]]:
    while True:
        page = list_work(store, POLICY, question)
        yield page.cases
        if not page.cursor:
            return
        question = replace(question, after=parse_due_cursor(page.cursor))


def test_pages_are_those_of_a_walk_over_all_cases(store: Store) -> None:
    """Whatever happened to the cases, each filter finds the same, in the order of due times."""
    cases = lived(store, 120)
    asked = (
        *(WorkQuestion(), WorkQuestion(kind="winback"), WorkQuestion(level="critical")),
        *(WorkQuestion(assignee="ann"), WorkQuestion(assignee="care"), WorkQuestion(team="care")),
        *(WorkQuestion(unassigned=True), WorkQuestion(held=True), WorkQuestion(assignee="dan")),
        *(WorkQuestion(state="contacted"), WorkQuestion(team="care", assignee="cy")),
        WorkQuestion(kind="warning", team="care", due_before=BEGIN + 15_000),
    )
    sizes = []
    for question in asked:
        wanted = expected(cases, question)
        sizes.append(len(wanted))
        for limit in (7, 1_000):
            found = [c.id for page in pages(store, replace(question, limit=limit)) for c in page]
            assert found == wanted, question
    assert sum(size > 0 for size in sizes) >= 9


def test_closed_cases_are_in_the_order_of_their_closing(store: Store) -> None:
    """A closed case is due for nobody; its place is when it was closed."""
    cases = lived(store, 60)
    closed = [one for one in cases.values() if one.state is CaseState.CLOSED]
    found = list_work(store, POLICY, WorkQuestion(state="closed")).cases
    times = [max(x.at for x in one.steps if x.action == "close") for one in found]
    assert times == sorted(times)
    assert {one.id for one in found} == {one.id for one in closed if not one.held}


def test_the_summary_counts_what_the_lists_show(store: Store) -> None:
    """Open, overdue and closed today agree with the cases, for each who has some."""
    cases = lived(store, 120)
    at = BEGIN + 12_000.0
    found = summarise_work(store, POLICY, OperatorCalendar(), at)
    open_ones = [one for one in cases.values() if one.state is not CaseState.CLOSED]
    owners = Counter(one.assignee or "-" for one in open_ones if not one.held)
    assert {owner: found.of((owner,)).open for owner in owners} == owners
    overdue = len(expected(cases, WorkQuestion(due_before=at)))
    assert 0 < overdue == found.of().overdue
    assert found.of().open == sum(owners.values())
    teams = found.by_team(POLICY)
    assert sum(one.open for one in teams.values()) == found.of().open
    oldest = min(one.opened for one in open_ones if not one.held)
    assert found.of().oldest == at - oldest


def test_a_page_reads_its_rows_and_not_its_cases(store: Store) -> None:
    """Cases of one moment are paged, too: no case is left out, and none comes twice."""
    random = Random(2)  # noqa: S311 - a test's own
    for number in range(1, 50):
        one = replace(made(8 * number + 1, random), opened=BEGIN, level="info", kind="warning")
        apply(store, store.cases.put(one.partition, None, one))
    found = [case.id for page in pages(store, WorkQuestion(limit=5)) for case in page]
    assert len(found) == len(set(found)) == 49
    assert found == sorted(found)
    assert list_work(store, POLICY, WorkQuestion(due_before=BEGIN)).cases == []
