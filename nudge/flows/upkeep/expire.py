"""Expiry: removes the lake's days that are older than the retention, a step at a time.

Only whoever archives a partition does so, between two archivings and when nothing is to be merged.
What is left of the rows is what the folds hold behind them (docs/decisions/0008-lake-by-date.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import structlog

from nudge import clock
from nudge.domain.journal.fold_name import FOLDS, FoldName
from nudge.lake.files.expire import expire, plan
from nudge.lake.files.manifest import Manifest
from nudge.lake.files.reader import Contents, Lake
from nudge.lake.files.restore import Unseal
from nudge.store.folds.folds import Lease
from nudge.store.store import Store

EVERY: Final = 600.0
"""Seconds between two looks whether there is something to remove."""

log = structlog.get_logger()


@dataclass
class Expiry:
    """The expiry of the lake's old days. Use it from one thread.

    Attributes:
        unseal: finds references behind decision ids.
        keep: seconds that rows stay, at least; 0 is for ever.
        next_at: seconds on a clock that never jumps.
    """

    store: Store
    lake: Lake
    unseal: Unseal
    keep: float
    next_at: float = 0.0

    def due(self, now: float) -> bool:
        """Return True where the next look is due.

        Args:
            now: seconds on a clock that never jumps.
        """
        return self.keep > 0 and now >= self.next_at

    def run(self, leases: Sequence[Lease]) -> bool:
        """Remove once, in one partition, if a day is old enough; return whether one was.

        Raises:
            BrokenLakeError: the lake contradicts itself; nothing has changed.
            LakeAwayError: the disk refused; a later run does it again.
            StoreAwayError: no answer; the same.
        """
        began = clock.monotonic()
        self.next_at = began + EVERY
        done = any(map(self._expired, leases))
        if done:
            # Half of the time is for the folds that share the process.
            self.next_at = 2 * clock.monotonic() - began
        return done

    def _expired(self, lease: Lease) -> bool:
        p, began = lease.partition, clock.monotonic()
        watermark = self._watermark(p)
        contents = Contents(self.lake.root, {p: self.lake.manifests(p)})
        parts = plan(contents.manifests[p], self._read_by_all(lease), self._first_day(watermark))
        if not parts:
            return False
        left = expire(self.lake, contents.balance(p), parts, watermark, self.unseal)
        if left is None:
            return False
        self._tell(left, parts, clock.monotonic() - began)
        return True

    def _read_by_all(self, lease: Lease) -> int:
        """Return the position up to which every fold has read, as the store knows it."""
        found = (self.store.folds.position_of(lease.partition, f) for f in FOLDS)
        return min(lease.position, *found)

    def _watermark(self, partition: int) -> float:
        kept = self.store.folds.read_fields(partition, FoldName.ATTRIBUTE, "watermark")
        return float(kept[0] or 0.0)

    def _first_day(self, watermark: float) -> str:
        """Return the first day that stays; a clock that jumps ahead makes nothing older."""
        since = max(0.0, min(clock.now(), watermark) - self.keep)
        return f"date={datetime.fromtimestamp(since, UTC).date().isoformat()}"

    def _tell(self, left: Manifest, parts: Sequence[Manifest], seconds: float) -> None:
        log.info(
            "lake_expired",
            partition=left.range.partition,
            upto=left.range.upto,
            day=parts[-1].last_day.removeprefix("date="),
            rows=sum(one.rows for one in parts),
            seconds=round(seconds, 3),
        )
