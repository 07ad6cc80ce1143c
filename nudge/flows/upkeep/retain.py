"""Retention: trims the journal behind all folds, and the store's log after an erasure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import structlog

from nudge.store.keeping.retention import RetentionRule
from nudge.store.store import Store

EVERY: Final = 10.0
"""Seconds between two looks."""

log = structlog.get_logger()


@dataclass
class JournalRetention:
    """The retention of the journal, when it is time. Use it from one thread.

    Attributes:
        keep: what stays.
        next_at: seconds on a clock that never jumps.
    """

    store: Store
    keep: RetentionRule
    next_at: float = 0.0

    def run(self, partitions: Iterable[int], now: float) -> int:
        """Trim these partitions if it is time; return how many entries went.

        Raises:
            StoreAwayError: no answer; it is done again later.
        """
        if now < self.next_at:
            return 0
        self.next_at = now + EVERY
        self.store.log_rewrite.rewrite()
        keep = replace(self.keep, bytes=self.store.retention.room(self.keep.bytes))
        return sum(self._trimmed(partition, keep) for partition in partitions)

    def _trimmed(self, partition: int, keep: RetentionRule) -> int:
        done = self.store.retention.trim(partition, keep)
        if done.young:
            # They are in the lake; but an event that names one of them by its id is refused.
            log.warning("journal_trimmed_early", partition=partition, entries=done.young)
        share = keep.bytes / self.store.keys.partitions
        taken = self.store.retention.used(partition) if share else 0
        if taken > share:
            cure = "see the folds' lags: what they or the archive have not read must stay"
            log.warning("journal_too_large", partition=partition, bytes=taken, cure=cure)
        return done.entries
