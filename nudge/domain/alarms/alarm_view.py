"""The view of an alarm for people: its status now, and times by the operator's calendar."""

from __future__ import annotations

from nudge.domain.alarms.alarm import Alarm
from nudge.domain.basics.calendar import OperatorCalendar


def alarm_view(alarm: Alarm, at: float, calendar: OperatorCalendar) -> dict[str, object]:
    """Return an alarm as JSON.

    Args:
        alarm: with its history.
        at: seconds; the moment of its status.
        calendar: of the times.
    """
    told = alarm.plain
    told["status"] = alarm.status(at).value
    told["began"], told["opened"] = calendar.label(alarm.began), calendar.label(alarm.opened)
    for step in told["steps"]:
        step["at"] = calendar.label(step["at"])
        if "until" in step:
            step["until"] = calendar.label(step["until"])
    return told
