"""Publish: from counts to snapshots, for each slot by one publisher at a time."""

from __future__ import annotations

from collections.abc import Iterable

import structlog

import bandits
from bandits.contract import Policy
from nudge.domain.alarms.quarantine import Quarantine
from nudge.domain.credit.page_word import SpokenRewards, find_parting
from nudge.domain.slots.policy_hold import PolicyHold
from nudge.domain.slots.slot import Slot, SlotMode
from nudge.domain.slots.snapshot_pace import is_due
from nudge.domain.slots.versions import forgotten
from nudge.errors import FencedError, StoreAwayError
from nudge.flows.folds.learner_fit import (
    alike,
    fit_learner,
    says_something,
    with_meta,
    with_version,
)
from nudge.flows.folds.page_share import PAGE_SHARE, FitMemories
from nudge.flows.folds.slot_publication import HELD, QUARANTINED, SlotPublication, quarantined_of
from nudge.flows.folds.teaching_rows import TeachingRows, teaching_rows
from nudge.store.folds.counts import CountRow
from nudge.store.folds.counts_copy import LearnMark, read_marks
from nudge.store.service.snapshots import PublishLease
from nudge.store.store import Store

log = structlog.get_logger()

PAUSE = 60.0
"""Seconds that a slot waits after its learner failed."""


class Publisher:
    """A publisher of snapshots for every slot whose lease it gets. Use it from one thread.

    Args:
        store: of the installation.
        owner: of the leases.
        ttl: seconds for which a lease holds.
        every: seconds after which a slot's changes are published at the latest; while little is
            known, and much is new, they are sooner (`snapshot_pace`).
        page_share: most by which pages' words alone may move a variant's probability.

    Attributes:
        parted: slots in which pages' words and facts part, found by the last run.
    """

    def __init__(
        self, store: Store, owner: str, ttl: float, every: float, page_share: float = PAGE_SHARE
    ) -> None:
        self._store, self._page_share = store, page_share
        self._owner, self._ttl, self._every = owner, ttl, every
        self._desks: dict[str, SlotPublication] = {}
        self._paused: dict[str, float] = {}
        self._marks: list[LearnMark] = []
        self._quarantines: tuple[str, tuple[Quarantine, ...]] = ("", ())
        self._holds: tuple[str, dict[str, PolicyHold]] = ("", {})
        self.parted: list[tuple[Slot, SpokenRewards]] = []

    def run(self, now: float) -> list[str]:
        """Publish the slots that changed; return the names of those with a new version.

        Args:
            now: seconds on a clock that never jumps.

        Raises:
            StoreAwayError: the store does not answer; call `forget`, and this again later.
        """
        current = self._store.slots.current()
        self.parted.clear()
        self._marks.clear()
        self._follow_versions()
        return [name for name, slot in current.items() if self._turn(slot, now)]

    def release(self) -> None:
        """Give every lease back."""
        for desk in self._desks.values():
            self._store.snapshots.release(desk.lease)
        self.forget()

    def forget(self) -> None:
        """Drop the publisher's state without writing to the store: its last write is uncertain."""
        self._desks.clear()

    def _follow_versions(self) -> None:
        """Read quarantines and holds where they changed."""
        quarantines, holds = self._store.snapshots.versions()
        if quarantines != self._quarantines[0]:
            self._quarantines = quarantines, tuple(self._store.quarantines.current().values())
        if holds != self._holds[0]:
            self._holds = holds, self._store.policy_holds.current()

    def _turn(self, slot: Slot, now: float) -> bool:
        """Publish one slot if it changed; a failure does not stop the other slots."""
        lease = self._store.snapshots.acquire(slot.name, self._owner, self._ttl)
        if lease is None:
            self._desks.pop(slot.name, None)
            return False
        try:
            if now < self._paused.get(slot.name, now):
                return False
            return self._published(self._desk(lease), slot, now)
        except StoreAwayError:
            raise
        except FencedError as error:
            log.warning("publisher_fenced", slot=slot.name, error=str(error))
            self._desks.pop(slot.name, None)
        except Exception as error:
            log.exception("publish_failed", slot=slot.name, revision=slot.revision)
            self._paused[slot.name] = now + PAUSE
            held = self._desks.get(slot.name)
            if held is not None:
                held.memories = FitMemories()  # it may be half changed
            self._store.snapshots.note_failure(slot.name, type(error).__name__)
        return False

    def _desk(self, lease: PublishLease) -> SlotPublication:
        """Return the slot's publication state; a new one where the lease has changed."""
        desk = self._desks.get(lease.slot)
        if desk is None or desk.lease != lease:
            desk = self._desks[lease.slot] = SlotPublication.open(self._store, lease)
        return desk

    def _published(self, desk: SlotPublication, slot: Slot, now: float) -> bool:
        hold = self._holds[1].get(slot.name)
        if hold is None and slot.mode == SlotMode.FROZEN:
            return False  # what is counted meanwhile is learned from when it goes on
        if not self._is_due(desk, slot, now):
            return False
        done = None if hold is None else self._hold_version(desk, slot, hold.version)
        if done is None:
            done = self._learned(desk, slot)
        desk.published_at = now if done else desk.published_at
        return done

    def _hold_version(self, desk: SlotPublication, slot: Slot, held: int) -> bool | None:
        """Publish a kept version again, once; None where the slot has other variants by now."""
        if desk.held == held and desk.revision == slot.revision:
            return False
        blob = self._store.snapshots.read(slot.name, held)
        if blob is None and desk.held == held:
            return False  # it is served; its first copy is older than what is kept
        policy = None if blob is None else bandits.load_policy(blob)
        if policy is None or policy.arms != slot.names:
            log.warning("version_not_held", slot=slot.name, version=held)
            return None
        again = with_meta(policy, {**policy.meta, HELD: held})
        self._put(desk, slot, with_version(again, str(desk.lease.version + 1)))
        desk.left_out, desk.held = quarantined_of(policy.meta), held
        return True

    def _learned(self, desk: SlotPublication, slot: Slot) -> bool:
        """Publish what was learned, if anything of it is new."""
        if desk.changed and slot.mode == SlotMode.LIVE:
            # Of this revision alone: who sets the slot live again begins anew.
            own = (row for number, row in desk.counts.rows() if number == slot.revision)
            found = find_parting(map(_spoken, self._teaching(desk, slot, own).rows))
            self.parted += [(slot, found)] if found else []
        self._compare_quarantines(desk, slot)
        anew = slot.revision != desk.revision
        if not (desk.changed or (anew and (desk.counts.blocks or says_something(slot)))):
            return False
        self._publish_learned(desk, slot)
        return True

    def _compare_quarantines(self, desk: SlotPublication, slot: Slot) -> None:
        """Note a change where other counts are left out than at the last publication.

        The next fit starts anew then: what earlier fits remember was learned with those counts, or
        without them.
        """
        desk.changed = desk.changed or desk.held is not None
        if desk.seen == self._quarantines[0]:
            return
        if self._taught(desk, slot).plain != desk.left_out:
            desk.changed, desk.memories = True, FitMemories()
        desk.seen = self._quarantines[0]

    def _publish_learned(self, desk: SlotPublication, slot: Slot) -> None:
        taught = self._taught(desk, slot)
        done = (desk.counts.positions, desk.counts.watermark, desk.lease.version + 1)
        policy = fit_learner(slot, taught.rows, *done, desk.memories, self._page_share)
        if taught.by:
            policy = with_meta(policy, {**policy.meta, QUARANTINED: taught.plain})
        self._put(desk, slot, policy)
        desk.left_out, desk.held = taught.plain, None
        desk.known, desk.news = count_trials(taught.rows), 0

    def _put(self, desk: SlotPublication, slot: Slot, policy: Policy) -> None:
        """Make a policy the slot's next version, and forget those that need not be kept."""
        version = desk.lease.version + 1
        desk.kept[version] = desk.counts.watermark
        gone = forgotten(desk.kept)
        desk.lease = self._store.snapshots.publish(
            desk.lease, bandits.dump(policy), desk.counts.watermark, gone
        )
        for one in gone:
            del desk.kept[one]
        desk.revision, desk.changed = slot.revision, False
        log.info("published", slot=slot.name, revision=slot.revision, version=version)

    def _taught(self, desk: SlotPublication, slot: Slot) -> TeachingRows:
        return self._teaching(desk, slot, self._rows(desk, slot))

    def _teaching(
        self, desk: SlotPublication, slot: Slot, rows: Iterable[CountRow]
    ) -> TeachingRows:
        return teaching_rows(slot, rows, self._quarantines[1], desk.counts.watermark)

    def _is_due(self, desk: SlotPublication, slot: Slot, now: float) -> bool:
        """Return whether the pause is over; read the counts where that may depend on them."""
        elapsed = now - desk.published_at
        self._marks = self._marks or read_marks(self._store.counts)
        unread = desk.counts.unread(self._marks)
        # An entry of the journal is one exposure at most (an import's are more, and can wait): with
        # fewer there is nothing to read. A slot whose news may be enough is young, so it has few.
        if unread and is_due(elapsed, self._every, desk.known, desk.news + unread):
            desk.changed = desk.counts.refresh(self._store.counts) or desk.changed
            if elapsed < self._every:
                desk.news = count_trials(self._taught(desk, slot).rows) - desk.known
        return is_due(elapsed, self._every, desk.known, desk.news)

    def _rows(self, desk: SlotPublication, slot: Slot) -> list[CountRow]:
        """Return the rows that teach the slot: of its revision, and of those that are alike."""
        alike = {slot.revision: True}
        rows = []
        for revision, row in desk.counts.rows():
            if revision not in alike:
                alike[revision] = self._alike(slot, revision)
            if alike[revision]:
                rows.append(row)
        return rows

    def _alike(self, slot: Slot, number: int) -> bool:
        earlier = self._store.slots.revision(slot.name, number)
        return earlier is not None and alike(earlier, slot)


def _spoken(row: CountRow) -> SpokenRewards:
    told = row.claims[1]
    return SpokenRewards(row.bucket, row.variant, told, row.tally[1] - told)


def count_trials(rows: Iterable[CountRow]) -> int:
    """Return the number of exposures in rows of counts."""
    return sum(row.tally[0] for row in rows)
