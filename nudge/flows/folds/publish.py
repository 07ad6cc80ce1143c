"""Publish: from counts to snapshots, for each slot by one publisher at a time."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

import structlog

import bandits
from bandits.contract import Policy
from bandits.counts import CountTable
from bandits.features import CellSpec
from bandits.learners import fit
from bandits.learners.auto import FitMemory
from bandits.policies.base import PolicyBase
from bandits.policies.mixture import learned_policy
from nudge.config.window_value import windows_of
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.credit.page_word import SpokenRewards, find_parting
from nudge.domain.model.audience import audience, observations
from nudge.domain.reports.allocation import CellShares
from nudge.domain.slots.learning import learner_config
from nudge.domain.slots.slot import Slot, SlotMode
from nudge.domain.slots.snapshot_pace import is_due
from nudge.domain.slots.versions import forgotten, seed_of
from nudge.domain.timing.batch_trials import CONVERSIONS, serve_most
from nudge.errors import FencedError, StoreAwayError
from nudge.flows.folds.page_share import PAGE_SHARE, FitMemories, mix
from nudge.store.folds.counts import CountRow
from nudge.store.folds.counts_copy import CountsCopy, LearnMark, read_marks
from nudge.store.service.snapshots import PublishLease
from nudge.store.store import Store

log = structlog.get_logger()

PAUSE = 60.0
"""Seconds that a slot waits after its learner failed."""


@dataclass
class SlotPublication:
    """The state of a publisher for one slot: lease, counts and last snapshot.

    Attributes:
        lease: its right.
        counts: a copy.
        kept: version -> seconds when it was published.
        revision: of the slot, at the last publication; 0 before.
        changed: the counts are not those of the last publication.
        published_at: seconds on the monotonic clock, of the last publication; before it, never.
        known: exposures behind the last publication.
        news: exposures since then, as of the last look at the counts.
        memories: where the last fits ended; another publisher starts without.
    """

    lease: PublishLease
    counts: CountsCopy
    kept: dict[int, float]
    revision: int
    changed: bool
    published_at: float = -math.inf
    known: int = 0
    news: int = 0
    memories: FitMemories = field(default_factory=FitMemories)


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
        return [name for name, slot in current.items() if self._turn(slot, now)]

    def release(self) -> None:
        """Give every lease back."""
        for desk in self._desks.values():
            self._store.snapshots.release(desk.lease)
        self.forget()

    def forget(self) -> None:
        """Drop the publisher's state without writing to the store: its last write is uncertain."""
        self._desks.clear()

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
            desk = self._desks[lease.slot] = self._opened(lease)
        return desk

    def _opened(self, lease: PublishLease) -> SlotPublication:
        """Open a publication state that continues where the last publisher stopped."""
        counts = CountsCopy.empty(lease.slot, self._store.keys.partitions)
        kept = self._store.snapshots.published(lease.slot)
        revision, positions = self._last(lease)
        counts.refresh(self._store.counts)
        changed = any(
            self._store.counts.blocks_changed(p, lease.slot, since, counts.generations[p])
            for p, since in enumerate(positions)
        )
        return SlotPublication(lease, counts, kept, revision, changed)

    def _last(self, lease: PublishLease) -> tuple[int, list[int]]:
        """Return revision and positions of the last snapshot; zeros where none can be read."""
        blob = self._store.snapshots.read(lease.slot, lease.version)
        if blob is None:
            return 0, [0] * self._store.keys.partitions
        try:
            meta = bandits.load_policy(blob).meta
        except bandits.SnapshotError:
            log.exception("snapshot_unreadable", slot=lease.slot, version=lease.version)
            return 0, [0] * self._store.keys.partitions
        return int(str(meta["revision"])), cast("list[int]", meta["positions"])

    def _published(self, desk: SlotPublication, slot: Slot, now: float) -> bool:
        if slot.mode == SlotMode.FROZEN:
            return False  # what is counted meanwhile is learned from when it goes on
        if not self._is_due(desk, slot, now):
            return False
        if desk.changed and slot.mode == SlotMode.LIVE:
            # Of this revision alone: who sets the slot live again begins anew.
            own = (row for number, row in desk.counts.rows() if number == slot.revision)
            found = find_parting(map(_spoken, own))
            self.parted += [(slot, found)] if found else []
        anew = slot.revision != desk.revision
        if not (desk.changed or (anew and (desk.counts.blocks or says_something(slot)))):
            return False
        version = desk.lease.version + 1
        rows = self._rows(desk, slot)
        done = (desk.counts.positions, desk.counts.watermark, version)
        policy = fit_learner(slot, rows, *done, desk.memories, self._page_share)
        desk.kept[version] = desk.counts.watermark
        gone = forgotten(desk.kept)
        desk.lease = self._store.snapshots.publish(
            desk.lease, bandits.dump(policy), desk.counts.watermark, gone
        )
        for one in gone:
            del desk.kept[one]
        desk.revision, desk.changed, desk.published_at = slot.revision, False, now
        desk.known, desk.news = _trials(rows), 0
        log.info("published", slot=slot.name, revision=slot.revision, version=version)
        return True

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
                desk.news = _trials(self._rows(desk, slot)) - desk.known
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


def fit_learner(
    slot: Slot,
    rows: Iterable[CountRow],
    positions: list[int],
    watermark: float,
    version: int,
    memories: FitMemories | None = None,
    page_share: float = PAGE_SHARE,
) -> Policy:
    """Fit the slot's learner to counts and return the policy: a pure function of its arguments.

    Args:
        slot: its current revision.
        rows: of this revision and those alike, of all partitions.
        positions: by partition, up to which the journal was counted.
        watermark: seconds, the time of the fit: of the journal, not of the wall clock.
        version: to give it.
        memories: of earlier fits, changed in place.
        page_share: what pages' words are worth where the slot does not say so itself.

    Raises:
        bandits.ConfigError: the slot's kind of policy is not available.
    """
    index = {name: i for i, name in enumerate(slot.names)}
    known = [row for row in rows if row.variant in index]
    config, seed = learner_config(slot), seed_of(slot.name, version)

    def fitted(found: Sequence[CountRow], memory: FitMemory) -> Policy:
        table = CountTable.from_rows((r.bucket, r.cell, index[r.variant], *r.tally) for r in found)
        return fit(config, table, watermark, seed=seed, version=str(version), memory=memory)

    policy = mix(slot, known, version, fitted, memories or FitMemories(), page_share)
    trials: dict[str, int] = defaultdict(int)
    conversions = dict.fromkeys(slot.names, 0)
    for row in known:
        trials[row.cell] += row.tally[0]
        conversions[row.variant] += row.tally[1]
    counted = _with_meta(policy, {CONVERSIONS: conversions})
    live, possible = serve_most(LiveSlot(slot, counted, windows_of(slot)))
    shares = CellShares.of(live.policy, slot, _spec(slot), trials, possible)
    told = learned_terms(policy)
    meta = {
        "slot": slot.name,
        "revision": slot.revision,
        "seed": seed,
        "positions": list(positions),
        "published_at": watermark,
        "allocation": dict(zip(slot.names, shares.average.tolist(), strict=True)),
        "fallback": dict(slot.fallback),
        "audience": audience(shares, _spec(slot)),
        CONVERSIONS: conversions,
        "observations": observations(_exposures(known), told.get("half_lives"), watermark),
        **told,
    }
    return _with_meta(policy, meta)


def learned_terms(policy: Policy) -> dict[str, object]:
    """Return half-lives and width of a fit; of a mixture, those of its main part.

    A policy of another kind says nothing.
    """
    source = learned_policy(policy)
    return {name: source.meta[name] for name in ("half_lives", "width") if name in source.meta}


def _trials(rows: Iterable[CountRow]) -> int:
    return sum(row.tally[0] for row in rows)


def _exposures(rows: Iterable[CountRow]) -> list[tuple[float, int]]:
    return [(float(row.bucket), row.tally[0]) for row in rows]


def _spoken(row: CountRow) -> SpokenRewards:
    told = row.claims[1]
    return SpokenRewards(row.bucket, row.variant, told, row.tally[1] - told)


def alike(one: Slot, other: Slot) -> bool:
    """Return True where the counts of two revisions add up: same cells, same rewarding event."""
    return _spec(one) == _spec(other) and one.terms.event == other.terms.event


def says_something(slot: Slot) -> bool:
    """Return True where the policy says something before anything was counted.

    A slot that begins with a rule shows each page's fallback until then (`first_policy`).
    """
    return learner_config(slot).policy.kind == "fixed"


def _spec(slot: Slot) -> CellSpec:
    config = learner_config(slot)
    return CellSpec.build(config.context, config.policy.max_cells)


def _with_meta(policy: Policy, meta: Mapping[str, object]) -> Policy:
    # The shares can be told only when the policy is made; every kind of policy has this base.
    return cast("Policy", replace(cast("PolicyBase", policy), meta=meta))
