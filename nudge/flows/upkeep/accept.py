"""Acceptance of a store that lost records of this installation, so that the service goes on.

What the store still has is folded and archived to its end; the positions from there to where new
records begin are declared lost in the lake; and the folds wait for a rebuild, which reads the lake.
It can be broken off and run again: the store stays marked until the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from nudge.domain.alarms.watch_plan import WatchPlan
from nudge.domain.care.rule_book import RuleBook
from nudge.domain.journal.fold_name import FOLDS, FoldName
from nudge.domain.membership.segment_book import SegmentBook
from nudge.errors import InvalidConfigError
from nudge.flows.folds.archive import PENDING, ArchiveFold
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.folds.care import CareFold
from nudge.flows.folds.fold import Fold
from nudge.flows.folds.learn import LearnFold
from nudge.flows.folds.monitor import MonitorFold, Plan
from nudge.flows.folds.segment import SegmentFold
from nudge.lake.files import manifest
from nudge.lake.files.manifest import Manifest, Range
from nudge.lake.files.reader import Lake
from nudge.lake.files.tables import Seal
from nudge.store.folds.folds import Commit, FoldWrite, Lease
from nudge.store.keeping import identity
from nudge.store.keeping.fingerprint import StoreFingerprint, read_note, write_note
from nudge.store.keeping.identity import WrongStore
from nudge.store.store import Store

TTL: Final = 60.0
WAITS: Final = "the store was replaced: run `nudge rebuild`"
"""Reason that keeps a fold from running until it was rebuilt."""


@dataclass(frozen=True)
class Gap:
    """A gap in one partition: the positions whose records the store lost.

    Attributes:
        after: the last position that the lake holds.
        noted: the last position that was known.
        upto: behind which new records are numbered.
    """

    partition: int
    after: int
    noted: int
    upto: int


@dataclass(frozen=True)
class StoreAcceptance:
    """The acceptance of a store that lost records.

    Attributes:
        lake: in which gaps are declared.
        seal: makes decision ids of references.
        note: path of what is noted of the store.
        owner: under which leases are held.
        plan: what the fold `monitor` counts.
        book: the rules of the fold `care`; what it reads here waits for its rebuild anyway.
        segments: those that the fold `segment` follows.
    """

    store: Store
    lake: Lake
    seal: Seal
    note: Path
    owner: str
    plan: Plan = WatchPlan
    book: Callable[[], RuleBook] = RuleBook
    segments: Callable[[], SegmentBook] = SegmentBook

    def gaps(self) -> list[Gap]:
        """Return the gap of each partition; write nothing.

        Raises:
            InvalidConfigError: nothing is noted of the store that was known.
        """
        noted = read_note(self.note)
        if noted is None:
            cure = "run this where the data directory of the service is"
            raise InvalidConfigError([f"{self.note}: there is no such file; {cure}"])
        return [self._gap(noted, p) for p in self.store.keys.every_partition()]

    def run(self, wrong: WrongStore) -> list[Gap]:
        """Accept the store; return the gaps, which the lake declares.

        Args:
            wrong: as it was recognised.

        Raises:
            InvalidConfigError: nothing is noted of the store that was known.
            StoreError: a fold is broken, and must be rebuilt before.
            LakeError: the lake is broken, or its disk refuses.
            StoreAwayError: no answer; run it again.
        """
        gaps = [self._placed(gap, wrong) for gap in self.gaps()]
        for gap in gaps:
            self._accepted(gap, wrong)
        found = self.store.identity.store_id() or ""
        write_note(self.note, StoreFingerprint(found, {gap.partition: gap.upto for gap in gaps}))
        self.store.identity.forgive()
        return gaps

    def _gap(self, noted: StoreFingerprint, partition: int) -> Gap:
        last = noted.positions.get(partition, 0)
        return Gap(partition, self.lake.last(partition), last, identity.behind(noted, partition))

    def _placed(self, gap: Gap, wrong: WrongStore) -> Gap:
        """Return the final gap; it spares positions that a store of another installation holds."""
        listed = self.lake.manifests(gap.partition)
        if listed and listed[-1].lost and gap.after > gap.noted:
            # Declared by a run that was broken off: the note follows at the end.
            return replace(gap, upto=gap.after)
        last = self.store.journal.jump(gap.partition, gap.upto)
        return replace(gap, upto=last) if wrong.reason == "store_other" else gap

    def _accepted(self, gap: Gap, wrong: WrongStore) -> None:
        leases = [self.store.folds.seize(gap.partition, name, self.owner, TTL) for name in FOLDS]
        if wrong.reason == "store_older":
            end = self.store.journal.end_before(gap.partition, gap.upto)
            leases = [self._caught_up(lease, end) for lease in leases]
        self._declare(gap, wrong)
        for lease in leases:
            write = self._mark(lease)
            if lease.position < gap.upto:
                done = Commit(gap.upto, writes=[write])
                lease = self.store.folds.commit(lease, done)  # noqa: PLW2901 - as it stands now
            self.store.folds.release(lease)
        self.store.journal.drop(gap.partition, gap.upto)

    def _mark(self, lease: Lease) -> FoldWrite:
        """Make the fold wait for its rebuild; `archive`, which has none, forgets its range."""
        if lease.fold == FoldName.ARCHIVE:
            return self.store.folds.drop_fields(lease.partition, FoldName.ARCHIVE, PENDING)
        return self.store.folds.put_fields(lease.partition, lease.fold, {"broken": WAITS})

    def _caught_up(self, lease: Lease, end: int) -> Lease:
        """Return the lease once its fold has read everything that the store still has."""
        if lease.fold == FoldName.ARCHIVE:
            return self._archived(lease, end)
        fold: Fold[Any] = self._fold(lease.fold)
        state = fold.prepare(lease.partition)
        while lease.position < end:
            count = min(fold.batch, end - lease.position)
            entries = self.store.journal.read(lease.partition, lease.position, count)
            mine = [entry for entry in entries if entry.position <= end]
            state, made = fold.handle(lease.partition, state, mine)
            lease = self.store.folds.commit(lease, made)
        return lease

    def _archived(self, lease: Lease, end: int) -> Lease:
        last = self.lake.last(lease.partition)
        if lease.position < last:
            # The lake went on before the store was lost.
            lease = self.store.folds.commit(lease, Commit(last, writes=[self._mark(lease)]))
        if lease.position < end:
            fixed = self.store.folds.put_fields(
                lease.partition, FoldName.ARCHIVE, {PENDING[0]: end, PENDING[1]: ""}
            )
            lease = self.store.folds.commit(lease, Commit(lease.position, writes=[fixed]))
            (lease,) = ArchiveFold(self.store, self.lake, self.seal).run([lease])
        return lease

    def _fold(self, name: str) -> Fold[Any]:
        makers: dict[str, Callable[..., Fold[Any]]] = {
            FoldName.ATTRIBUTE: AttributeFold,
            FoldName.LEARN: LearnFold,
            FoldName.MONITOR: partial(MonitorFold, plan=self.plan),
            FoldName.CARE: partial(CareFold, book=self.book),
            FoldName.SEGMENT: partial(SegmentFold, book=self.segments),
        }
        return makers[name](self.store)

    def _declare(self, gap: Gap, wrong: WrongStore) -> None:
        last = self.lake.last(gap.partition)
        if last < gap.upto:
            of = Range(gap.partition, last, gap.upto)
            manifest.write(self.lake.root, Manifest(of, (), lost=wrong.reason))
