"""State of a publisher for one slot: lease, counts and last snapshot."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, cast

import structlog

import bandits
from nudge.flows.folds.page_share import FitMemories
from nudge.store.folds.counts_copy import CountsCopy
from nudge.store.service.snapshots import PublishLease
from nudge.store.store import Store

log = structlog.get_logger()

QUARANTINED: Final = "quarantined"
"""Key of a snapshot's meta: the quarantines that left out counts of its slot; absent for none."""
HELD: Final = "held"
"""Key of a snapshot's meta: the version that it publishes again; absent where it was learned."""


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
        left_out: quarantines of the last publication, as its meta has them.
        seen: version of the quarantines that it was compared with last; None for none.
        held: version that the last publication published again; None where it was learned.
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
    left_out: list[dict[str, object]] = field(default_factory=list)
    seen: str | None = None
    held: int | None = None
    memories: FitMemories = field(default_factory=FitMemories)

    @classmethod
    def open(cls, store: Store, lease: PublishLease) -> SlotPublication:
        """Open a publication state that continues where the last publisher stopped."""
        counts = CountsCopy.empty(lease.slot, store.keys.partitions)
        kept, meta = store.snapshots.published(lease.slot), _last_meta(store, lease)
        counts.refresh(store.counts)
        positions = cast("list[int]", meta.get("positions", [0] * store.keys.partitions))
        changed = any(
            store.counts.blocks_changed(p, lease.slot, since, counts.generations[p])
            for p, since in enumerate(positions)
        )
        desk = cls(lease, counts, kept, int(str(meta.get("revision", 0))), changed)
        desk.left_out = quarantined_of(meta)
        desk.held = cast("int | None", meta.get(HELD))
        return desk


def _last_meta(store: Store, lease: PublishLease) -> Mapping[str, object]:
    """Return the meta of the last snapshot; empty where none can be read."""
    blob = store.snapshots.read(lease.slot, lease.version)
    if blob is None:
        return {}
    try:
        return bandits.load_policy(blob).meta
    except bandits.SnapshotError:
        log.exception("snapshot_unreadable", slot=lease.slot, version=lease.version)
        return {}


def quarantined_of(meta: Mapping[str, object]) -> list[dict[str, object]]:
    """Return the quarantines that left out counts of a snapshot, from its meta."""
    return cast("list[dict[str, object]]", meta.get(QUARANTINED, []))
