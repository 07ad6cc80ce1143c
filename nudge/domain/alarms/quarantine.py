"""A quarantine: an interval that teaches nothing until a person releases it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import blake2b
from typing import Any, Final

from bandits.buckets import FINE
from nudge.domain.journal.records import Mark
from nudge.domain.values.number_words import mask_numbers
from nudge.errors import InvalidRequestError

TYPE: Final = "quarantine"
"""Type of the marks in the journal that tell a quarantine as it stands."""


class QuarantineStatus(StrEnum):
    """Status of a quarantine, as its last step left it."""

    MARKED = "marked"
    RELEASED = "released"
    DISCARDED = "discarded"


class QuarantineAction(StrEnum):
    """Action of a step in a quarantine's history."""

    MARK = "mark"
    EXTEND = "extend"
    RELEASE = "release"
    DISCARD = "discard"


_AFTER: Final[Mapping[QuarantineAction, QuarantineStatus]] = {
    QuarantineAction.MARK: QuarantineStatus.MARKED,
    QuarantineAction.EXTEND: QuarantineStatus.MARKED,
    QuarantineAction.RELEASE: QuarantineStatus.RELEASED,
    QuarantineAction.DISCARD: QuarantineStatus.DISCARDED,
}


@dataclass(frozen=True, order=True)
class QuarantineScope:
    """A scope of a quarantine: everything, one channel, or one payment method.

    Attributes:
        channel: only exposures of this channel are concerned; empty for all.
        method: payment method that failed; empty for none. All exposures of the interval are
            concerned: who chooses which method is known after the exposure only.
    """

    channel: str = ""
    method: str = ""

    def __post_init__(self) -> None:
        """Mask phone numbers: the store and the lake keep none."""
        object.__setattr__(self, "method", mask_numbers(self.method))

    @property
    def plain(self) -> dict[str, str]:
        """The scope as JSON; without keys for everything."""
        both = {"channel": self.channel, "method": self.method}
        return {name: value for name, value in both.items() if value}


@dataclass(frozen=True)
class QuarantineNote:
    """A note on a step: its author, its time in seconds, and free words without phone numbers."""

    who: str
    at: float
    text: str = ""

    def __post_init__(self) -> None:
        """Mask phone numbers: the store and the lake keep none."""
        object.__setattr__(self, "text", mask_numbers(self.text))


@dataclass(frozen=True)
class QuarantineStep:
    """A step of a quarantine's history.

    Attributes:
        end: end of the interval behind the step, in seconds.
    """

    action: QuarantineAction
    note: QuarantineNote
    end: float


@dataclass(frozen=True)
class Quarantine:
    """A quarantine with its history.

    Attributes:
        start: seconds, a multiple of 5 minutes.
        end: seconds, a multiple of 5 minutes; the interval is [start, end).
        why: reason in words.
        alarm: id of the alarm that marked it; empty where a person did.
        revision: number of changes; the first one makes it 1.
        steps: history, the oldest first.
    """

    id: str
    start: float
    end: float
    scope: QuarantineScope
    why: str
    alarm: str
    revision: int
    steps: tuple[QuarantineStep, ...]

    @property
    def status(self) -> QuarantineStatus:
        """Status behind the last step."""
        return _AFTER[self.steps[-1].action]

    @property
    def leaves_out(self) -> bool:
        """Whether its exposures count nothing: until it is released."""
        return self.status is not QuarantineStatus.RELEASED

    def was_left_out(self, at: float) -> tuple[float, float] | None:
        """Return the interval that was left out as known at a moment; None for none."""
        known = [one for one in self.steps if one.note.at <= at]
        if not known or _AFTER[known[-1].action] is QuarantineStatus.RELEASED:
            return None
        return self.start, known[-1].end

    def touches(self, start: float, end: float) -> bool:
        """Return whether the interval [start, end) shares a moment with the quarantine's."""
        return self.start < end and start < self.end

    def named(self, name: str) -> Quarantine:
        """Return the quarantine under another id."""
        return replace(self, id=name)

    def extended(self, end: float, note: QuarantineNote) -> Quarantine:
        """Return the quarantine up to a later end; itself where it reaches that far or is closed.

        Extensions by one author in a row are one step, so that a long outage has a short history.
        """
        rounded = _ceiling(end)
        if self.status is not QuarantineStatus.MARKED or rounded <= self.end:
            return self
        last, before = self.steps[-1], self.steps
        if last.action is QuarantineAction.EXTEND and last.note.who == note.who:
            before = self.steps[:-1]
        step = QuarantineStep(QuarantineAction.EXTEND, note, rounded)
        return replace(self, end=rounded, revision=self.revision + 1, steps=(*before, step))

    def closed(self, action: QuarantineAction, note: QuarantineNote) -> Quarantine:
        """Return the quarantine released or discarded; itself where that was done before.

        Raises:
            InvalidRequestError: it was closed in the other way, which is final.
        """
        wanted = _AFTER[action]
        if self.status is wanted:
            return self
        if self.status is not QuarantineStatus.MARKED:
            text = f"quarantine {self.id} is {self.status} and stays so; mark a new one"
            raise InvalidRequestError(text, {"action": [f"is refused: it is {self.status}"]})
        step = QuarantineStep(action, note, self.end)
        return replace(self, revision=self.revision + 1, steps=(*self.steps, step))

    @property
    def plain(self) -> dict[str, Any]:
        """The quarantine as JSON."""
        return {
            "id": self.id,
            "start": self.start,
            "end": self.end,
            "scope": self.scope.plain,
            "status": self.status.value,
            "why": self.why,
            "alarm": self.alarm,
            "revision": self.revision,
            "steps": [
                {
                    "action": one.action.value,
                    "at": one.note.at,
                    "who": one.note.who,
                    "note": one.note.text,
                    "end": one.end,
                }
                for one in self.steps
            ],
        }

    @property
    def mark(self) -> Mark:
        """The journal's mark of it as it stands; the one of the highest revision is true."""
        return Mark(TYPE, {"quarantine": self.plain}, at=self.steps[-1].note.at)

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> Quarantine:
        """Read a quarantine from its `plain` form."""
        steps = tuple(
            QuarantineStep(
                QuarantineAction(one["action"]),
                QuarantineNote(one["who"], one["at"], one["note"]),
                one["end"],
            )
            for one in plain["steps"]
        )
        scope, told = QuarantineScope(**plain["scope"]), (plain["why"], plain["alarm"])
        return cls(
            plain["id"], plain["start"], plain["end"], scope, *told, plain["revision"], steps
        )


def new_quarantine(
    interval: tuple[float, float],
    scope: QuarantineScope,
    note: QuarantineNote,
    alarm: str = "",
    reach: float = 0.0,
) -> Quarantine:
    """Return a quarantine that was marked just now.

    Args:
        interval: start and end in seconds; rounded outward to buckets of 5 minutes.
        scope: what it concerns.
        note: author, time and reason.
        alarm: id of the alarm that marks it.
        reach: seconds by which it reaches back, because exposures before the start were to be
            rewarded inside the interval: the median conversion delay.

    Raises:
        InvalidRequestError: the interval is empty, or no time.
    """
    start, end = interval
    if not 0.0 <= start < end < math.inf:
        raise InvalidRequestError("the interval is empty", {"to": ["must lie behind `from`"]})
    first, last = float(max(0.0, start - reach) // FINE * FINE), _ceiling(end)
    made = repr((alarm,)) if alarm else repr((first, last, scope))
    name = "q-" + blake2b(made.encode(), digest_size=6).hexdigest()
    step = QuarantineStep(QuarantineAction.MARK, note, last)
    return Quarantine(name, first, last, scope, note.text, alarm, 1, (step,))


def _ceiling(at: float) -> float:
    return float(-(-at // FINE) * FINE)
