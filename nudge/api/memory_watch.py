"""Watch over the store's memory: it says when little is left, before nothing can be written."""

from __future__ import annotations

import threading
from typing import Final

import structlog

from nudge.api.metrics import MemoryMetrics
from nudge.clock import monotonic
from nudge.store.keeping.memory import MemoryLevel, StoreMemory

EVERY: Final = 60.0
"""Seconds between two lines of the log."""
FILLING: Final = (
    "store_nearly_full: the store uses {:.0%} of its memory, {:,} MB; at 100 % it only reads, "
    "decisions come from memory and events wait on disk; raise [store] max_memory (maxmemory of a "
    "server of your own) or lower journal_max_bytes"
)
EVICTS: Final = (
    "the store removes keys when it is full, and may lose records and visitors; set its "
    "maxmemory-policy to noeviction"
)

log = structlog.get_logger()


class MemoryWatch:
    """A watch over the memory of the store, of one process."""

    def __init__(self, metrics: MemoryMetrics) -> None:
        self._metrics = metrics
        self._lock = threading.Lock()
        self._told = float("-inf")

    def look(self, memory: StoreMemory) -> list[str]:
        """Return what needs a person, nearly full first; set the gauges, and log once a minute.

        Raises:
            StoreAwayError: the store does not answer.
        """
        level = memory.level()
        self._metrics.used.set(level.used)
        self._metrics.ratio.set(level.ratio)
        full = [FILLING.format(level.ratio, level.used // 1_000_000)] if level.nearly_full else []
        if full:
            self._log(level, full[0])
        return full + ([EVICTS] if level.evicts else [])

    def _log(self, level: MemoryLevel, cure: str) -> None:
        with self._lock:
            if monotonic() - self._told < EVERY:
                return
            self._told = monotonic()
        log.warning("store_nearly_full", used=level.used, ratio=round(level.ratio, 3), cure=cure)
