"""Box of events: what happened waits for its moment, and goes to the service in few calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final

from nudge.pages.api_door import ApiDoor

MOST: Final = 1000
"""Events of one call."""

Message = dict[str, Any]
"""An event as callers send it, with the second `at` which it happened."""


class EventRejectedError(RuntimeError):
    """The service rejected an event of a history: the history is wrong."""


@dataclass
class EventBox:
    """The box of one sender.

    Attributes:
        door: of the sender.
    """

    door: ApiDoor
    _waiting: list[Message] = field(default_factory=list)

    def put(self, message: Message) -> None:
        """Keep an event until its moment has come."""
        self._waiting.append(message)

    def send(self, now: float) -> None:
        """Send the events whose moment has come, the oldest first.

        Raises:
            EventRejectedError: the service takes one of them for wrong.
        """
        self._waiting.sort(key=itemgetter("at"))
        ready = [one for one in self._waiting if one["at"] <= now]
        del self._waiting[: len(ready)]
        for first in range(0, len(ready), MOST):
            body = {"events": ready[first : first + MOST]}
            rejected = self.door.post("/v1/events", body).body["rejected"]
            if rejected:
                raise EventRejectedError(str(rejected[0]))
