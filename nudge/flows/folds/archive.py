"""Archive: copies the journal to the lake, each entry once, whatever crashes on the way.

It is one fold for all partitions that a worker owns, so that they share files. For each it fixes
a range in the store, under the lease; then come the files, then the manifests, then the position.
Whoever finds a fixed range does exactly that range again, and it comes to the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nudge import clock, faults
from nudge.domain.journal.fold_name import FoldName
from nudge.domain.journal.records import JournalEntry, is_dense
from nudge.lake.files import manifest, sweep, writer
from nudge.lake.files.errors import JournalGapError, LakeAheadError
from nudge.lake.files.manifest import Manifest, Range
from nudge.lake.files.reader import Lake
from nudge.lake.files.tables import Seal
from nudge.store.folds.folds import Commit, FoldWrite, Lease
from nudge.store.store import Store

PENDING: Final = ("pending_to", "pending_watermark")
"""The fields that the fold keeps in the store while a range is fixed."""


@dataclass(frozen=True)
class ArchiveLimits:
    """Limits of archiving: how often, and how much at a time.

    Attributes:
        every: longest time in seconds that an entry waits for a run.
        waiting: records (over all partitions) that make a run due at once.
        look: seconds between two looks at how many wait.
        range: entries of one partition in one run; a record of many is whole.
        run: entries of all partitions in one run.
        chunk: entries in memory at a time.
    """

    every: float = 30.0
    waiting: int = 50_000
    look: float = 1.0
    range: int = 50_000
    run: int = 200_000
    chunk: int = 10_000


@dataclass(frozen=True)
class _Job:
    """A range of the journal that is fixed in the store before it is written to the lake.

    Attributes:
        lease: under which it was.
        range: to archive.
        watermark: for its manifest.
        more: other entries waited when it was fixed, or may do so now.
    """

    lease: Lease
    range: Range
    watermark: float | None
    more: bool


class ArchiveFold:
    """The fold `archive`: journal to lake, each entry once. Use it from one thread."""

    def __init__(
        self,
        store: Store,
        lake: Lake,
        seal: Seal,
        limits: ArchiveLimits | None = None,
    ) -> None:
        self._store, self._lake, self._seal = store, lake, seal
        self._limits = limits or ArchiveLimits()
        self._next_run = self._next_look = self._next_sweep = 0.0
        self._checked: dict[int, int] = {}
        self._loose: dict[Path, sweep.Sighting] = {}

    def due(self, now: float, leases: Sequence[Lease] = ()) -> bool:
        """Return True where a run is due.

        Args:
            now: seconds on a clock that never jumps.
            leases: with them, also true where too many entries wait in their partitions.
        """
        if now >= self._next_run:
            return True
        if not leases or now < self._next_look:
            return False
        self._next_look = now + self._limits.look
        return sum(map(self._waiting, leases)) >= self._limits.waiting

    def run(self, leases: Sequence[Lease]) -> list[Lease]:
        """Archive what waits in these partitions and return their leases, in the same order.

        After any error the caller acquires its leases again before the next run.

        Raises:
            FencedError: another worker took a partition over.
            LakeAheadError: the store lost positions that the lake holds.
            JournalGapError: the journal lost positions that the lake does not hold.
            LakeAwayError: the disk refused; nothing is lost, a later run does it again.
            StoreAwayError: no answer; the same.
        """
        self._next_run = clock.monotonic() + self._limits.every
        try:
            jobs = self._fixed(leases)
            self._archive(jobs)
            done = {job.range.partition: self._commit(job) for job in jobs}
            faults.point("archive.committed")
        except Exception:
            self._next_run = 0.0
            self._checked.clear()
            raise
        if any(job.more for job in jobs):
            self._next_run = 0.0
        self._sweep()
        return [done.get(lease.partition, lease) for lease in leases]

    def _waiting(self, lease: Lease) -> int:
        return self._store.journal.last_position(lease.partition) - lease.position

    def _most(self, leases: Sequence[Lease]) -> int:
        return min(self._limits.range, max(1, self._limits.run // len(leases)))

    # The steps: fix the ranges, ...

    def _fixed(self, leases: Sequence[Lease]) -> list[_Job]:
        found = (self._pending(lease) or self._fix(lease, self._most(leases)) for lease in leases)
        return [job for job in found if job is not None]

    def _pending(self, lease: Lease) -> _Job | None:
        p = lease.partition
        upto, watermark = self._store.folds.read_fields(p, FoldName.ARCHIVE, *PENDING)
        known = {lease.position} if upto is None else {lease.position, int(upto)}
        self._check_lake(lease, known)
        if upto is None:
            return None
        return _Job(lease, Range(p, lease.position, int(upto)), _seconds(watermark), more=True)

    def _check_lake(self, lease: Lease, known: set[int]) -> None:
        p = lease.partition
        if self._checked.get(p) == lease.token:
            return
        last = self._lake.last(p)
        if last not in known:
            text = f"the lake holds positions up to {last}, the store archived {lease.position}"
            raise LakeAheadError(f"partition {p}: {text}")
        self._checked[p] = lease.token

    def _fix(self, lease: Lease, most: int) -> _Job | None:
        p, after = lease.partition, lease.position
        # Before the last position is asked: what attribute wrote by then is at or before it.
        credited = self._credited(p)
        last = self._store.journal.last_position(p)
        if last <= after:
            return None
        # At least one, or a journal that lost its end would not be recognised.
        end = max(after + 1, self._store.journal.reach(p, after, most))
        upto = min(last, end)
        watermark = credited if upto == last else None
        known = "" if watermark is None else repr(watermark)
        fields: dict[str, str | int] = {PENDING[0]: upto, PENDING[1]: known}
        self._write(lease, after, self._store.folds.put_fields(p, FoldName.ARCHIVE, fields))
        return _Job(lease, Range(p, after, upto), watermark, more=upto < last)

    def _credited(self, partition: int) -> float | None:
        """Return the time up to which `attribute` has credited everything logged, in seconds."""
        kept = self._store.folds.read_fields(partition, FoldName.ATTRIBUTE, "watermark")
        return _seconds(kept[0])

    # ... write the files and the manifests, ...

    def _archive(self, jobs: Sequence[_Job]) -> None:
        new = [job for job in jobs if not manifest.path_of(self._lake.root, job.range).exists()]
        if not new:
            return
        ranges = [job.range for job in new]
        files = writer.write(self._lake.root, ranges, self._chunks(ranges), self._seal)
        faults.point("archive.after_files")
        for job in new:
            of = job.range
            manifest.write(self._lake.root, Manifest(of, files[of.partition], job.watermark))
            faults.point("archive.between_manifests")
        faults.point("archive.after_manifests")

    def _chunks(self, ranges: Sequence[Range]) -> Iterator[list[JournalEntry]]:
        chunk: list[JournalEntry] = []
        for of in ranges:
            for entries in self._read(of):
                chunk += entries
                if len(chunk) >= self._limits.chunk:
                    yield chunk
                    chunk = []
        if chunk:
            yield chunk

    def _read(self, of: Range) -> Iterator[list[JournalEntry]]:
        after = of.after
        while after < of.upto:
            count = min(self._limits.chunk, of.upto - after)
            found = self._store.journal.read(of.partition, after, count)
            entries = [entry for entry in found if entry.position <= of.upto]
            if not entries or not is_dense(entries, after):
                raise JournalGapError(f"{of}: not all positions behind {after} are in the journal")
            yield entries
            after = entries[-1].position

    # ... and commit the position.

    def _commit(self, job: _Job) -> Lease:
        done = self._store.folds.drop_fields(job.range.partition, FoldName.ARCHIVE, PENDING)
        return self._write(job.lease, job.range.upto, done)

    def _write(self, lease: Lease, position: int, write: FoldWrite) -> Lease:
        return self._store.folds.commit(lease, Commit(position, writes=[write]))

    def _sweep(self) -> None:
        now = clock.monotonic()
        if now >= self._next_sweep:
            self._next_sweep = now + sweep.PATIENCE / 2
            self._loose = sweep.sweep(self._lake, self._loose, now)


def _seconds(text: str | None) -> float | None:
    return float(text) if text else None
