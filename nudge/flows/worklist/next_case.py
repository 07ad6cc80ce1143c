"""The next case of an agent: taken from those of nobody, and from those of the agent's team."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from nudge import faults
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.care.case import Case, CaseAction, CaseState, CaseStep, facts_of, is_news
from nudge.domain.worklist.assigning import (
    TIER,
    find_assignment,
    work_attributes,
)
from nudge.domain.worklist.case_queue import NOBODY, CaseQueue
from nudge.domain.worklist.work_policy import Agent, AssignedBy, WorkPolicy
from nudge.errors import InvalidRequestError
from nudge.flows.worklist.background import CaseBackground
from nudge.flows.worklist.contact_desk import ContactDesk
from nudge.flows.worklist.loads import read_loads
from nudge.store.folds.case_queues import DuePlace, DueQuestion
from nudge.store.store import Store

LOOKED: Final = 200
"""Cases that are looked at together: those that are due first."""
PAGES: Final = 25
"""Looks of one call."""


@dataclass(frozen=True)
class NextCaseDesk:
    """The desk at which agents take their next case.

    Attributes:
        contacts: tells who may be contacted now: such cases come first.
    """

    store: Store
    policy: WorkPolicy
    calendar: OperatorCalendar
    contacts: ContactDesk

    def take(self, agent: str, action_id: str, at: float) -> Case | None:
        """Take the next case for an agent; None where none is there that the agent takes.

        Two who take at once get two cases. A repeated call, by its id, gives the same case: which
        one it tries is written before it is tried.

        Args:
            agent: name.
            action_id: of the call.
            at: seconds, now.

        Raises:
            InvalidRequestError: the agent is not listed, is away, or has as many cases as may be.
            StoreAwayError: no answer; the same call goes on.
        """
        known = self._agent(agent)
        name = f"next:{agent}:{action_id}"
        earlier = self.store.work_notes.taken(name)
        if earlier and (case := self._take(earlier, known, name, at)) is not None:
            return case
        self._check_room(known, at)
        for one in self._candidates(known, at):
            self.store.work_notes.note_taken(name, one.id)
            faults.point("next.before_append")
            if (case := self._take(one.id, known, name, at)) is not None:
                faults.point("next.after_append")
                return case
        return None

    def _agent(self, name: str) -> Agent:
        known = self.policy.by_name.get(name)
        if known is None:
            names = ", ".join(self.policy.by_name) or "none"
            wrong = f"is not listed in [[agents]] of worklist.toml; use one of {names}"
            raise InvalidRequestError(f"agent: {wrong}", {"agent": [wrong]})
        return known

    def _check_room(self, agent: Agent, at: float) -> None:
        book = read_loads(self.store, self.policy, self.calendar, at)
        if agent.is_away(book.day):
            wrong = "is away today, by worklist.toml; let somebody else take it"
        elif not book.has_room(agent):
            wrong = f"has {agent.capacity} open cases, the capacity; close one first"
        else:
            return
        raise InvalidRequestError(f"agent: {wrong}", {"agent": [wrong]})

    def _take(self, name: str, agent: Agent, action_id: str, at: float) -> Case | None:
        """Take a case that is still to be had, or was taken by this very call."""
        case = self.store.cases.read(name)
        if case is None:
            return None
        if any(step.action_id == action_id for step in case.steps):
            return case
        facts = facts_of({"by": AssignedBy.HAND.value, "team": agent.team})
        step = CaseStep(
            at, CaseAction.ASSIGN.value, agent.name, agent.name, action_id=action_id, facts=facts
        )
        if not (self._is_free(case, agent) and is_news(case, step)):
            return None
        return case.with_step(step) if self.store.cases.act(case, step, None) else None

    def _is_free(self, case: Case, agent: Agent) -> bool:
        if case.held or case.state is CaseState.CLOSED:
            return False
        return case.assignee in ("", agent.team) if agent.team else not case.assignee

    def _candidates(self, agent: Agent, at: float) -> Iterator[Case]:
        """Yield cases that the agent may take: who may be contacted now, then what is due first.

        The fold may be behind: where others have just taken the first ones, more are looked at.
        """
        owners = {NOBODY: CaseState.OPEN} | ({agent.team: CaseState.ASSIGNED} if agent.team else {})

        def wants(queue: CaseQueue) -> bool:
            return owners.get(queue.owner) == queue.state

        after: DuePlace | None = None
        for _ in range(PAGES):
            asked = DueQuestion(frozenset(owners), wants, self.policy.span, after, most=LOOKED)
            places = self.store.case_queues.first_due(asked)
            cases = list(self.store.cases.read_many(one.id for one in places).values())
            yield from self._first_reachable(cases, agent, at)
            if len(places) < LOOKED:
                return
            after = places[-1]

    def _first_reachable(self, cases: Sequence[Case], agent: Agent, at: float) -> list[Case]:
        fitting = [one for one in self._fitting(cases, agent, at) if self._is_free(one, agent)]
        reach = self.contacts.reach(fitting, at)
        return sorted(
            fitting, key=lambda one: not any(way.is_open for way in reach.get(one.id, ()))
        )

    def _fitting(self, cases: Sequence[Case], agent: Agent, at: float) -> Iterator[Case]:
        """Yield the cases that rules give to the agent or the team; without rules, any."""
        segments = CaseBackground(self.store).segments(cases)
        for case in cases:
            attributes = work_attributes(case, segments[case.id])
            rule = find_assignment(self.policy, attributes, at)
            is_mine = rule is None or rule.to in (agent.name, agent.team)
            if is_mine and agent.takes(case.kind, str(attributes.get(TIER, ""))):
                yield case
