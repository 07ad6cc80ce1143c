"""The desk at which people assign many cases: by hand, by load, or from one agent to others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from nudge import clock, faults
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.care.case import (
    Case,
    CaseAction,
    CaseStep,
    facts_of,
    is_news,
    problem_of,
)
from nudge.domain.care.warning_rule import WarningPolicy
from nudge.domain.worklist.assigning import TIER, LoadBook, WorkChoice, choose_assignee
from nudge.domain.worklist.work_policy import AssignedBy, Sharing, WorkPolicy
from nudge.errors import InvalidRequestError
from nudge.flows.worklist.background import CaseBackground
from nudge.flows.worklist.loads import read_loads
from nudge.store.folds.case_store import CaseAct
from nudge.store.store import Store

CHUNK: Final = 200
PATIENCE: Final = 2.0
"""Seconds that a call waits until steps of others have reached their cases."""
LOOK: Final = 0.05
_NOBODY_HERE: Final = "nobody of the team has room, is here and takes this kind; ask for an agent"


class AssignmentRequest(NamedTuple):
    """A request to assign cases.

    Attributes:
        to: name of an agent, a team, or any other agent of warnings.toml.
        by: of an `AssignedBy`: `hand`, `load` or `handover`.
        who: acts.
        action_id: of the caller: a repeated call changes nothing.
        at: seconds, now.
        dry_run: only tell what would be done.
        without: name of the agent who hands over, and takes none back.
    """

    to: str
    by: str
    who: str
    action_id: str
    at: float
    dry_run: bool = False
    without: str = ""


class AssignmentResult(NamedTuple):
    """The result for one case.

    Attributes:
        id: of the case.
        status: `assigned`, `unchanged`, or `refused`.
        to: whose it is now; empty where it was refused.
        why: of a refusal.
    """

    id: str
    status: str
    to: str = ""
    why: str = ""


@dataclass(frozen=True)
class AssignmentDesk:
    """The desk of assignments.

    Attributes:
        policy: of warnings, which lists all to whom a case may be assigned.
        work: policy of work lists.
        calendar: of the operator.
    """

    store: Store
    policy: WarningPolicy
    work: WorkPolicy
    calendar: OperatorCalendar

    def check(self, asked: AssignmentRequest) -> None:
        """Check that a request names somebody.

        Raises:
            InvalidRequestError: it does not.
        """
        if asked.to not in self.policy.agents:
            names = ", ".join(self.policy.agents) or "none"
            wrong = f"is not listed in worklist.toml or agents of warnings.toml; use one of {names}"
            raise InvalidRequestError(f"to: {wrong}", {"to": [wrong]})

    def assign(self, names: Sequence[str], asked: AssignmentRequest) -> list[AssignmentResult]:
        """Assign cases; return what became of each, in order.

        Args:
            names: of cases.
            asked: to whom, and how.

        Raises:
            InvalidRequestError: the request names nobody.
            StoreAwayError: no answer; the same call goes on.
        """
        self.check(asked)
        book = read_loads(self.store, self.work, self.calendar, asked.at)
        if (agent := self.work.by_name.get(asked.without)) is not None:
            book.loads[agent.name] = agent.capacity
        found: dict[str, AssignmentResult] = {}
        listed = list(dict.fromkeys(names))
        for start in range(0, len(listed), CHUNK):
            found |= self._assign_some(listed[start : start + CHUNK], asked, book)
        return [found[name] for name in names]

    def _assign_some(
        self, names: Sequence[str], asked: AssignmentRequest, book: LoadBook
    ) -> dict[str, AssignmentResult]:
        """Assign some cases, those again on which somebody else acted meanwhile."""
        found: dict[str, AssignmentResult] = {}
        chosen: dict[str, WorkChoice | None] = {}
        left, until = list(names), clock.monotonic() + PATIENCE
        while left:
            cases = self.store.cases.read_many(left)
            missing = (name for name in left if name not in cases)
            found |= {name: _refused(name, "no case has this id") for name in missing}
            chosen |= self._choices([c for n, c in cases.items() if n not in chosen], asked, book)
            told = {name: self._told(case, asked, chosen[name]) for name, case in cases.items()}
            found |= {name: one for name, one in told.items() if isinstance(one, AssignmentResult)}
            steps = [CaseAct(cases[name], s) for name, s in told.items() if isinstance(s, CaseStep)]
            left = list(self._append(steps, asked, found))
            if left and clock.monotonic() >= until:
                busy = "somebody else acted on the case; look and try again"
                return found | {name: _refused(name, busy) for name in left}
            if left:
                clock.sleep(LOOK)
        return found

    def _append(
        self,
        steps: Sequence[CaseAct],
        asked: AssignmentRequest,
        found: dict[str, AssignmentResult],
    ) -> Iterator[str]:
        """Append steps; yield the ids of cases on which somebody else acted."""
        faults.point("assign.before_append")
        done = [True] * len(steps) if asked.dry_run else self.store.cases.act_each(steps)
        faults.point("assign.after_append")
        for (case, step, _), ok in zip(steps, done, strict=True):
            if ok:
                found[case.id] = AssignmentResult(case.id, "assigned", step.to)
            else:
                yield case.id

    def _choices(
        self, cases: Sequence[Case], asked: AssignmentRequest, book: LoadBook
    ) -> dict[str, WorkChoice | None]:
        """Choose whose each case is; a name that is no team is the choice itself."""
        is_team = asked.to in self.work.team_by_name
        if not is_team or asked.by == AssignedBy.HAND:
            one = WorkChoice(asked.to, asked.by, self.work.team_of(asked.to))
            return dict.fromkeys((case.id for case in cases), one)
        segments = CaseBackground(self.store).segments(cases)
        found: dict[str, WorkChoice | None] = {}
        for case in cases:
            tier = case.fact(TIER) or segments[case.id].get(TIER, "")
            found[case.id] = self._share(case, str(tier), asked, book)
        return found

    def _share(
        self, case: Case, tier: str, asked: AssignmentRequest, book: LoadBook
    ) -> WorkChoice | None:
        if _is_done(case, asked) or case.held:
            return WorkChoice(case.assignee, asked.by, asked.to)
        chosen = choose_assignee(book, asked.to, Sharing.LOAD, (case.kind, tier))
        if chosen is not None:
            book.take(chosen.to)
        return chosen and chosen._replace(by=asked.by)

    def _told(
        self, case: Case, asked: AssignmentRequest, chosen: WorkChoice | None
    ) -> AssignmentResult | CaseStep:
        """Return the step for a case, or the result where there is none to take."""
        if _is_done(case, asked):
            return AssignmentResult(case.id, "unchanged", case.assignee)
        if chosen is None:
            return _refused(case.id, _NOBODY_HERE)
        step = CaseStep(
            asked.at,
            CaseAction.ASSIGN.value,
            asked.who,
            chosen.to,
            action_id=step_name(case, asked),
            facts=facts_of({"by": chosen.by, "team": chosen.team}),
        )
        if (problem := problem_of(case, step)) is not None:
            return _refused(case.id, problem)
        if not is_news(case, step):
            return AssignmentResult(case.id, "unchanged", case.assignee)
        return step


def step_name(case: Case, asked: AssignmentRequest) -> str:
    """Return the id of the step that a request takes on a case."""
    return f"{asked.action_id}:{case.id}"


def _is_done(case: Case, asked: AssignmentRequest) -> bool:
    name = step_name(case, asked)
    return any(step.action_id == name for step in case.steps)


def _refused(name: str, why: str) -> AssignmentResult:
    return AssignmentResult(name, "refused", why=why)


def count_statuses(results: Sequence[AssignmentResult]) -> Mapping[str, int]:
    """Return how many cases had each status."""
    return {
        status: sum(one.status == status for one in results)
        for status in ("assigned", "unchanged", "refused")
    }
