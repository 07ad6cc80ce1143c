"""Actions of people on alarms: acknowledge, silence, resolve, release, discard. Idempotent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from nudge.domain.alarms.alarm import Alarm, AlarmAction, AlarmStatus, AlarmStep
from nudge.domain.alarms.quarantine import Quarantine, QuarantineNote
from nudge.errors import ChangedMeanwhileError, InvalidRequestError, NotFoundError
from nudge.flows.upkeep import quarantine as quarantines
from nudge.store.service.alarms import StoredAlarm
from nudge.store.store import Store

TRIES: Final = 20
"""Writes after which others are taken to change the alarm without end."""
ACTIONS: Final = (
    AlarmAction.ACKNOWLEDGE,
    AlarmAction.SILENCE,
    AlarmAction.RESOLVE,
    AlarmAction.RELEASE,
    AlarmAction.DISCARD,
)
"""Actions that people may take."""
_CLOSE: Final[Mapping[AlarmAction, Callable[[Store, str, QuarantineNote], Quarantine]]] = {
    AlarmAction.RELEASE: quarantines.release,
    AlarmAction.DISCARD: quarantines.discard,
}


def act_on_alarm(store: Store, name: str, step: AlarmStep) -> Alarm:
    """Take a step on an alarm; return it as it stands, also where it had been taken before.

    Args:
        store: of the installation.
        name: id of the alarm.
        step: by a person; its `at` is now.

    Raises:
        NotFoundError: no alarm has this id.
        InvalidRequestError: the step does not fit: a silence without an end that is ahead, a
            release without a quarantine, or one that was closed in the other way.
        StoreAwayError: no answer; the same call goes on.
    """
    if (step.until is not None) != (step.action is AlarmAction.SILENCE):
        raise _wrong("until", "belongs to the action `silence`, which needs it")
    if step.until is not None and step.until <= step.at:
        raise _wrong("until", "is not ahead; give a later time")
    for _ in range(TRIES):
        stored = _find(store, name)
        _close_quarantine(store, stored.alarm, step)
        if not _is_news(stored.alarm, step):
            return stored.alarm
        changed = stored.alarm.with_step(step)
        if store.alarms.put(StoredAlarm(changed, stored.revision)):
            return changed
    raise ChangedMeanwhileError("others change the alarm without end; look and try again")


def _find(store: Store, name: str) -> StoredAlarm:
    found = store.alarms.read(name)
    if found is None:
        raise NotFoundError(f"no alarm has the id {name!r}")
    return found


def _close_quarantine(store: Store, alarm: Alarm, step: AlarmStep) -> None:
    """Release or discard the alarm's quarantine; a second time changes nothing."""
    close = _CLOSE.get(step.action)
    if close is None:
        return
    if not alarm.quarantine:
        raise _wrong("action", "is refused: the alarm has no quarantine")
    close(store, alarm.quarantine, QuarantineNote(step.who, step.at, step.note))


def _is_news(alarm: Alarm, step: AlarmStep) -> bool:
    """Return False where the step would leave the alarm as it is."""
    if step.action in _CLOSE:
        return all(one.action is not step.action for one in alarm.steps)
    status = alarm.status(step.at)
    if step.action is AlarmAction.SILENCE:
        last = [one.until for one in alarm.steps if one.action is AlarmAction.SILENCE][-1:]
        return status is not AlarmStatus.SILENCED or last != [step.until]
    after = {
        AlarmAction.ACKNOWLEDGE: AlarmStatus.ACKNOWLEDGED,
        AlarmAction.RESOLVE: AlarmStatus.RESOLVED,
    }
    if step.action is AlarmAction.ACKNOWLEDGE and status is AlarmStatus.RESOLVED:
        raise _wrong("action", "is refused: the alarm is resolved")
    return status is not after[step.action]


def _wrong(name: str, message: str) -> InvalidRequestError:
    return InvalidRequestError(f"{name}: {message}", {name: [message]})
