"""The loop that watches the service itself: alarms of folds, store and slots."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Event
from typing import Final

import structlog

from nudge import clock
from nudge.domain.alarms.alarm import Alarm
from nudge.domain.alarms.service_alarms import ServiceFigures
from nudge.errors import NudgeError, StoreAwayError
from nudge.flows.alarms.service_figures import ServiceFigureReader
from nudge.flows.alarms.service_watch import ServiceWatch
from nudge.store.service.catalogue import Catalogue
from nudge.store.store import Store
from nudge.workers.backoff import Backoff
from nudge.workers.store_check import StoreCheck

log = structlog.get_logger()

TICK: Final = 5.0
"""Seconds between two looks."""


class ServiceLoop:
    """The loop of the service's own alarms, in one worker at a time. Use it from one thread.

    It shares the turn of the monitors: the worker that judges minutes judges the service.
    """

    def __init__(
        self,
        store: Store,
        owner: str,
        ttl: float,
        store_check: StoreCheck,
        walk_failed: Callable[[], str] = str,
    ) -> None:
        """Begin without figures; `walk_failed` tells the step at which walks fail, or nothing."""
        self._store, self._owner, self._ttl = store, owner, ttl
        self._store_check, self._walk_failed = store_check, walk_failed
        self._reader = ServiceFigureReader(store, Catalogue.empty())
        self._watch = ServiceWatch(store)
        self._figures = ServiceFigures()
        self._away_since: float | None = None

    def run(self, stop: Event) -> None:
        """Work until `stop` is set; the turn is given back by the loop of the monitors."""
        trouble = Backoff(1.0, TICK)
        while not stop.wait(TICK):
            try:
                if self._store_check.admits():
                    self.turn(clock.now())
                trouble.reset()
            except StoreAwayError:
                self.miss(clock.now())
            except NudgeError as error:
                log.warning("service_not_watched", code=error.code, error=str(error))
                stop.wait(trouble.next())

    def turn(self, now: float) -> list[Alarm]:
        """Judge the service; return the alarms that changed.

        Raises:
            StoreAwayError: the store does not answer; call `miss`.
        """
        if not self._store.alarms.acquire(self._owner, self._ttl):
            self._watch, self._away_since = ServiceWatch(self._store), None
            return []
        self._watch.take_up()
        self._figures = replace(self._reader.read(now), walk_failed=self._walk_failed())
        self._away_since = None
        self._watch.judge(self._figures, now)
        changed = self._watch.settle(now)
        for alarm in changed:
            status = alarm.status(now).value
            log.warning("service_alarm", alarm=alarm.id, monitor=alarm.monitor, status=status)
        return changed

    def miss(self, now: float) -> None:
        """Judge the service without its store; what comes of it is written when that is back."""
        if self._watch.watches is None:
            return  # another worker may have the turn
        self._away_since = now if self._away_since is None else self._away_since
        away = replace(self._figures, store_away=now - self._away_since)
        self._watch.judge(away, now)
