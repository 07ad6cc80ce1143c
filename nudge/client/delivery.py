"""Delivery of an operator's events: it goes on until they are taken, under the same ids."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from nudge.client.api import Api, RefusedError, ServiceAwayError
from nudge.client.outbox import LATE, Message
from nudge.errors import NudgeError

FIRST_WAIT: Final = 0.5
LONGEST_WAIT: Final = 30.0
"""Seconds between two tries, doubled each time."""
BROKEN: Final = frozenset({400, 413, 422})
"""Statuses of a batch that no repeat will have taken."""
TOO_LARGE: Final = 413

Tell = Callable[[str], None]
"""Takes a problem, in words."""


@dataclass
class PatientDelivery:
    """A delivery of batches that never gives an event up for an outage, a limit or a wrong key.

    Attributes:
        api: of the service.
        tell: takes each event that was refused for good, and each outage.
        closing: set when nobody waits any more: then what waits is tried once more.
    """

    api: Api
    tell: Tell
    closing: threading.Event = field(default_factory=threading.Event)

    def __call__(self, batch: Sequence[Message]) -> None:
        """Deliver a batch.

        Raises:
            ServiceAwayError: the client closes, and the service does not take it.
            RefusedError: the same.
        """
        wait = FIRST_WAIT
        while batch:
            try:
                batch = self._send(batch)
            except (ServiceAwayError, RefusedError) as error:
                if isinstance(error, RefusedError) and error.status in BROKEN:
                    self._give_up(batch, error)
                    return
                self._pause(error, wait)
            else:
                if not batch:
                    return
                self._pause(None, wait)
            wait = min(2 * wait, LONGEST_WAIT)

    def _send(self, batch: Sequence[Message]) -> Sequence[Message]:
        """Send a batch; return the events that are to be sent again."""
        rejected = rejected_by(self.api.post("/v1/events", {"events": list(batch)}))
        for one in rejected:
            if one.get("code") != LATE:
                self.tell(f"event {one.get('event_id')} was refused: {one.get('message')}")
        late = {one.get("event_id") for one in rejected if one.get("code") == LATE}
        return [one for one in batch if one["event_id"] in late]

    def _give_up(self, batch: Sequence[Message], error: RefusedError) -> None:
        """Give a batch up; of one that is too large, only the events that are so alone."""
        if error.status != TOO_LARGE or len(batch) == 1:
            self.tell(f"{len(batch)} events were refused for good: {error}")
            return
        half = len(batch) // 2
        self(batch[:half])
        self(batch[half:])

    def _pause(self, error: NudgeError | None, wait: float) -> None:
        if error is not None:
            self.tell(f"events wait, and are sent again: {error}")
        if self.closing.is_set():
            raise error or ServiceAwayError("the service takes no more events at the moment")
        self.closing.wait(wait)


def rejected_by(answer: object) -> list[Mapping[str, Any]]:
    """Return the events that an answer to `POST /v1/events` rejects.

    Raises:
        RefusedError: it is no such answer: something else than the service is there.
    """
    found = answer.get("rejected") if isinstance(answer, Mapping) else None
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise RefusedError("what answers there is not the service", 502, answer)
    return found
