"""Shares and runs of a slot's comparison groups, by which a lift is weighted and bounded."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace

from nudge.domain.reports.holdout_runs import holdout_runs, usual_runs
from nudge.domain.slots.holdout import share_beside_usual, share_held_out
from nudge.domain.slots.slot import Slot
from nudge.store.store import Store

Runs = dict[int, int]
"""Revision -> first revision of its run."""


def read_holdout_shares(
    store: Store, slot: Slot, revisions: Collection[int], everywhere: float
) -> dict[int, float]:
    """Return revision -> share of the holdout among the policy's subjects and its own.

    Args:
        store: that has the slot's earlier revisions.
        slot: its current revision; stands in for one that is not kept.
        revisions: that occur in the slot's rows.
        everywhere: share of all subjects that the global holdout takes.

    Raises:
        StoreAwayError: the store does not answer.
    """
    return {
        revision: share_beside_usual(share_held_out(everywhere, one.holdout), one.usual_share)
        for revision, one in _revisions(store, slot, revisions)
    }


def read_usual_shares(store: Store, slot: Slot, revisions: Collection[int]) -> dict[int, float]:
    """Return revision -> share of the group `usual` among the policy's subjects and its own.

    Args:
        store: that has the slot's earlier revisions.
        slot: its current revision; stands in for one that is not kept.
        revisions: that occur in the slot's rows.

    Raises:
        StoreAwayError: the store does not answer.
    """
    # The group is drawn from those whom no holdout has: its share among them is the one written.
    return {revision: one.usual_share for revision, one in _revisions(store, slot, revisions)}


def read_holdout_runs(store: Store, slot: Slot, revisions: Collection[int]) -> Runs:
    """Return revision -> first revision of its run, for the revisions of a cube's rows.

    Args:
        store: that has the slot's earlier revisions.
        slot: its current revision; stands in for one that is not kept.
        revisions: that occur in the slot's rows.

    Raises:
        StoreAwayError: the store does not answer.
    """
    return _read_runs(store, slot, revisions, holdout_runs)


def read_usual_runs(store: Store, slot: Slot, revisions: Collection[int]) -> Runs:
    """Return the same for the group `usual`.

    Args:
        store: that has the slot's earlier revisions.
        slot: its current revision; stands in for one that is not kept.
        revisions: that occur in the slot's rows.

    Raises:
        StoreAwayError: the store does not answer.
    """
    return _read_runs(store, slot, revisions, usual_runs)


def _read_runs(
    store: Store,
    slot: Slot,
    revisions: Collection[int],
    find_runs: Callable[[Iterable[Slot]], Runs],
) -> Runs:
    if len(revisions) < 2:  # noqa: PLR2004 (one revision is one run)
        return {}
    # Those between may have had another fallback or rule, which the last one took back.
    known = {int(str(entry["revision"])) for entry in store.slots.audits(slot.name)}
    between = {one for one in known if min(revisions) < one < max(revisions)}
    return find_runs(
        store.slots.revision(slot.name, one) or replace(slot, revision=one)
        for one in sorted({*revisions, *between})
    )


def _revisions(store: Store, slot: Slot, revisions: Collection[int]) -> Iterator[tuple[int, Slot]]:
    for revision in revisions:
        yield revision, store.slots.revision(slot.name, revision) or slot
