"""A case as notices tell it: as an alarm, when its rule's way of sending says. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from bandits.units import DAY
from nudge.domain.alarms.alarm import Alarm, AlarmAction, AlarmLevel, AlarmStep
from nudge.domain.alarms.notice_texts import CASES
from nudge.domain.care.case import Case, CaseAction
from nudge.domain.care.case_view import case_sentence
from nudge.domain.care.warning_rule import CaseLevel, WarningPolicy

TOLD: Final = 8.0 * DAY
"""Seconds after its opening in which a case is told, escalations included."""
_LEVELS: Final = {
    CaseLevel.PROPOSAL.value: AlarmLevel.INFO,
    CaseLevel.INFO.value: AlarmLevel.INFO,
    CaseLevel.WARNING.value: AlarmLevel.WARNING,
    CaseLevel.CRITICAL.value: AlarmLevel.CRITICAL,
}
_ACTIONS: Final = {
    CaseAction.OPEN.value: AlarmAction.OPEN,
    CaseAction.ASSIGN.value: AlarmAction.ACKNOWLEDGE,
    CaseAction.CONTACT.value: AlarmAction.ACKNOWLEDGE,
    CaseAction.OUTCOME.value: AlarmAction.ACKNOWLEDGE,
    CaseAction.CLOSE.value: AlarmAction.RESOLVE,
    CaseAction.REOPEN.value: AlarmAction.REOPEN,
}


def is_due(case: Case, policy: WarningPolicy, now: float) -> bool:
    """Return whether a case may be told now: what its rule gathers into one notice is over.

    Args:
        case: of a visitor.
        policy: of now; a rule that is gone, and a proposal, are told to nobody.
        now: seconds.
    """
    rule = policy.rule(case.rule)
    if rule is None or not rule.tell or now - case.opened > TOLD:
        return False
    span = rule.sending.seconds
    return math.ceil(case.opened / span) * span <= now


def receivers_of(case: Case, policy: WarningPolicy) -> tuple[str, ...]:
    """Return the names of the people whom a case's rule tells."""
    rule = policy.rule(case.rule)
    return rule.tell if rule else ()


def alarm_of(case: Case, policy: WarningPolicy) -> Alarm:
    """Return a case as an alarm: assigning it acknowledges, closing it resolves."""
    return Alarm(
        case.id,
        f"{CASES}{case.rule}",
        _LEVELS[case.level],
        {},
        case.began,
        case.opened,
        case_sentence(case, policy),
        steps=tuple(_steps(case)),
    )


def _steps(case: Case) -> Iterator[AlarmStep]:
    for step in case.steps:
        action = _ACTIONS.get(step.action)
        if action is not None:
            yield AlarmStep(step.at, action, step.who)
