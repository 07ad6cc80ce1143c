"""Alarms of the tests."""

from __future__ import annotations

from nudge.domain.alarms.alarm import Alarm, AlarmAction, AlarmLevel, AlarmStep


def alarm(name: str, at: float, level: AlarmLevel = AlarmLevel.CRITICAL) -> Alarm:
    """An alarm that opened at a moment, a minute after it began."""
    sentence = {"zh": f"{name} 支付成功率下降", "en": f"payments by {name} fail"}
    opening = AlarmStep(at, AlarmAction.OPEN, "conversion")
    return Alarm(
        name, "conversion", level, {"method": name}, at - 60, at, sentence, steps=(opening,)
    )


def with_step(found: Alarm, action: AlarmAction, at: float, until: float | None = None) -> Alarm:
    """An alarm with one more step."""
    return found.with_step(AlarmStep(at, action, "ops", "", until))
