"""The loop that keeps the order of win-back: new cases within seconds, all once in a while."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bandits.units import MINUTE
from nudge import clock
from nudge.config.documents.configuration import Configuration
from nudge.errors import NudgeError
from nudge.flows.winback.winback_desk import WinbackDesk, open_desk, setup_of
from nudge.flows.winback.winback_ranking import WinbackRanking
from nudge.store.store import Store
from nudge.workers.configuration_follower import ConfigurationFollower
from nudge.workers.store_check import StoreCheck
from nudge.workers.turns.turn_loop import TurnLoop

AGAIN: Final = 10.0 * MINUTE
"""Seconds between the beginnings of two passes through all cases."""
SLICE: Final = 0.5
"""Seconds of one turn that go to a pass through all cases: what changed comes first."""


class WinbackLoop(TurnLoop):
    """The loop of the order, in one worker at a time.

    A worker that gets the turn ranks all cases: what the one before had taken and not ranked is
    among them.
    """

    look = 1.0
    failure = "winback_not_ranked"

    def __init__(
        self,
        store: Store,
        follower: ConfigurationFollower,
        owner: str,
        ttl: float,
        store_check: StoreCheck,
    ) -> None:
        super().__init__(store, store_check)
        self._follower, self._owner, self._ttl = follower, owner, ttl
        self._ranking: WinbackRanking | None = None
        self._pass: Iterator[int] | None = None
        self._ranked_by: Configuration | None = None
        self._due = 0.0

    def turn(self) -> int:
        """Rank what changed, and a part of all; return how many cases were ranked.

        Raises:
            InvalidConfigError: a document is wrong.
            StoreAwayError: the store does not answer.
        """
        if self._follower.current().winback.trails is None and self._ranking is None:
            return 0  # nobody is won back: no order is kept
        if not self._store.winback.acquire(self._owner, self._ttl):
            self._ranking = self._pass = None
            return 0
        try:
            return self._rank(self._ranking or self._begin())
        except NudgeError:
            self._ranking = self._pass = None  # what was taken may be lost: all is ranked anew
            raise

    def _begin(self) -> WinbackRanking:
        self._ranking, self._due = WinbackRanking(self._store, self._desk), 0.0
        return self._ranking

    def _rank(self, ranking: WinbackRanking) -> int:
        ranked = ranking.rank_changed()
        if ranking.has_news() or self._ranked_by is not self._follower.current():
            self._due = 0.0
        if self._pass is None and clock.monotonic() >= self._due:
            self._ranked_by, self._due = self._follower.current(), clock.monotonic() + AGAIN
            self._pass = ranking.rank_all()
        until = clock.monotonic() + SLICE
        while self._pass is not None and clock.monotonic() < until:
            part = next(self._pass, None)
            ranked += part or 0
            self._pass = self._pass if part is not None else None
        return ranked

    def _desk(self) -> WinbackDesk:
        return open_desk(self._store, setup_of(self._follower.current()), clock.now())
