"""The loop that fits the uplift of win-back to live cases, once a day."""

from __future__ import annotations

from typing import Final

from bandits.units import DAY, MINUTE
from nudge import clock
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.workers.store_check import StoreCheck
from nudge.workers.turns.turn_loop import TurnLoop

FIRST: Final = 15.0 * MINUTE
"""Seconds from the start to the first fit: a start has other work, and the rhythm comes before."""
AGAIN: Final = 10.0 * MINUTE
"""Seconds until another worker's turn is asked for again."""


class UpliftLoop(TurnLoop):
    """The loop of the uplift, in one worker at a time; it shares the turn of the harm guard.

    A worker that loses the turn in the middle of a fit does no harm: the same lake gives the same.
    """

    look = 5.0
    failure = "uplift_not_fitted"

    def __init__(
        self, store: Store, settings: Settings, owner: str, ttl: float, store_check: StoreCheck
    ) -> None:
        super().__init__(store, store_check)
        self._settings, self._owner, self._ttl = settings, owner, ttl
        self._due = clock.monotonic() + FIRST

    def turn(self) -> bool:
        """Fit where it is time; return whether it was.

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
        from nudge.flows.upkeep.setup.uplift_publication import publish_uplift  # noqa: PLC0415

        publish_uplift(self._store, self._settings)
        self._due = now + DAY
        return True
