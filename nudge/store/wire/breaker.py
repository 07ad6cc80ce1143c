"""A circuit breaker: after one unanswered call no other waits, until a probe is answered."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

import structlog

from nudge.clock import monotonic
from nudge.errors import StoreAwayError

PROBE_EVERY: Final = 0.1
"""Seconds between probes: what an outage lasts longer than the store's."""


log = structlog.get_logger()


class Breaker:
    """A circuit breaker, open or closed for all threads of a process.

    Args:
        probe: one call that writes; it raises `StoreAwayError` while the store is away.
    """

    def __init__(self, probe: Callable[[], object]) -> None:
        self._probe = probe
        self._lock = threading.Lock()
        self._open = threading.Event()
        self._since = 0.0
        self._cause: StoreAwayError | None = None
        self._stop = threading.Event()

    @property
    def is_open(self) -> bool:
        """True while calls fail at once."""
        return self._open.is_set()

    @property
    def open_for(self) -> float:
        """The seconds since it opened; 0 while it is closed."""
        return monotonic() - self._since if self.is_open else 0.0

    @property
    def cause(self) -> StoreAwayError | None:
        """The last probe's error while it is open; None while it is closed."""
        return self._cause if self.is_open else None

    def check(self) -> None:
        """Refuse a call while the breaker is open.

        Raises:
            StoreAwayError: the breaker is open.
        """
        if self._open.is_set():
            raise StoreAwayError("the store is away; it is probed in the background")

    def trip(self, cause: StoreAwayError | None = None) -> None:
        """Open the breaker and probe until the store answers; idempotent."""
        with self._lock:
            if self._open.is_set() or self._stop.is_set():
                return
            self._since = monotonic()
            self._cause = cause
            self._open.set()
        log.warning("store_away", code=cause.code if cause else "", error=str(cause))
        threading.Thread(target=self._probing, name="store-probe", daemon=True).start()

    def close(self) -> None:
        """Stop probing, for good."""
        self._stop.set()

    def _probing(self) -> None:
        while not self._stop.wait(PROBE_EVERY):
            try:
                self._probe()
            except StoreAwayError as error:
                # A store that came back without room is another trouble than one that is gone.
                self._cause = error
                continue
            except Exception:
                # Without this thread the process would stay without its store for ever.
                log.exception("probe_failed")
                continue
            log.info("store_again", away=round(self.open_for, 1))
            self._open.clear()
            return
