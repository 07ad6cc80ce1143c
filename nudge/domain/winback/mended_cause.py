"""A mended cause: a fault that made visitors leave and is gone, so that they can pay now. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from nudge.domain.alarms.alarm import Alarm, AlarmAction, AlarmStatus
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.figures.titles import named_value
from nudge.domain.slots.slot import Scalar

DIMENSIONS: Final = ("stage", "reason", "method", "city", "channel")
"""Facts of a case by which a cause names its people."""
BY_ALARM: Final = "alarm:"
"""Beginning of the id of a cause that a resolved alarm names."""
Words = dict[str, str]
_MENDED: Final[Words] = {
    "zh": "{at} 已修复：{what}{why}。",
    "en": "The cause was mended on {at}: {what}{why}.",
}
_MINUTE: Final = 16


@dataclass(frozen=True)
class MendedCause:
    """A cause that was declared mended, by a person or by an alarm that was resolved.

    Attributes:
        id: a function of the cause and its time, so that declaring it again changes nothing.
        cause: dimension -> value; at least one.
        since: seconds at which the fault began.
        until: seconds at which it ended.
        at: seconds of the declaration.
        who: declared it.
        why: free words.
        taken_back: seconds; 0 while it stands.
        taken_back_by: person; empty while it stands.
    """

    id: str
    cause: Mapping[str, str]
    since: float
    until: float
    at: float
    who: str
    why: str = ""
    taken_back: float = 0.0
    taken_back_by: str = ""

    def covers(self, facts: Mapping[str, Scalar]) -> bool:
        """Return whether the fault made a visitor leave, by the facts of the case."""
        left = facts.get("left_at")
        if not isinstance(left, int | float) or not self.since <= left <= self.until:
            return False
        return all(str(facts.get(name, "")) == value for name, value in self.cause.items())

    def without_effect(self, at: float, who: str) -> MendedCause:
        """Return the cause as it was taken back; the first time counts."""
        if self.taken_back:
            return self
        return replace(self, taken_back=at, taken_back_by=who)

    @property
    def plain(self) -> dict[str, Any]:
        """The cause as JSON."""
        return {
            "id": self.id,
            "cause": dict(self.cause),
            "since": self.since,
            "until": self.until,
            "at": self.at,
            "who": self.who,
            "why": self.why,
            "taken_back": self.taken_back,
            "taken_back_by": self.taken_back_by,
        }


def cause_id(cause: Mapping[str, str], since: float, until: float) -> str:
    """Return the id of a cause: equal causes of one time have one."""
    parts = [f"{name}={cause[name]}" for name in sorted(cause)]
    text = "\n".join((*parts, repr(since), repr(until)))
    return hashlib.blake2b(text.encode(), digest_size=9).hexdigest()


def alarm_cause(alarm: Alarm, at: float) -> MendedCause | None:
    """Return the mended cause that an alarm names; None where it names no visitors that left.

    It has to be resolved, and to name a cause by dimensions that a case has.

    Args:
        alarm: of a monitor.
        at: seconds, now.
    """
    named = bool(alarm.cause) and all(name in DIMENSIONS for name in alarm.cause)
    if not named or alarm.status(at) is not AlarmStatus.RESOLVED:
        return None
    last = next(x for x in reversed(alarm.steps) if x.action is AlarmAction.RESOLVE)
    name = f"{BY_ALARM}{alarm.id}"
    return MendedCause(name, dict(alarm.cause), alarm.began, last.at, last.at, last.who, last.note)


def mended_by(causes: Iterable[MendedCause], facts: Mapping[str, Scalar]) -> MendedCause | None:
    """Return the cause that was mended last of those that made a visitor leave; None for none."""
    found = (one for one in causes if not one.taken_back and one.covers(facts))
    return max(found, key=lambda one: (one.until, one.id), default=None)


def mended_words(cause: MendedCause, calendar: OperatorCalendar) -> Words:
    """Return in words, by language, that a cause was mended and when."""
    at = calendar.label(cause.at)[:_MINUTE].replace("T", " ")
    found: Words = {}
    for language, text in _MENDED.items():
        colon, comma = ("：", "，") if language == "zh" else (": ", ", ")
        named = [named_value(x, cause.cause[x], language) for x in DIMENSIONS if x in cause.cause]
        why = f"{colon}{cause.why}" if cause.why else ""
        found[language] = text.format(at=at, what=comma.join(named), why=why)
    return found
