"""The assigner: cases of nobody go by rules and loads, once, on what the fold has read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from care_site import all_cases, care_fold, feedback, fold_all, step, tell

from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.care.case import Case, opening_record
from nudge.domain.care.signal import Signal
from nudge.domain.care.warning_rule import CaseLevel, EventTest, WarningRule
from nudge.domain.worklist.work_policy import Agent, AssignmentRule, Sharing, Team, WorkPolicy
from nudge.flows.worklist.assigner import Assigner
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.store.wire import client as clients
from nudge.store.wire.keys import Keys

NOW = 1_795_579_200.0
AGENTS = (Agent("ann", "care", 10), Agent("bo", "care", 20))
LOAD = WorkPolicy((Team("care"),), AGENTS, (AssignmentRule("care"),))


@pytest.fixture
def store(store_url: str, settings: Settings) -> Iterator[Store]:
    store = Store(clients.patient(store_url), Keys(settings.namespace, 2))
    yield store
    store.close()


def open_cases(store: Store, count: int, first: int = 0, level: CaseLevel = CaseLevel.INFO) -> None:
    """Open cases of so many visitors in partition 0, by their records."""
    for number in range(first, first + count):
        rule = WarningRule(f"r{number}", EventTest("feedback"), level)
        signal = Signal(NOW, "feedback", f"f{number}", "shop", 2.0)
        name, subject = f"0-{number:018x}", f"{number % 1000:032x}"
        tell(store, opening_record(name, subject, rule, "shop", NOW + number, signal))
    fold_all(store, care_fold(store))


def assigner(store: Store, policy: WorkPolicy = LOAD, patience: float = 5.0) -> Assigner:
    return Assigner(store, policy, OperatorCalendar(), patience)


def owners(store: Store) -> Counter[str]:
    return Counter(case.assignee for case in all_cases(store))


def by(case: Case) -> object:
    return dict(case.steps[-1].facts).get("by")


def test_loads_follow_capacities_and_nothing_is_assigned_twice(store: Store) -> None:
    """Of 24 cases the one with twice the capacity has 16; a turn before the fold adds nothing."""
    open_cases(store, 24)
    assert assigner(store).turn(NOW).assigned == 24
    assert assigner(store, patience=0.0).turn(NOW).assigned == 0
    fold_all(store, care_fold(store))
    assert assigner(store).turn(NOW).assigned == 0
    assert owners(store) == {"ann": 8, "bo": 16}
    assert all(len(case.steps) == 2 for case in all_cases(store))


def test_what_nobody_can_take_waits_and_hinders_nobody(store: Store) -> None:
    """Six more than there is room for stay; they go on as soon as there is room."""
    open_cases(store, 36)
    assert assigner(store).turn(NOW).assigned == 30
    fold_all(store, care_fold(store))
    assert owners(store) == {"ann": 10, "bo": 20, "": 6}
    first = next(case for case in all_cases(store) if case.assignee == "ann")
    assert store.cases.act(first, step("close", NOW + 99, "c", outcome="stays"), None)
    fold_all(store, care_fold(store))
    assert assigner(store).turn(NOW).assigned == 1


def test_a_case_of_a_team_goes_to_its_agents(store: Store) -> None:
    """A case that somebody assigned to the team as a whole is shared out, without a rule."""
    open_cases(store, 2)
    for case in all_cases(store):
        assert store.cases.act(case, step("assign", NOW, f"t{case.id}", to="care"), None)
    fold_all(store, care_fold(store))
    rule = AssignmentRule("care", words={"kind": frozenset({"winback"})})
    other = WorkPolicy(LOAD.teams, AGENTS, (rule,))
    assert assigner(store, other).turn(NOW).assigned == 2
    fold_all(store, care_fold(store))
    assert sum(owners(store)[name] for name in ("ann", "bo")) == 2


def test_a_person_keeps_the_same_agent(store: Store) -> None:
    """The second case of a visitor goes to whoever had the first, though the other has less."""
    tell(store, feedback("5" * 32, "f1", 2, scene="shop"))
    fold_all(store, care_fold(store))
    fold_all(store, care_fold(store))
    rules = (AssignmentRule("care", Sharing.PORTFOLIO_FIRST),)
    policy = WorkPolicy(LOAD.teams, AGENTS, rules)
    (case,) = all_cases(store)
    assert store.cases.act(case, step("assign", NOW, "t", to="ann"), None)
    fold_all(store, care_fold(store))
    tell(store, feedback("5" * 32, "f2", 2, scene="app"))
    fold_all(store, care_fold(store))
    fold_all(store, care_fold(store))
    assert assigner(store, policy).turn(NOW).assigned == 1
    fold_all(store, care_fold(store))
    last = max(all_cases(store), key=lambda one: one.opened)
    assert (last.subject, last.assignee, by(last)) == (case.subject, "ann", "portfolio")


def test_no_rule_no_assignment(store: Store) -> None:
    """Without rules, and for cases that no rule is for, people assign."""
    open_cases(store, 1)
    assert assigner(store, WorkPolicy(LOAD.teams, AGENTS)).turn(NOW).assigned == 0
    rule = AssignmentRule("care", words={"level": frozenset({"critical"})})
    assert assigner(store, WorkPolicy(LOAD.teams, AGENTS, (rule,))).turn(NOW).assigned == 0


def test_two_assigners_at_once_assign_each_case_once(store: Store) -> None:
    """A decision that both make on the same reading is one step: the script finds the first."""
    open_cases(store, 10)
    one, two = assigner(store), assigner(store)
    places = one.turn(NOW).assigned
    cases = all_cases(store)
    steps = list(two._steps(cases, NOW))
    store.cases.act_each(steps)
    fold_all(store, care_fold(store))
    assert places == 10
    assert all(len(case.steps) == 2 for case in all_cases(store))
