"""An alarm: something that needs a person, with its cause and the steps taken since it opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final, NamedTuple

from nudge.domain.values.number_words import mask_numbers

REASON_FIGURE: Final = "reason:"
"""Prefix of figures that tell the share of a reason among the failures beyond the usual."""


class AlarmLevel(StrEnum):
    """Level of an alarm: decides who is told, and whether a night waits."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class AlarmStatus(StrEnum):
    """Status of an alarm, as its last step left it."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    RESOLVED = "resolved"


class AlarmAction(StrEnum):
    """Action of a step: of the monitor (open, resolve, reopen) or of a person."""

    OPEN = "open"
    REOPEN = "reopen"
    ACKNOWLEDGE = "acknowledge"
    SILENCE = "silence"
    RESOLVE = "resolve"
    RELEASE = "release"
    DISCARD = "discard"


_AFTER: Final[Mapping[AlarmAction, AlarmStatus]] = {
    AlarmAction.OPEN: AlarmStatus.OPEN,
    AlarmAction.REOPEN: AlarmStatus.OPEN,
    AlarmAction.ACKNOWLEDGE: AlarmStatus.ACKNOWLEDGED,
    AlarmAction.SILENCE: AlarmStatus.SILENCED,
    AlarmAction.RESOLVE: AlarmStatus.RESOLVED,
}
"""Status after an action; release and discard are of the quarantine and leave it as it is."""


@dataclass(frozen=True)
class AlarmStep:
    """A step of an alarm's history.

    Attributes:
        at: seconds since the epoch.
        who: name of the key, the user or the monitor.
        note: free words of a person; phone numbers in it are masked.
        until: end of a silence, in seconds; None for other actions.
    """

    at: float
    action: AlarmAction
    who: str
    note: str = ""
    until: float | None = None

    def __post_init__(self) -> None:
        """Mask phone numbers: the store keeps none."""
        object.__setattr__(self, "note", mask_numbers(self.note))


class AlarmPart(NamedTuple):
    """The share of one value of a searched attribute when the alarm opened, and as usual.

    Attributes:
        rate: share since it began: of successes, or of failures where failures are watched.
        usual: the same before it began.
        arrivals: since it began.
    """

    attribute: str
    value: str
    rate: float
    usual: float
    arrivals: int


@dataclass(frozen=True)
class Alarm:
    """An alarm with its cause.

    Attributes:
        id: a function of monitor, cause and opening, so that opening it again changes nothing.
        monitor: name of the monitor.
        level: of the alarm.
        cause: smallest set of attribute values that explains it, such as `method: wechat`; empty
            where everything is concerned.
        began: seconds at which it began, as estimated.
        opened: seconds at which it was first seen.
        sentence: the cause in words, with numbers, by language (`zh`, `en`).
        figures: numbers behind the sentence, such as `rate`, `usual`, `share_explained`.
        unchanged: dimensions that were searched and do not explain it.
        quarantine: id of the interval that teaches nothing because of it; empty for none.
        steps: history, the oldest first; the first one opens it.
        parts: each value of the searched attributes: what fell, and what did not.
    """

    id: str
    monitor: str
    level: AlarmLevel
    cause: Mapping[str, str]
    began: float
    opened: float
    sentence: Mapping[str, str]
    figures: Mapping[str, float] = field(default_factory=dict)
    unchanged: tuple[str, ...] = ()
    quarantine: str = ""
    steps: tuple[AlarmStep, ...] = ()
    parts: tuple[AlarmPart, ...] = ()

    @property
    def reasons(self) -> tuple[tuple[str, float], ...]:
        """Reasons of failures with their shares, the greatest first."""
        found = [
            (name.removeprefix(REASON_FIGURE), share)
            for name, share in self.figures.items()
            if name.startswith(REASON_FIGURE)
        ]
        return tuple(sorted(found, key=lambda one: (-one[1], one[0])))

    @property
    def key(self) -> str:
        """Monitor and cause: alarms of one key are one trouble and are not repeated."""
        return alarm_key(self.monitor, self.cause)

    def status(self, now: float) -> AlarmStatus:
        """Return the status at a moment: a silence that has ended is open again."""
        status = AlarmStatus.OPEN
        for step in self.steps:
            status = _AFTER.get(step.action, status)
            if step.action is AlarmAction.SILENCE and step.until is not None and step.until <= now:
                status = AlarmStatus.OPEN
        return status

    def with_step(self, step: AlarmStep) -> Alarm:
        """Return the alarm with one more step in its history."""
        return replace(self, steps=(*self.steps, step))

    @property
    def plain(self) -> dict[str, Any]:
        """The alarm as JSON."""
        return {
            "id": self.id,
            "monitor": self.monitor,
            "level": self.level.value,
            "cause": dict(self.cause),
            "began": self.began,
            "opened": self.opened,
            "sentence": dict(self.sentence),
            "figures": dict(self.figures),
            "unchanged": list(self.unchanged),
            "quarantine": self.quarantine,
            "steps": [
                {"at": s.at, "action": s.action.value, "who": s.who, "note": s.note}
                | ({} if s.until is None else {"until": s.until})
                for s in self.steps
            ],
            "parts": [part._asdict() for part in self.parts],
        }

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> Alarm:
        """Read an alarm from its `plain` form."""
        steps = tuple(
            AlarmStep(s["at"], AlarmAction(s["action"]), s["who"], s["note"], s.get("until"))
            for s in plain["steps"]
        )
        return cls(
            plain["id"],
            plain["monitor"],
            AlarmLevel(plain["level"]),
            plain["cause"],
            plain["began"],
            plain["opened"],
            plain["sentence"],
            plain["figures"],
            tuple(plain["unchanged"]),
            plain["quarantine"],
            steps,
            tuple(AlarmPart(**part) for part in plain.get("parts", ())),
        )


def alarm_key(monitor: str, cause: Mapping[str, str]) -> str:
    """Return the text under which alarms of one monitor and cause are grouped."""
    return "|".join([monitor, *(f"{name}={cause[name]}" for name in sorted(cause))])
