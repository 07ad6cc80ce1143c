"""The reader of visitors' states: bytes that nobody can read are those of a new visitor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import structlog

from nudge.clock import monotonic
from nudge.domain.people.person import KnownFact
from nudge.domain.people.visitor import VisitorState
from nudge.domain.people.visitor_codec import decode_person, decode_state, into_of
from nudge.domain.timing.plan_request import BLACKLISTED
from nudge.errors import CorruptRecordError

NOBODY: Final = VisitorState()
"""The state of a visitor of whom nothing is known."""

UNREAD: Final = VisitorState(known=(KnownFact(BLACKLISTED, value=True, at=0.0),))
"""The state of a visitor who may have refused: no message goes out until it is known."""
TOLD_EVERY: Final = 60.0
"""Seconds between two lines of the log about such states."""
CURE: Final = "rebuild the states: nudge rebuild --fold attribute"

log = structlog.get_logger()


def _nothing() -> None:
    """Count nothing: who has figures sets `on_unreadable`."""


@dataclass
class StateReader:
    """The reader of the states in one process.

    A state of another version, or a damaged one, can be rebuilt from the journal (`nudge rebuild`).
    Meanwhile its visitor is a new one: no page, plan or erasure fails over it.

    Attributes:
        on_unreadable: called for each state that could not be read.
    """

    on_unreadable: Callable[[], object] = _nothing
    _told_at: float = field(default=-TOLD_EVERY, repr=False)

    def state(self, data: bytes | None) -> VisitorState:
        """Return the whole state of some bytes."""
        try:
            return decode_state(data) if data else NOBODY
        except CorruptRecordError as error:
            self._tell(error)
            return NOBODY

    def person(self, data: bytes | None) -> VisitorState:
        """Return the state of some bytes without its exposures; nobody writes to an unread one."""
        try:
            return decode_person(data) if data else NOBODY
        except CorruptRecordError as error:
            self._tell(error)
            return UNREAD

    def into(self, data: bytes) -> tuple[str, int] | None:
        """Return the subject and partition of the visitor that this one turned out to be, or None.

        It is not told: whoever reads the rest of the state tells.
        """
        try:
            return into_of(data)
        except CorruptRecordError:
            return None

    def _tell(self, error: CorruptRecordError) -> None:
        """Count a state; a line for each would hide all else where a whole store is unreadable."""
        self.on_unreadable()
        if monotonic() - self._told_at >= TOLD_EVERY:
            self._told_at = monotonic()
            log.warning("visitor_state_unreadable", error=str(error), cure=CURE)
