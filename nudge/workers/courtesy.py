"""Courtesy: while many customers are planned for, folds leave the processor to that."""

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
    """One fold's. Use it from one thread.

    Args:
        store: of the installation.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._since: float | None = None

    def rest(self, worked: float) -> float:
        """Seconds to rest after so many of work; 0 where nobody plans for many.

        Raises:
            StoreAwayError: no answer.
        """
        if not self._store.bulk.is_on():
            return 0.0
        return min(LONGEST, TIMES * worked)

    def waits(self) -> bool:
        """Whether a long run is better put off.

        Raises:
            StoreAwayError: no answer.
        """
        if not self._store.bulk.is_on():
            self._since = None
            return False
        now = clock.monotonic()
        self._since = now if self._since is None else self._since
        return now - self._since < WAITS
