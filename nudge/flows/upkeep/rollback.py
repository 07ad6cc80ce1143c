"""Rollback: a slot's policy is set back to a version that is kept, until it is let go."""

from __future__ import annotations

import bandits
from bandits.contract import Policy
from nudge.config.slot_change import Edit
from nudge.domain.journal.records import Mark
from nudge.domain.slots.policy_hold import PolicyHold
from nudge.domain.slots.slot import Slot
from nudge.errors import ChangedMeanwhileError, InvalidRequestError, NotFoundError
from nudge.flows.upkeep.apply import AUDIT_PARTITION, check_revision
from nudge.store.store import Store

TYPE = "policy_held"
"""Type of the marks that tell of a hold, and of its end (`held: false`)."""


def hold_policy(store: Store, name: str, version: int, seen: int | None, edit: Edit) -> PolicyHold:
    """Hold a slot's policy at a kept version: the publisher publishes it again, and nothing else.

    Idempotent: a version that is held already stays as it was asked for first.

    Args:
        store: of the installation.
        name: of the slot.
        version: of a snapshot that is kept.
        seen: revision of the slot that the caller looked at.
        edit: who, why and when.

    Raises:
        NotFoundError: there is no such slot.
        UnconditionalError: the caller names no revision.
        ChangedMeanwhileError: the slot has another revision by now.
        InvalidRequestError: the version is not kept, or is of other variants.
        StoreAwayError: no answer; the same call goes on.
    """
    slot = _find(store, name, seen)
    before = store.policy_holds.of_slot(name)
    if before is not None and before.version == version:
        return before
    read_kept_policy(store, slot, version)
    hold = PolicyHold(version, edit.who, edit.at, edit.why)
    _write(store, slot, hold, held=True)
    return hold


def let_go(store: Store, name: str, seen: int | None, edit: Edit) -> bool:
    """Let a slot's policy go: the publisher learns on from all that was counted meanwhile.

    Returns:
        Whether it was held; a call that is repeated changes nothing.

    Raises:
        NotFoundError: there is no such slot.
        UnconditionalError: the caller names no revision.
        ChangedMeanwhileError: the slot has another revision by now.
        StoreAwayError: no answer; the same call goes on.
    """
    slot = _find(store, name, seen)
    before = store.policy_holds.of_slot(name)
    if before is None:
        return False
    ended = PolicyHold(before.version, edit.who, edit.at, edit.why)
    _write(store, slot, ended, held=False)
    return True


def _find(store: Store, name: str, seen: int | None) -> Slot:
    slot = store.slots.current().get(name)
    if slot is None:
        raise NotFoundError(f"slot {name!r} is not configured")
    check_revision(store, name, slot, seen)
    return slot


def read_kept_policy(store: Store, slot: Slot, version: int) -> Policy:
    """Return a kept version of a slot's policy, if the slot can serve it as it is now.

    Raises:
        InvalidRequestError: the version is not kept, or is of other variants.
    """
    blob = store.snapshots.read(slot.name, version)
    if blob is None:
        kept = ", ".join(map(str, store.snapshots.published(slot.name))) or "none yet"
        text = f"version {version} of slot {slot.name!r} is not kept; kept are: {kept}"
        raise InvalidRequestError(text, {"version": [f"is not kept; kept are: {kept}"]})
    policy = bandits.load_policy(blob)
    if policy.arms != slot.names:
        text = f"version {version} of slot {slot.name!r} is of other variants than the slot has now"
        raise InvalidRequestError(text, {"version": ["is of other variants; choose a later one"]})
    return policy


def _write(store: Store, slot: Slot, hold: PolicyHold, *, held: bool) -> None:
    if not store.policy_holds.put(slot.name, slot.revision, hold, held=held):
        text = f"slot {slot.name!r} was changed meanwhile; look at it and try again"
        raise ChangedMeanwhileError(text)
    fields = {"slot": slot.name, "revision": slot.revision, "held": held} | hold.plain
    store.journal.append_mark(AUDIT_PARTITION, Mark(TYPE, fields, at=hold.at))
