"""Work lists: 100,000 open cases; what a page costs, how even loads are, how long assigning takes.

    python -m benchmarks worklist [--cases N] [--small]

Cases are opened by records that the fold `care` reads, and assigned by the assigner as a worker
does, the fold behind it. A page has 100 rows as HTTP answers them: view, portfolio, reach by the
contact policy, and the measure that is due. Baseline `of 1,000`: the same page where only 1,000
cases are open.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random
from statistics import median
from typing import Final

import structlog

from bandits.units import DAY, HOUR
from benchmarks.folds import folded, served
from benchmarks.options import option_parser
from benchmarks.warnings import timed
from nudge.config.documents.contact_file import load_contact
from nudge.config.slot_file import load_slots
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.care.case import CaseState, opening_record
from nudge.domain.care.rule_book import RuleBook
from nudge.domain.care.signal import Signal
from nudge.domain.care.warning_rule import (
    CaseKind,
    CaseLevel,
    EventTest,
    WarningPolicy,
    WarningRule,
)
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.identity.sealing import Sealer
from nudge.domain.measures.measure import SLOT, Measure
from nudge.domain.slots.learning import first_policy
from nudge.domain.slots.rule import read_rule
from nudge.domain.worklist.assigning import LoadBook
from nudge.domain.worklist.case_queue import OWNERS
from nudge.domain.worklist.work_policy import (
    AgeingRule,
    Agent,
    AssignmentRule,
    ContactPlan,
    Team,
    WorkPolicy,
)
from nudge.domain.worklist.work_view import WorkViewer
from nudge.flows.folds.care import CareFold
from nudge.flows.measures.measure_desk import MeasureDesk
from nudge.flows.serving.subject_decider import SubjectDecider
from nudge.flows.worklist.assigner import Assigner
from nudge.flows.worklist.contact_desk import ContactDesk
from nudge.flows.worklist.loads import loads_of
from nudge.flows.worklist.work_list import WorkQuestion, list_work, parse_due_cursor
from nudge.flows.worklist.work_rows import WorkRows
from nudge.store.journal.appends import Append
from nudge.store.store import Store

BASELINE: Final = "of 1,000"
SLOTS: Final = Path(__file__).parents[1] / "config" / "slots"
CASES: Final = 100_000
SMALL: Final = 400
FEW: Final = 1_000
WANTED: Final = 100.0
"""Milliseconds of a page."""
UNEVEN: Final = 0.01
"""Share by which an agent's load may differ from its part."""
TEAMS: Final = 5
AGENTS: Final = 100
TIMES: Final = 15
_CHUNK: Final = 500
_LEVELS: Final = tuple(one for one in CaseLevel if one is not CaseLevel.PROPOSAL)
CALENDAR: Final = OperatorCalendar()
Pages = dict[str, tuple[float, float]]
"""Filter -> milliseconds of a page by the wall, and of processor time of process and store."""


def work_policy(cases: int) -> WorkPolicy:
    """Return 100 agents of five teams, with capacities of one to three parts."""
    part = cases // AGENTS + 1
    agents = tuple(
        Agent(f"agent{number}", f"team{number % TEAMS}", part * (1 + number % 3))
        for number in range(AGENTS)
    )
    rules = tuple(
        AssignmentRule(f"team{number}", words={"scene": frozenset({f"scene{number}"})})
        for number in range(TEAMS)
    )
    ageing = (
        AgeingRule("warning", "critical", 4 * HOUR, 600.0, 4 * HOUR),
        AgeingRule("winback", due=2 * DAY),
        AgeingRule(due=7 * DAY),
    )
    teams = tuple(Team(f"team{number}") for number in range(TEAMS))
    return WorkPolicy(teams, agents, rules, ageing, contacts=ContactPlan(("call", "sms")))


def open_cases(store: Store, cases: int, at: float) -> None:
    """Append the records by which cases of all kinds and levels open, of the last five days."""
    random = Random(1)  # noqa: S311 - the same cases every time
    rows: dict[int, list[Append]] = {p: [] for p in store.keys.every_partition()}
    for number in range(cases):
        p, subject = number % store.keys.partitions, f"{number:032x}"
        kind, level = random.choice(list(CaseKind)), random.choice(_LEVELS)
        opened = at - random.uniform(0, 5 * DAY)
        rule = WarningRule("low", EventTest("feedback"), level, kind=kind)
        signal = Signal(opened, "feedback", f"f{number}", f"scene{random.randrange(TEAMS)}", 2.0)
        record = opening_record(f"{p}-{number:018x}", subject, rule, "shop", opened, signal)
        rows[p].append(Append(subject, record))
        if len(rows[p]) == _CHUNK:
            store.journal.append_once(p, rows[p], closes=False)
            rows[p].clear()
    for p, rest in rows.items():
        store.journal.append_once(p, rest, closes=False)


def assign_all(store: Store, policy: WorkPolicy, fold: CareFold, at: float) -> tuple[float, float]:
    """Assign every case; return the seconds of the assigner and of the fold behind it."""
    assigner, after, mine, behind = Assigner(store, policy, CALENDAR), None, 0.0, 0.0
    while True:
        began = time.perf_counter()
        found = assigner.turn(at, after)
        assigned = time.perf_counter()
        folded(store, fold)
        mine, behind = mine + assigned - began, behind + time.perf_counter() - assigned
        after = found.after
        if found.assigned == 0:
            return mine, behind


def unevenness(store: Store, policy: WorkPolicy) -> float:
    """Return the largest share by which an agent's load differs from its part of the team's."""
    loads = loads_of(store.case_queues.count())
    worst = 0.0
    for team in policy.teams:
        members = policy.members(team.name)
        total = sum(loads.get(one.name, 0) for one in members)
        weights = sum(one.capacity for one in members)
        for one in members:
            part = total * one.capacity / weights
            worst = max(worst, abs(loads.get(one.name, 0) - part) / max(part, 1.0))
    return worst


def questions(at: float) -> dict[str, WorkQuestion]:
    """Return a question for each filter."""
    return {
        "all": WorkQuestion(),
        "kind": WorkQuestion(kind="winback"),
        "kind, level": WorkQuestion(kind="warning", level="critical"),
        "state open": WorkQuestion(state=CaseState.OPEN.value),
        "assignee": WorkQuestion(assignee="agent7"),
        "team": WorkQuestion(team="team2"),
        "team, level": WorkQuestion(team="team2", level="critical"),
        "unassigned": WorkQuestion(unassigned=True),
        "overdue": WorkQuestion(due_before=at),
        "due in a day": WorkQuestion(due_before=at + DAY),
        "held out": WorkQuestion(held=True),
    }


def measure_desk(store: Store, rules: ContactPolicy) -> MeasureDesk:
    """Return the desk of a measure that is due for everybody, with the shipped slot."""
    due = Measure("all", read_rule({"attribute": "payments", "known": False}), held_share=0.0)
    slot = load_slots(SLOTS)[SLOT]
    decider = SubjectDecider(store, Sealer(b"k" * 32), 0.0, {})
    live = {SLOT: LiveSlot(slot, first_policy(slot))}
    return MeasureDesk(store, decider, live, {due.name: due}, rules)


def page_times(store: Store, policy: WorkPolicy, contact: Path, at: float) -> Pages:
    """Return the milliseconds of a page for each filter, and of one deep in the list."""
    rules = load_contact(contact, "Asia/Shanghai")
    desk = ContactDesk(store, rules, policy.contacts)
    viewer = WorkViewer(WarningPolicy(), policy, CALENDAR, at)
    rows = WorkRows(desk, viewer, measure_desk(store, rules))
    asked = questions(at)
    deep, question = WorkQuestion(limit=1_000), WorkQuestion(limit=1_000)
    for _ in range(20):
        page = list_work(store, policy, question)
        if not page.cursor:
            break
        deep = question = replace(question, after=parse_due_cursor(page.cursor))
    asked["deep"] = replace(deep, limit=100)
    return {name: _timed(store, policy, rows, one) for name, one in asked.items()}


def _timed(
    store: Store, policy: WorkPolicy, rows: WorkRows, question: WorkQuestion
) -> tuple[float, float]:
    times = []

    def work() -> None:
        for _ in range(TIMES):
            began = time.perf_counter()
            rows.make(list_work(store, policy, question).cases)
            times.append(1000 * (time.perf_counter() - began))

    _, own, server = timed(store, work)
    return median(times), 1000 * (own + server) / TIMES


def choose_alone(policy: WorkPolicy, cases: int) -> float:
    """Return the choices a second of the book of loads alone."""
    book, members = LoadBook(policy, {}, date(2026, 11, 30)), policy.members("team0")
    began = time.perf_counter()
    for _ in range(cases):
        found = book.least(members)
        if found is None:
            break
        book.take(found.name)
    return cases / (time.perf_counter() - began)


def main(arguments: Sequence[str] = ()) -> int:
    """Print the figures; 1 where a page is slower, or loads are less even, than is wanted."""
    parser = option_parser("worklist", __doc__)
    parser.add_argument("--cases", type=int, default=CASES, help="open cases")
    given = parser.parse_args(arguments)
    cases = SMALL if given.small else given.cases
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    contact, at = Path(__file__).parents[1] / "config", time.time()
    policy = work_policy(cases)
    few = _run(FEW if not given.small else SMALL // 4, policy, contact, at)
    many = _run(cases, policy, contact, at)
    print(f"worklist: {cases:,} open cases, {AGENTS} agents of {TEAMS} teams; a page of 100 rows")
    print(f"  {'filter':16} {'ms':>8} {'of cpu':>8} {BASELINE:>10} {'of cpu':>8}")
    for name, took in many[0].items():
        print(f"  {name:16} {took[0]:8.1f} {took[1]:8.1f} {few[0][name][0]:10.1f}", end="")
        print(f" {few[0][name][1]:8.1f}")
    worst, uneven, assigning, behind = max(one for one, _ in many[0].values()), *many[1:]
    print(f"  slowest page {worst:.1f} ms, asked {WANTED:.0f}")
    print(f"  loads differ by {uneven:.2%} of an agent's part at most, asked {UNEVEN:.0%}")
    print(f"  all assigned in {assigning:.1f} s, and {behind:.1f} s of the fold behind it")
    print(f"  {choose_alone(policy, cases):,.0f} choices a second of the book of loads")
    return int((worst > WANTED or uneven > UNEVEN) and not given.small)


def _run(
    cases: int, policy: WorkPolicy, contact: Path, at: float
) -> tuple[Pages, float, float, float]:
    with served() as store:
        open_cases(store, cases, at)
        fold = CareFold(store, RuleBook)
        folded(store, fold)
        assigning, behind = assign_all(store, policy, fold, at)
        counts = store.case_queues.count()
        known = sum(n for queue, n in counts.items() if queue.owner not in OWNERS)
        assert known == cases, f"{known} of {cases} are assigned"  # noqa: S101 - a benchmark's check
        return page_times(store, policy, contact, at), unevenness(store, policy), assigning, behind


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
