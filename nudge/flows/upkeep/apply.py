"""Apply: bring slots into service, from files or over the API, each change with an audit entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nudge.config.slot_change import Change, Edit, differences, refusals
from nudge.config.slot_edit import check_change, patch_change, table_change
from nudge.config.slot_file import dump_slot
from nudge.domain.journal.records import Mark
from nudge.domain.slots.slot import Slot
from nudge.errors import (
    ChangedMeanwhileError,
    InvalidConfigError,
    NotFoundError,
    UnconditionalError,
)
from nudge.store.store import Store

AUDIT_PARTITION = 0
"""The partition of all marks of the configuration, so that they have one order."""


def apply(store: Store, changes: Sequence[Change], edit: Edit) -> list[Change]:
    """Apply the changes that differ from the current slots; return those.

    Args:
        store: of the installation.
        changes: of `plan`.
        edit: who, why and when.

    Raises:
        InvalidConfigError: a slot has other content under its revision, switches its fallback off,
            or was changed meanwhile.
    """
    if refused := refusals(changes):
        raise InvalidConfigError(refused)
    done = [c for c in changes if c.changes]
    for change in done:
        if not write_change(store, change, edit):
            text = f"slot {change.slot.name}: somebody changed it meanwhile; look and apply again"
            raise InvalidConfigError([text])
    return done


def put(store: Store, name: str, table: Mapping[str, Any], seen: int | None, edit: Edit) -> Change:
    """Replace the slot by this table; the service numbers the revision.

    Args:
        store: of the installation.
        name: of the slot.
        table: as in a slot's file.
        seen: revision that the caller looked at; None where it expects none.
        edit: who, why and when.

    Returns:
        What was done: `create`, `update`, or `unchanged` where the slot says so already, as it
        does for a call that is repeated.

    Raises:
        UnconditionalError: there is such a slot, and the caller names no revision.
        ChangedMeanwhileError: it has another revision by now; `errors` says what changed.
        InvalidRequestError: the table does not fit, or switches the fallback off.
    """
    before = store.slots.current().get(name)
    return _apply(store, table_change(name, before, table), seen, edit)


def patch(
    store: Store, name: str, changes: Mapping[str, Any], seen: int | None, edit: Edit
) -> Change:
    """Change some keys of a slot (`slot_patch.patched`); otherwise like `put`.

    Raises:
        NotFoundError: there is no such slot.
        UnconditionalError: the caller names no revision.
        ChangedMeanwhileError: it has another revision by now; `errors` says what changed.
        InvalidRequestError: what comes out does not fit, or switches the fallback off.
    """
    before = store.slots.current().get(name)
    if before is None:
        raise NotFoundError(f"slot {name!r} is not configured; PUT makes a new one")
    return _apply(store, patch_change(before, changes), seen, edit)


def _apply(store: Store, change: Change, seen: int | None, edit: Edit) -> Change:
    if not change.changes:
        return change
    check_revision(store, change.slot.name, change.before, seen)
    check_change(change)
    return _written(store, change, edit)


def check_revision(store: Store, name: str, before: Slot | None, seen: int | None) -> None:
    """Refuse an edit of another revision than the one that the caller looked at.

    Args:
        store: of the installation.
        name: of the slot.
        before: the slot as it is now; None where there is no such slot.
        seen: revision that the caller looked at; None where it names none.

    Raises:
        UnconditionalError: there is such a slot, and the caller names no revision.
        ChangedMeanwhileError: it has another revision by now; `errors` says what changed.
    """
    now = 0 if before is None else before.revision
    if before is not None and seen is None:
        text = f"slot {name!r} exists: send If-Match with the ETag of the revision to be changed"
        raise UnconditionalError(text)
    if (seen or 0) == now:
        return
    looked = store.slots.revision(name, seen) if seen else None
    changed = list(differences(looked, before)) if looked and before else []
    text = f"slot {name!r} is at revision {now} by now; look at it and edit again"
    raise ChangedMeanwhileError(text, {"revision": now, "changed": changed})


def _written(store: Store, change: Change, edit: Edit) -> Change:
    if write_change(store, change, edit):
        return change
    before = store.slots.current().get(change.slot.name)
    seen = change.before.revision if change.before else None
    check_revision(store, change.slot.name, before, seen)
    raise ChangedMeanwhileError(f"slot {change.slot.name!r} was changed meanwhile")


def write_change(store: Store, change: Change, edit: Edit) -> bool:
    """Write one change; return False where another caller changed the slot meanwhile.

    The audit entry is written in one with the revision; the journal's mark, for reports, follows.
    """
    entry = change.audit_entry(edit)
    if not store.slots.put(change.slot, change.before, entry):
        return False
    fields = {"slot": dump_slot(change.slot)} | {k: v for k, v in entry.items() if k != "at"}
    store.journal.append_mark(AUDIT_PARTITION, Mark("slot_applied", fields, at=edit.at))
    # Last: a worker does it again when this process dies before it, and nobody writes the mark.
    store.stock.balance(change.slot)
    return True
