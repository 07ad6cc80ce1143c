"""Holdout shares and runs of a slot's revisions, by which a lift is weighted and bounded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nudge.domain.reports.cube import Cube
from nudge.domain.reports.holdout_runs import holdout_runs
from nudge.domain.slots.holdout import share_held_out
from nudge.domain.slots.slot import Slot
from nudge.store.store import Store


def read_holdout_shares(
    store: Store, slot: Slot, cube: Cube, everywhere: float
) -> dict[int, float]:
    """Return revision -> share of subjects held out, for the revisions of a cube's rows.

    Args:
        store: that has the slot's earlier revisions.
        slot: its current revision; stands in for one that is not kept.
        cube: of the slot's rows.
        everywhere: share of all subjects that the global holdout takes.

    Raises:
        StoreAwayError: the store does not answer.
    """
    shares = {}
    for revision in map(int, np.unique(cube.groups.revision)):
        one = store.slots.revision(slot.name, revision) or slot
        shares[revision] = share_held_out(everywhere, one.holdout)
    return shares


def read_holdout_runs(store: Store, slot: Slot, cube: Cube) -> dict[int, int]:
    """Return revision -> first revision of its run, for the revisions of a cube's rows.

    Args:
        store: that has the slot's earlier revisions.
        slot: its current revision; stands in for one that is not kept.
        cube: of the slot's rows.

    Raises:
        StoreAwayError: the store does not answer.
    """
    revisions = {int(one) for one in np.unique(cube.groups.revision)}
    if len(revisions) < 2:  # noqa: PLR2004 (one revision is one run)
        return {}
    # Those between may have had another fallback, which the last one took back.
    known = {int(str(entry["revision"])) for entry in store.slots.audits(slot.name)}
    between = {one for one in known if min(revisions) < one < max(revisions)}
    return holdout_runs(
        store.slots.revision(slot.name, one) or replace(slot, revision=one)
        for one in sorted(revisions | between)
    )
