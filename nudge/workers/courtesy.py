"""Courtesy: folds leave the processor to the planner while it plans for many visitors."""

from __future__ import annotations

from typing import Final

from nudge import clock
from nudge.store.store import Store

TIMES: Final = 19
"""As many times as long as it worked a fold rests."""
LONGEST: Final = 3.0
"""Seconds that it rests at once."""
WAITS: Final = 120.0
"""Seconds that a run of the archive is put off at most: the journal grows meanwhile."""


class Courtesy:
    """The courtesy of one fold. Use it from one thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._since: float | None = None

    def rest(self, worked: float) -> float:
        """Return the seconds to rest after so many of work; 0 without bulk planning.

        Raises:
            StoreAwayError: no answer.
        """
        if not self._store.bulk.is_on():
            return 0.0
        return min(LONGEST, TIMES * worked)

    def waits(self) -> bool:
        """Return whether a long run is better put off.

        Raises:
            StoreAwayError: no answer.
        """
        if not self._store.bulk.is_on():
            self._since = None
            return False
        now = clock.monotonic()
        self._since = now if self._since is None else self._since
        return now - self._since < WAITS
