"""A hold of a slot's policy: an earlier version that is served again until it is let go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nudge.domain.basics.calendar import OperatorCalendar


@dataclass(frozen=True)
class PolicyHold:
    """A hold of a slot's policy.

    Attributes:
        version: of the snapshot that is published again.
        who: name of the key or user.
        at: seconds, when it was asked for.
        why: reason in words.
    """

    version: int
    who: str
    at: float
    why: str = ""

    @property
    def plain(self) -> dict[str, Any]:
        """The hold as JSON."""
        return {"version": self.version, "who": self.who, "at": self.at, "why": self.why}

    def labelled(self, calendar: OperatorCalendar) -> dict[str, object]:
        """Return the hold as an answer shows it, with its time by the calendar."""
        since = calendar.label(self.at)
        return {"version": self.version, "since": since, "who": self.who, "why": self.why}

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> PolicyHold:
        """Read a hold from its `plain` form."""
        return cls(plain["version"], plain["who"], plain["at"], plain["why"])
