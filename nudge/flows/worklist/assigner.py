"""The assigner: open cases of nobody go to agents, by rules and loads. One worker at a time.

It decides on what the fold has read, and waits for it first: so loads are exact, and a worker that
is killed leaves nothing in memory. Each assignment has an id made of the case and its revision; the
store's script takes one step at a revision, so that nothing is assigned twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from nudge import clock, faults
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.care.case import Case, CaseAction, CaseState, CaseStep, facts_of
from nudge.domain.journal.fold_name import FoldName
from nudge.domain.slots.slot import Scalar
from nudge.domain.worklist.assigning import (
    TIER,
    LoadBook,
    WorkChoice,
    choose_assignee,
    find_assignment,
    work_attributes,
)
from nudge.domain.worklist.case_queue import NOBODY, CaseQueue
from nudge.domain.worklist.work_policy import AssignmentRule, Sharing, WorkPolicy
from nudge.flows.worklist.background import CaseBackground
from nudge.flows.worklist.loads import read_loads
from nudge.store.folds.case_queues import DuePlace, DueQuestion
from nudge.store.folds.case_store import CaseAct
from nudge.store.store import Store

WHO: Final = "nudge"
"""Name of the engine in the history of a case."""
MOST: Final = 5_000
"""Cases that one turn looks at."""
CHUNK: Final = 500
LOOK: Final = 0.05


@dataclass(frozen=True)
class WorkTurn:
    """The result of a turn.

    Attributes:
        looked: cases that were looked at.
        assigned: those that were assigned.
        after: the place behind which the next turn looks on; None for the beginning.
    """

    looked: int = 0
    assigned: int = 0
    after: DuePlace | None = None


@dataclass(frozen=True)
class Assigner:
    """The assigner of an installation.

    Attributes:
        policy: of work lists.
        calendar: of the operator.
        patience: seconds that a turn waits for the fold.
    """

    store: Store
    policy: WorkPolicy
    calendar: OperatorCalendar
    patience: float = 5.0

    def turn(self, at: float, after: DuePlace | None = None) -> WorkTurn:
        """Assign what rules say, from a place on; return how far it came.

        Args:
            at: seconds, now.
            after: of the turn before.

        Raises:
            StoreAwayError: no answer; the next turn goes on.
        """
        if not self.policy.rules or not self._caught_up():
            return WorkTurn(after=after)
        places = self.store.case_queues.first_due(self._question(after))
        if not places:
            return WorkTurn()
        cases = list(self.store.cases.read_many(one.id for one in places).values())
        steps = list(self._steps(cases, at))
        done = 0
        for start in range(0, len(steps), CHUNK):
            faults.point("assign.before_append")
            done += sum(self.store.cases.act_each(steps[start : start + CHUNK]))
            faults.point("assign.after_append")
        return WorkTurn(len(cases), done, places[-1] if len(places) == MOST else None)

    def _caught_up(self) -> bool:
        """Wait until the fold has read what is in the journal now; False where it takes long."""
        every = list(self.store.keys.every_partition())
        ends, until = self.store.journal.last_positions(every), clock.monotonic() + self.patience
        for p in every:
            while self.store.folds.position_of(p, FoldName.CARE) < ends[p]:
                if clock.monotonic() >= until:
                    return False
                clock.sleep(LOOK)
        return True

    def _question(self, after: DuePlace | None) -> DueQuestion:
        """Ask for cases of nobody on which nobody acted, and for those that wait with a team."""
        wanted = {NOBODY: CaseState.OPEN}
        wanted |= dict.fromkeys(self.policy.team_by_name, CaseState.ASSIGNED)

        def wants(queue: CaseQueue) -> bool:
            return wanted.get(queue.owner) == queue.state

        return DueQuestion(frozenset(wanted), wants, self.policy.span, after, most=MOST)

    def _steps(self, cases: Sequence[Case], at: float) -> Iterator[CaseAct]:
        book = read_loads(self.store, self.policy, self.calendar, at)
        background = CaseBackground(self.store)
        segments = background.segments(cases)
        ruled = [
            (case, attributes, rule)
            for case in cases
            for attributes in (work_attributes(case, segments[case.id]),)
            if (rule := self._rule(case, attributes, at)) is not None
        ]
        first = [case for case, _, rule in ruled if rule.sharing is Sharing.PORTFOLIO_FIRST]
        had = background.portfolio(first) if first else {}
        for case, attributes, rule in ruled:
            chosen = _choose(book, rule, case, attributes, had.get(case.id, ""))
            if chosen is not None and chosen.to != case.assignee:
                book.take(chosen.to)
                yield CaseAct(case, assign_step(case, chosen, at))

    def _rule(self, case: Case, attributes: dict[str, Scalar], at: float) -> AssignmentRule | None:
        """Return the rule that says whose a case is; one that waits with a team is the team's."""
        if case.assignee in self.policy.team_by_name:
            return AssignmentRule(case.assignee)
        return find_assignment(self.policy, attributes, at)


def _choose(
    book: LoadBook,
    rule: AssignmentRule,
    case: Case,
    attributes: dict[str, Scalar],
    portfolio: str,
) -> WorkChoice | None:
    asked = case.kind, str(attributes.get(TIER, ""))
    return choose_assignee(book, rule.to, rule.sharing, asked, portfolio)


def assign_step(case: Case, chosen: WorkChoice, at: float) -> CaseStep:
    """Return the step by which the engine assigns a case as it is now."""
    facts = facts_of({"by": chosen.by, "team": chosen.team})
    name = f"assign:{case.id}:{case.revision}"
    return CaseStep(at, CaseAction.ASSIGN.value, WHO, chosen.to, action_id=name, facts=facts)
