"""Compact: the lake's small files become few large ones, a merge at a time, between two archivings.

Only whoever archives a partition compacts it, and only what the store knows to be archived. An
owner that lost its lease and goes on all the same does no harm: any chain of manifests that a
reader follows tells the same rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import structlog

from nudge import clock
from nudge.lake.files.compact import CompactionLimits, merge, plan
from nudge.lake.files.reader import Lake
from nudge.store.folds.folds import Lease

EVERY: Final = 60.0
"""Seconds between two looks whether there is something to merge."""

log = structlog.get_logger()


class Compaction:
    """The compaction of the lake's files, where it is worth it. Use it from one thread."""

    def __init__(self, lake: Lake, limits: CompactionLimits | None = None) -> None:
        self._lake, self._limits, self._next = lake, limits or CompactionLimits(), 0.0

    def due(self, now: float) -> bool:
        """Return True where the next look is due.

        Args:
            now: seconds on a clock that never jumps.
        """
        return now >= self._next

    def run(self, leases: Sequence[Lease]) -> bool:
        """Merge once if there is something to merge; return whether there was.

        Raises:
            BrokenLakeError: the lake contradicts itself; nothing has changed.
            LakeAwayError: the disk refused; a later run does it again.
        """
        self._next = clock.monotonic() + EVERY
        upto = {lease.partition: lease.position for lease in leases}
        today = f"date={datetime.fromtimestamp(clock.now(), UTC).date().isoformat()}"
        work = plan(self._lake.contents(), upto, today, self._limits)
        if not work:
            return False
        began = clock.monotonic()
        merge(self._lake.root, work[0])
        log.info(
            "lake_compacted",
            manifests=sum(map(len, work[0].parts)),
            rows=sum(map(len, work[0].ranges)),
            seconds=round(clock.monotonic() - began, 3),
        )
        if len(work) > 1:
            self._next = 0.0
        return True
