"""Loads of agents, as the store counts them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.basics.local_time import date_of
from nudge.domain.worklist.assigning import LoadBook
from nudge.domain.worklist.case_queue import OWNERS, CaseQueue
from nudge.domain.worklist.work_policy import WorkPolicy
from nudge.store.store import Store


def read_loads(store: Store, policy: WorkPolicy, calendar: OperatorCalendar, at: float) -> LoadBook:
    """Return the book of loads as the fold has read them.

    Args:
        store: of the installation.
        policy: of work lists.
        calendar: of the operator: days of absence are its days.
        at: seconds, now.

    Raises:
        StoreAwayError: no answer.
    """
    return LoadBook(policy, loads_of(store.case_queues.count()), date_of(calendar.day_of(at)))


def loads_of(counts: Mapping[CaseQueue, int]) -> dict[str, int]:
    """Return the open cases of each assignee."""
    found: Counter[str] = Counter()
    for queue, count in counts.items():
        if queue.owner not in OWNERS and queue.is_open:
            found[queue.owner] += count
    return dict(found)
