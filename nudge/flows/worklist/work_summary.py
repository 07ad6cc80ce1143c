"""The summary of work lists: for each owner and kind what is open, overdue and oldest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.basics.local_time import date_of
from nudge.domain.care.warning_rule import CaseKind
from nudge.domain.worklist.case_queue import ALL, HELD, NOBODY, OWNERS, CaseQueue
from nudge.domain.worklist.work_policy import Agent, Titles, WorkPolicy
from nudge.store.store import Store

_COUNTED: Final[Mapping[str, str]] = {CaseKind.WARNING: "warnings", CaseKind.WINBACK: "winback"}
"""Kind of a case -> the name of its count."""


@dataclass(frozen=True)
class OpenWork:
    """The open cases of somebody, or of many together.

    Attributes:
        open: cases that are not closed.
        overdue: those that should have been acted on by now.
        oldest: seconds since the opening of the oldest.
        closed_today: cases that were closed since midnight.
    """

    open: int = 0
    overdue: int = 0
    oldest: float = 0.0
    closed_today: int = 0

    def __add__(self, other: OpenWork) -> OpenWork:
        """Return the work of both together."""
        return OpenWork(
            self.open + other.open,
            self.overdue + other.overdue,
            max(self.oldest, other.oldest),
            self.closed_today + other.closed_today,
        )


@dataclass(frozen=True)
class WorkSummary:
    """The summary at a moment.

    Attributes:
        by: owner and kind -> work; cases of nobody have the owner `NOBODY`.
    """

    by: Mapping[tuple[str, str], OpenWork] = field(default_factory=dict)

    def of(self, owners: Iterable[str] | None = None) -> OpenWork:
        """Return the work of some owners together; of all where none are named."""
        wanted = None if owners is None else frozenset(owners)
        found = OpenWork()
        for (owner, _), one in self.by.items():
            if wanted is None or owner in wanted:
                found += one
        return found

    def by_team(self, policy: WorkPolicy) -> dict[tuple[str, str], OpenWork]:
        """Return the work of each team and kind; who has no team has an empty one."""
        found: dict[tuple[str, str], OpenWork] = defaultdict(OpenWork)
        for (owner, kind), one in self.by.items():
            found[policy.team_of(owner), kind] += one
        return dict(found)


def summarise_work(
    store: Store, policy: WorkPolicy, calendar: OperatorCalendar, at: float
) -> WorkSummary:
    """Return the summary of all cases that are not held out.

    Args:
        store: of the installation.
        policy: of work lists.
        calendar: of the operator: a day begins at its midnight.
        at: seconds, now.

    Raises:
        StoreAwayError: no answer.
    """
    counts = {
        queue: count
        for queue, count in store.case_queues.count().items()
        if queue.owner not in (ALL, HELD)
    }
    midnight = calendar.moment(calendar.day_of(at), 0)
    spans = [_span(queue, policy, midnight, at) for queue in counts]
    inside = store.case_queues.count_between(spans)
    oldest = store.case_queues.oldest(list(counts))
    found: dict[tuple[str, str], OpenWork] = defaultdict(OpenWork)
    for (queue, count), number, first in zip(counts.items(), inside, oldest, strict=True):
        age = max(at - first, 0.0) if first is not None else 0.0
        one = OpenWork(count, number, age) if queue.is_open else OpenWork(closed_today=number)
        found[queue.owner, queue.kind] += one
    return WorkSummary(dict(found))


def count_due(store: Store, policy: WorkPolicy, until: float) -> dict[str, int]:
    """Return the open cases of each kind, and those that are due until a moment.

    Args:
        store: of the installation.
        policy: of work lists.
        until: seconds.

    Returns:
        `warnings`, `warnings_due`, `winback` and `winback_due`.

    Raises:
        StoreAwayError: no answer.
    """
    counts = {
        queue: count
        for queue, count in store.case_queues.count().items()
        if queue.owner == ALL and queue.is_open and queue.kind in _COUNTED
    }
    spans = [(queue, 0.0, until - policy.span(queue)) for queue in counts]
    due = store.case_queues.count_between(spans)
    found = {name + more: 0 for name in _COUNTED.values() for more in ("", "_due")}
    for (queue, count), number in zip(counts.items(), due, strict=True):
        name = _COUNTED[queue.kind]
        found[name] += count
        found[f"{name}_due"] += number
    return found


def _span(
    queue: CaseQueue, policy: WorkPolicy, midnight: float, at: float
) -> tuple[CaseQueue, float, float]:
    """Return the span that is counted: of open cases those overdue, of closed ones those of today.

    Bounds are seconds of a queue's own order.
    """
    if not queue.is_open:
        return queue, midnight, at + 1.0
    return queue, 0.0, at - policy.span(queue)


def summary_view(
    found: WorkSummary, policy: WorkPolicy, calendar: OperatorCalendar, at: float
) -> dict[str, Any]:
    """Return the summary as JSON.

    Args:
        found: of all cases.
        policy: of work lists.
        calendar: of the operator.
        at: seconds, now.
    """
    day = date_of(calendar.day_of(at))
    known = dict.fromkeys((*policy.by_name, *policy.team_by_name))
    known |= dict.fromkeys(owner for owner, _ in found.by if owner not in OWNERS)
    every = found.of()
    return {
        "agents": [
            {
                "name": name,
                "title": _title(_titles(policy.by_name.get(name)), name),
                "team": policy.team_of(name),
                "capacity": policy.by_name[name].capacity if name in policy.by_name else 0,
                "away": name in policy.by_name and policy.by_name[name].is_away(day),
                **_figures(found.of((name,))),
            }
            for name in known
            if name not in policy.team_by_name
        ],
        "teams": [
            {
                "name": team.name,
                "title": _title(team.title, team.name),
                "lead": team.lead,
                "capacity": sum(one.capacity for one in policy.members(team.name)),
                **_figures(found.of(policy.owners(team.name))),
            }
            for team in policy.teams
        ],
        "unassigned": found.of((NOBODY,)).open,
        "open": every.open,
        "overdue": every.overdue,
    }


def _titles(agent: Agent | None) -> Titles:
    return agent.title if agent else {}


def _title(titles: Mapping[str, str], name: str) -> dict[str, str]:
    return {language: titles.get(language) or name for language in ("zh", "en")}


def _figures(work: OpenWork) -> dict[str, Any]:
    return {
        "open": work.open,
        "overdue": work.overdue,
        "oldest": work.oldest,
        "closed_today": work.closed_today,
    }
