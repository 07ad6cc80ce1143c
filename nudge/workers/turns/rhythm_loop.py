"""The loop that fits the rhythm of recharges to the lake, once a day."""

from __future__ import annotations

from typing import Final

from bandits.units import DAY, MINUTE
from nudge import clock
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.workers.store_check import StoreCheck
from nudge.workers.turns.turn_loop import TurnLoop

FIRST: Final = 10.0 * MINUTE
"""Seconds from the start to the first fit: a start has other work."""
AGAIN: Final = 10.0 * MINUTE
"""Seconds until another worker's turn is asked for again."""


class RhythmLoop(TurnLoop):
    """The loop of the rhythm, in one worker at a time; it shares the turn of the harm guard.

    A worker that loses the turn in the middle of a fit does no harm: it writes only over the
    revision that it saw.
    """

    look = 5.0
    failure = "rhythm_not_fitted"

    def __init__(
        self, store: Store, settings: Settings, owner: str, ttl: float, store_check: StoreCheck
    ) -> None:
        super().__init__(store, store_check)
        self._settings, self._owner, self._ttl = settings, owner, ttl
        self._due = clock.monotonic() + FIRST

    def turn(self) -> bool:
        """Fit where it is time; return whether a rhythm was applied.

        Raises:
            BrokenLakeError: the lake cannot be read.
            StoreAwayError: the store does not answer.
        """
        now = clock.monotonic()
        if now < self._due:
            return False
        self._due = now + AGAIN
        if not self._store.guards.acquire(self._owner, self._ttl):
            return False
        # The engine and scipy take a second and 100 MB to import: only where it is time.
        from nudge.flows.upkeep.setup.rhythm_publication import publish_rhythm  # noqa: PLC0415

        found = publish_rhythm(self._store, self._settings, clock.now())
        self._due = now + DAY
        return found is not None
