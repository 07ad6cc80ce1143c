"""Assignment: by which rule a case goes to whom, and who has the least to do. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from heapq import heapify, heappop, heappush
from typing import Final, NamedTuple

from nudge.domain.care.case import Case
from nudge.domain.slots.slot import Scalar
from nudge.domain.worklist.work_policy import (
    Agent,
    AssignedBy,
    AssignmentRule,
    Sharing,
    WorkPolicy,
)

TIER: Final = "tier"


class WorkChoice(NamedTuple):
    """The choice of whose a case is.

    Attributes:
        to: name of an agent, or of a team whose agents are all away or full.
        by: of an `AssignedBy`.
        team: of the assignee; empty for none.
    """

    to: str
    by: str
    team: str


def work_attributes(case: Case, segments: Mapping[str, str]) -> dict[str, Scalar]:
    """Return the attributes of a case that rules of assignment ask for.

    Args:
        case: of a visitor.
        segments: kind -> name, of the visitor; a fact of the case goes before.
    """
    own: dict[str, Scalar] = {
        "kind": case.kind,
        "level": case.level,
        "rule": case.rule,
        "scene": case.scene,
    }
    own |= {} if case.score is None else {"score": case.score}
    return {**segments, **dict(case.facts), **own}


def find_assignment(
    policy: WorkPolicy, attributes: Mapping[str, Scalar], at: float
) -> AssignmentRule | None:
    """Return the first rule of assignment that fits; None where none does.

    Args:
        policy: of work lists.
        attributes: of a case.
        at: seconds, now.
    """
    return next((one for one in policy.rules if _fits(one, attributes, at)), None)


def _fits(rule: AssignmentRule, attributes: Mapping[str, Scalar], at: float) -> bool:
    if any(str(attributes.get(name, "")) not in words for name, words in rule.words.items()):
        return False
    return rule.where is None or rule.where.holds(attributes, at) is True


@dataclass
class LoadBook:
    """The book of agents' loads: who has the least to do for the capacity that they have.

    Shares are even by construction: each case goes to the agent whose load, with the case, is the
    smallest part of the capacity. Of equals the first by name is taken.

    Attributes:
        loads: name -> open cases.
        day: today, for absences.
    """

    policy: WorkPolicy
    loads: dict[str, int]
    day: date
    _heaps: dict[tuple[str, ...], list[tuple[float, str]]] = field(default_factory=dict)

    def has_room(self, agent: Agent) -> bool:
        """Return whether an agent is here, and takes one more case."""
        return not agent.is_away(self.day) and self.loads.get(agent.name, 0) < agent.capacity

    def least(self, agents: Iterable[Agent]) -> Agent | None:
        """Return the agent with the least load for its capacity; None where nobody has room."""
        pool = tuple(sorted(one.name for one in agents))
        heap = self._heaps.get(pool)
        if heap is None:
            heap = self._heaps[pool] = [(self._part(name), name) for name in pool]
            heapify(heap)
        # A load may have changed by another pool, or by a portfolio: its entry is made anew.
        while heap:
            part, name = heap[0]
            agent = self.policy.by_name[name]
            if agent.is_away(self.day):
                heappop(heap)
            elif part != (now := self._part(name)):
                heappop(heap)
                heappush(heap, (now, name))
            else:
                return agent if self.has_room(agent) else None
        return None

    def take(self, name: str) -> None:
        """Count one more case of an assignee."""
        self.loads[name] = self.loads.get(name, 0) + 1

    def _part(self, name: str) -> float:
        return (self.loads.get(name, 0) + 1) / self.policy.by_name[name].capacity


def choose_assignee(
    book: LoadBook, to: str, sharing: Sharing, case: tuple[str, str], portfolio: str = ""
) -> WorkChoice | None:
    """Choose whose a case is, by a name of an agent or a team; None where nobody takes it now.

    Args:
        book: of loads; the choice is not counted yet.
        to: name of an agent or a team.
        sharing: among the agents of the team.
        case: its kind, and the visitor's tier.
        portfolio: name of who had the visitor's last case; empty for nobody.
    """
    policy = book.policy
    if (agent := policy.by_name.get(to)) is not None:
        fits = agent.takes(*case) and book.has_room(agent)
        return WorkChoice(to, AssignedBy.RULE, agent.team) if fits else None
    pool = [one for one in policy.members(to) if one.takes(*case)]
    if not pool:
        return None
    known = policy.by_name.get(portfolio) if sharing is Sharing.PORTFOLIO_FIRST else None
    if known is not None and known in pool and book.has_room(known):
        return WorkChoice(known.name, AssignedBy.PORTFOLIO, to)
    found = book.least(pool)
    return None if found is None else WorkChoice(found.name, AssignedBy.LOAD, to)
