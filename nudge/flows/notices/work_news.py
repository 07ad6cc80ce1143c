"""The news of work lists: what became due for those who can be told, read once a minute."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bandits.units import MINUTE
from nudge.domain.alarms.alarm import Alarm
from nudge.domain.alarms.notice_policy import NoticePolicy
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.worklist.case_queue import OWNERS
from nudge.domain.worklist.reminders import (
    GATHERED,
    TOLD,
    DueCase,
    Reminding,
    reminder_alarms,
    remindings,
)
from nudge.domain.worklist.work_policy import WorkPolicy
from nudge.store.store import Store

MOST: Final = 2_000
"""Cases of one queue and partition that a reminder counts; who is told of more reads none."""


class WorkNews:
    """The news of an installation's work lists. Use it from one thread."""

    def __init__(self, store: Store, calendar: OperatorCalendar) -> None:
        self._store, self._calendar = store, calendar
        self._read: tuple[int, dict[str, tuple[Alarm, str]]] = (-1, {})

    def look(
        self, work: WorkPolicy, policy: NoticePolicy, now: float
    ) -> dict[str, tuple[Alarm, str]]:
        """Return the reminders that are due, each with who is told; at most a minute old.

        Args:
            work: policy of work lists.
            policy: of notices: who has an address.
            now: seconds.

        Raises:
            StoreAwayError: the store does not answer.
        """
        minute = int(now // MINUTE)
        if self._read[0] != minute:
            due = list(self._due(work, policy, now))
            self._read = minute, reminder_alarms(due, self._calendar, now)
        return self._read[1]

    def alarm(self, name: str) -> Alarm | None:
        """Return a reminder of the last look; None where it is over."""
        found = self._read[1].get(name)
        return None if found is None else found[0]

    def _due(self, work: WorkPolicy, policy: NoticePolicy, now: float) -> Iterator[DueCase]:
        asked: list[Reminding] = []
        if any(rule.remind or rule.escalate for rule in work.ageing):
            queues = [q for q in self._store.case_queues.count() if q.owner not in OWNERS]
            told = remindings(work, queues)
            asked = [one for one in told if one.person in policy.people]
        first = now - TOLD - GATHERED
        spans = [(one.queue, first - one.after, now - one.after) for one in asked]
        times = self._store.case_queues.times_between(spans, MOST)
        for one, opened in zip(asked, times, strict=True):
            yield from (DueCase(one, at) for at in opened)
