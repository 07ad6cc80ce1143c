"""Reminders: who is told of what became due, once for ten minutes."""

from __future__ import annotations

from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.worklist.case_queue import CaseQueue
from nudge.domain.worklist.reminders import DueCase, reminder_alarms, remindings
from nudge.domain.worklist.work_policy import AgeingRule, Agent, Team, WorkPolicy

POLICY = WorkPolicy(
    (Team("care", "lead"),),
    (Agent("ann", "care"), Agent("bo")),
    ageing=(AgeingRule("warning", "critical", 3600.0, 600.0, 7200.0), AgeingRule(due=60.0)),
)
MINE = CaseQueue("ann", "assigned", "warning", "critical")


def test_the_assignee_is_told_and_then_the_lead() -> None:
    """An agent without a team has no lead; cases acted on, or without a rule, remind nobody."""
    queues = (
        *(MINE, CaseQueue("bo", "assigned", "warning", "critical")),
        *(MINE._replace(state="contacted"), MINE._replace(level="info")),
    )
    told = [(one.person, one.role, one.after) for one in remindings(POLICY, queues)]
    assert told == [
        ("ann", "remind", 4200.0),
        ("lead", "escalate", 10800.0),
        ("bo", "remind", 4200.0),
    ]


def test_what_fell_due_within_ten_minutes_is_one_alarm_with_one_name() -> None:
    """The alarm waits until its ten minutes are over, and its name does not change afterwards."""
    (first, *_) = remindings(POLICY, [MINE])
    due = [DueCase(first, at - first.after) for at in (600.0, 700.0, 1199.0, 1200.0)]
    calendar = OperatorCalendar()
    assert reminder_alarms(due, calendar, 1199.0) == {}
    found = reminder_alarms(due, calendar, 1200.0)
    ((name, (alarm, person)),) = found.items()
    assert (name, person, alarm.level.value) == ("due.remind.ann.1", "ann", "critical")
    assert alarm.sentence["zh"].startswith("3 张工单已到处理时限")
    assert set(reminder_alarms(due, calendar, 9_999.0)) == {name, "due.remind.ann.2"}
