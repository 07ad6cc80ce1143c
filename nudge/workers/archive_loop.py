"""The loop of the archive: one fold over all partitions of a worker, so that they share files.

Whoever archives a partition also trims its journal, merges its small files, removes its old days,
and notes how far the store was seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import structlog

from nudge import clock
from nudge.domain.journal.fold_name import FoldName
from nudge.errors import NudgeError, StoreError
from nudge.flows.folds.archive import ArchiveFold
from nudge.flows.upkeep.compact import Compaction
from nudge.flows.upkeep.expire import Expiry
from nudge.flows.upkeep.retain import JournalRetention
from nudge.lake.files.errors import LakeError
from nudge.store.folds.folds import Lease
from nudge.store.keeping.identity import note_archived
from nudge.workers.backoff import Backoff
from nudge.workers.courtesy import Courtesy
from nudge.workers.leases import Leases

log = structlog.get_logger()

LOOK = 0.2
"""Seconds between two looks whether a run is due."""


@dataclass(frozen=True)
class SpareWork:
    """Work for the time in which no archiving is due.

    Attributes:
        compact: merges small files.
        expire: removes old days.
    """

    compact: Compaction
    expire: Expiry


class ArchiveLoop:
    """The loop that runs the archive when it is due. Use it from one thread."""

    def __init__(
        self,
        archive: ArchiveFold,
        leases: Leases,
        retain: JournalRetention,
        spare: SpareWork,
        note: Path,
        courtesy: Courtesy,
    ) -> None:
        self._archive, self._leases, self._retain = archive, leases, retain
        self._spare, self._note, self._courtesy = spare, note, courtesy

    def run(self, stop: Event) -> None:
        """Work until `stop` is set, then give the leases back.

        What the last run left waits in the journal for whoever comes next.
        """
        trouble = Backoff(0.5, 30.0)
        while not stop.is_set():
            try:
                self.turn()
                trouble.reset()
            except NudgeError as error:
                log.warning("archive_failed", code=error.code, error=str(error))
                self._leases.forget()
                stop.wait(trouble.next())
            stop.wait(LOOK)
        self._release()

    def turn(self) -> None:
        """Run the archive once, if it is due.

        Raises:
            NudgeError: it failed; the leases are to be taken again.
        """
        self._leases.refresh()
        held = self._leases.held()
        self._retain.run([lease.partition for lease in held], clock.monotonic())
        if not held or self._courtesy.waits():
            return
        if not self._archive.due(clock.monotonic(), held):
            self._in_spare_time(held)
            return
        with self._leases.renewed():
            done = self._archive.run(held)
        for lease in done:
            self._leases.update(lease)
        note_archived(self._note, {lease.partition: lease.position for lease in done})

    def _in_spare_time(self, held: list[Lease]) -> None:
        """Merge small files, else remove old days; retry a failure at the next look."""
        compact, expire = self._spare.compact, self._spare.expire
        if compact.due(clock.monotonic()):
            with self._failing("not_compacted"):
                compact.run(held)
        elif expire.due(clock.monotonic()):
            with self._failing("not_expired"):
                expire.run(held)

    @contextmanager
    def _failing(self, what: str) -> Iterator[None]:
        try:
            with self._leases.renewed():
                yield
        except LakeError as error:
            log.warning(what, code=error.code, error=str(error))

    def _release(self) -> None:
        try:
            self._leases.release()
        except StoreError as error:
            log.warning("leases_not_released", fold=FoldName.ARCHIVE.value, error=str(error))
