"""The policy of work lists: teams, agents, rules of assignment, times and costs. Pure values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Final

from bandits.units import DAY
from nudge.domain.slots.rule import Rule
from nudge.domain.worklist.case_queue import CaseQueue

DUE: Final = 2.0 * DAY
"""Seconds within which somebody acts on a case for which no rule of ageing says more."""
CAPACITY: Final = 50
"""Cases that an agent has at once, where nothing is said."""

Titles = Mapping[str, str]
"""Language -> text for people."""


class AssignedBy(StrEnum):
    """Way in which a case got its assignee: the fact `by` of the step."""

    HAND = "hand"
    RULE = "rule"
    LOAD = "load"
    PORTFOLIO = "portfolio"
    HANDOVER = "handover"


class Sharing(StrEnum):
    """Way in which a rule shares cases out."""

    LOAD = "load"
    PORTFOLIO_FIRST = "portfolio_first"


@dataclass(frozen=True)
class Agent:
    """An agent: somebody who takes cases.

    Attributes:
        team: name; empty for none.
        capacity: cases that are open at once; shares by load are in proportion to it.
        kinds: of cases that the agent takes; all where empty.
        tiers: of visitors whose cases the agent takes; all where empty.
        away: first and last day of each absence.
    """

    name: str
    team: str = ""
    capacity: int = CAPACITY
    kinds: frozenset[str] = frozenset()
    tiers: frozenset[str] = frozenset()
    away: tuple[tuple[date, date], ...] = ()
    title: Titles = field(default_factory=dict)

    def is_away(self, day: date) -> bool:
        """Return whether the agent is away on a day."""
        return any(first <= day <= last for first, last in self.away)

    def takes(self, kind: str, tier: str) -> bool:
        """Return whether the agent takes cases of a kind, of visitors of a tier."""
        return (not self.kinds or kind in self.kinds) and (not self.tiers or tier in self.tiers)


@dataclass(frozen=True)
class Team:
    """A team of agents.

    Attributes:
        lead: name of who is told of what waits too long; empty for nobody.
    """

    name: str
    lead: str = ""
    title: Titles = field(default_factory=dict)


@dataclass(frozen=True)
class AssignmentRule:
    """A rule of assignment: the first one that fits a case says whose it is.

    Attributes:
        to: name of an agent or a team.
        sharing: among the agents of a team.
        words: name of an attribute of the case -> words, one of which it must have.
        where: further condition on the attributes; None for none.
    """

    to: str
    sharing: Sharing = Sharing.LOAD
    words: Mapping[str, frozenset[str]] = field(default_factory=dict)
    where: Rule | None = None


@dataclass(frozen=True)
class AgeingRule:
    """A rule of ageing: until when somebody acts on a case, and who is told afterwards.

    Attributes:
        kind: of cases; any where empty.
        level: of cases; any where empty.
        due: seconds from the opening.
        remind: seconds behind the due time until the assignee is told; None for never.
        escalate: seconds behind the due time until the team's lead is told; None for never.
    """

    kind: str = ""
    level: str = ""
    due: float = DUE
    remind: float | None = None
    escalate: float | None = None

    def fits(self, kind: str, level: str) -> bool:
        """Return whether the rule is of cases of a kind and level."""
        return self.kind in ("", kind) and self.level in ("", level)


_NO_AGEING: Final = AgeingRule()


@dataclass(frozen=True)
class WorkCosts:
    """The costs of contacts, in yuan.

    Attributes:
        hour: of an agent's time.
        contacts: channel -> of one contact.
    """

    hour: float = 0.0
    contacts: Mapping[str, float] = field(default_factory=dict)

    def of_contact(self, channel: str) -> float:
        """Return what a contact by a channel costs, without the agent's time."""
        return self.contacts.get(channel, 0.0)


@dataclass(frozen=True)
class ContactPlan:
    """The plan of how agents contact visitors, by which the contact policy is asked.

    Attributes:
        channels: of the contact policy, those that agents use.
        purposes: kind of a case -> purpose of the contact.
    """

    channels: tuple[str, ...] = ("call",)
    purposes: Mapping[str, str] = field(default_factory=dict)

    def purpose(self, kind: str) -> str:
        """Return the purpose of contacts about cases of a kind."""
        return self.purposes.get(kind, "winback")


@dataclass(frozen=True)
class WorkPolicy:
    """The policy of work lists; an empty one assigns nothing by itself.

    Attributes:
        teams: each with a name of its own, also among agents.
        rules: of assignment, in order.
        ageing: rules, in order; the first that fits counts.
    """

    teams: tuple[Team, ...] = ()
    agents: tuple[Agent, ...] = ()
    rules: tuple[AssignmentRule, ...] = ()
    ageing: tuple[AgeingRule, ...] = ()
    costs: WorkCosts = field(default_factory=WorkCosts)
    contacts: ContactPlan = field(default_factory=ContactPlan)

    @cached_property
    def by_name(self) -> Mapping[str, Agent]:
        """Agents by name."""
        return {one.name: one for one in self.agents}

    @cached_property
    def team_by_name(self) -> Mapping[str, Team]:
        """Teams by name."""
        return {one.name: one for one in self.teams}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all to whom a case may be assigned."""
        return (*self.by_name, *self.team_by_name)

    def members(self, team: str) -> tuple[Agent, ...]:
        """Return the agents of a team."""
        return tuple(one for one in self.agents if one.team == team)

    def owners(self, team: str) -> frozenset[str]:
        """Return all whose cases are those of a team: its agents, and the team itself."""
        return frozenset({team, *(one.name for one in self.members(team))})

    def team_of(self, assignee: str) -> str:
        """Return the team of an assignee; empty for one without a team."""
        if assignee in self.team_by_name:
            return assignee
        agent = self.by_name.get(assignee)
        return agent.team if agent else ""

    def leads(self) -> Iterator[tuple[str, str]]:
        """Yield each team with its lead, those without a lead left out."""
        yield from ((one.name, one.lead) for one in self.teams if one.lead)

    def ageing_of(self, kind: str, level: str) -> AgeingRule:
        """Return the rule of ageing of cases of a kind and level."""
        return self._ageing.get((kind, level)) or self._find_ageing(kind, level)

    def span(self, queue: CaseQueue) -> float:
        """Return the seconds until the cases of a queue are due; 0 for closed ones."""
        return self.ageing_of(queue.kind, queue.level).due if queue.is_open else 0.0

    @cached_property
    def _ageing(self) -> dict[tuple[str, str], AgeingRule]:
        """Rules that were found, by kind and level: a page asks for each of its rows."""
        return {}

    def _find_ageing(self, kind: str, level: str) -> AgeingRule:
        found = next((one for one in self.ageing if one.fits(kind, level)), _NO_AGEING)
        self._ageing[kind, level] = found
        return found
