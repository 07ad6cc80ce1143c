"""Reminders: what became due for somebody within ten minutes is one alarm, told once. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from bandits.units import HOUR, MINUTE
from nudge.domain.alarms.alarm import Alarm, AlarmAction, AlarmLevel, AlarmStep
from nudge.domain.alarms.notice_texts import WORK
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.care.case import CaseState
from nudge.domain.care.warning_rule import CaseLevel
from nudge.domain.worklist.case_queue import CaseQueue
from nudge.domain.worklist.work_policy import WorkPolicy

GATHERED: Final = 10.0 * MINUTE
"""Seconds that are gathered into one reminder."""
TOLD: Final = 12.0 * HOUR
"""Seconds in which a reminder is tried again; it is not sent later."""
WAITING: Final = (CaseState.OPEN, CaseState.ASSIGNED)
"""States of cases on which nobody has acted."""


class Reminding(NamedTuple):
    """A reminder that may be due for the cases of a queue.

    Attributes:
        person: who is told.
        role: `remind` for the assignee, `escalate` for the team's lead.
        queue: of the cases.
        after: seconds from the opening until the person is told.
    """

    person: str
    role: str
    queue: CaseQueue
    after: float


def remindings(policy: WorkPolicy, queues: Iterable[CaseQueue]) -> Iterator[Reminding]:
    """Yield who is told of the cases of which queue, and when.

    Args:
        policy: of work lists.
        queues: that have cases.
    """
    leads = dict(policy.leads())
    for queue in queues:
        if queue.state not in WAITING:
            continue
        rule = policy.ageing_of(queue.kind, queue.level)
        if rule.remind is not None:
            yield Reminding(queue.owner, "remind", queue, rule.due + rule.remind)
        lead = leads.get(policy.team_of(queue.owner), "")
        if lead and rule.escalate is not None:
            yield Reminding(lead, "escalate", queue, rule.due + rule.escalate)


class DueCase(NamedTuple):
    """A case whose reminder is due.

    Attributes:
        opened: seconds.
    """

    reminding: Reminding
    opened: float


def reminder_alarms(
    due: Iterable[DueCase], calendar: OperatorCalendar, now: float
) -> dict[str, tuple[Alarm, str]]:
    """Return alarms by id, each with the name of who is told.

    The id is a function of person, role and ten minutes, so that a reminder is told once, also
    after a restart; what fell due in the ten minutes at hand waits until they are over.

    Args:
        due: cases, of all who are told.
        calendar: of the operator, for times.
        now: seconds.
    """
    groups: dict[tuple[str, str, int], list[DueCase]] = defaultdict(list)
    for one in due:
        part = int((one.opened + one.reminding.after) // GATHERED)
        if (part + 1) * GATHERED <= now:
            groups[one.reminding.person, one.reminding.role, part].append(one)
    found = {}
    for (person, role, part), cases in sorted(groups.items()):
        name = f"due.{role}.{person}.{part}"
        found[name] = _alarm(name, role, (part + 1) * GATHERED, cases, calendar), person
    return found


def _alarm(
    name: str, role: str, at: float, cases: list[DueCase], calendar: OperatorCalendar
) -> Alarm:
    first = min(one.opened for one in cases)
    critical = any(one.reminding.queue.level == CaseLevel.CRITICAL for one in cases)
    opened = calendar.label(first // 1)
    zh = "超时未处理，请组长关注" if role == "escalate" else "已到处理时限"
    en = "wait too long; look after them" if role == "escalate" else "are due"
    return Alarm(
        name,
        f"{WORK}{role}",
        AlarmLevel.CRITICAL if critical else AlarmLevel.WARNING,
        {},
        first,
        at,
        {
            "zh": f"{len(cases)} 张工单{zh}，最早一张立于 {opened}。",
            "en": f"{len(cases)} cases {en}; the oldest was opened at {opened}.",
        },
        steps=(AlarmStep(at, AlarmAction.OPEN, "nudge"),),
    )
