"""Apply: bring slot files into the service, with a diff and an audit entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from nudge.domain.records import Mark
from nudge.domain.slot import Slot
from nudge.domain.slot_file import digest, dump_slot
from nudge.errors import InvalidConfigError
from nudge.store import slots
from nudge.store.client import Client
from nudge.store.journal import append_mark
from nudge.store.keys import Keys

Action = Literal["create", "update", "unchanged", "stale", "conflict"]
AUDIT_PARTITION = 0
"""Where marks of the configuration are kept, so that they have one order."""


@dataclass(frozen=True)
class Change:
    """What applying a slot would do.

    Attributes:
        slot: as wanted.
        action: `stale`: the service has a later revision; `conflict`: other content under the
            same revision.
        diff: one line for each key that differs, `key: old -> new`.
        before: what is current, if anything.
    """

    slot: Slot
    action: Action
    diff: tuple[str, ...]
    before: Slot | None

    @property
    def changes(self) -> bool:
        """True where applying it writes something."""
        return self.action in {"create", "update"}


def plan(current: Mapping[str, Slot], wanted: Mapping[str, Slot]) -> list[Change]:
    """What applying `wanted` would do; a slot that is not among them is left alone."""
    return [_change(current.get(name), slot) for name, slot in wanted.items()]


def apply(
    client: Client, keys: Keys, changes: list[Change], who: str, why: str, at: float
) -> list[Change]:
    """Write the changes that change something, each with an audit entry; return those.

    Args:
        client: of the store.
        keys: of the installation.
        changes: of `plan`.
        who: for the audit.
        why: for the audit.
        at: seconds, now.

    Raises:
        InvalidConfigError: a slot has other content under its revision, or was changed meanwhile.
    """
    conflicts = [conflict(c) for c in changes if c.action == "conflict"]
    if conflicts:
        raise InvalidConfigError(conflicts)
    done = [c for c in changes if c.changes]
    for change in done:
        if not slots.put(client, keys, change.slot, change.before):
            text = f"slot {change.slot.name}: somebody changed it meanwhile; look and apply again"
            raise InvalidConfigError([text])
        append_mark(client, keys, AUDIT_PARTITION, _audit(change, who, why, at))
    return done


def conflict(change: Change) -> str:
    """The line that says what is wrong with a `conflict`, and the cure."""
    name, now = change.slot.name, change.slot.revision
    return (
        f"{name}.toml: revision: is {now} with other content than the service has under it "
        f"({'; '.join(change.diff)}); write revision = {now + 1}"
    )


def _change(before: Slot | None, wanted: Slot) -> Change:
    if before is None:
        return Change(wanted, "create", (), None)
    return Change(wanted, _action(before, wanted), tuple(_diff(before, wanted)), before)


def _action(before: Slot, wanted: Slot) -> Action:
    if wanted.revision < before.revision:
        return "stale"
    if digest(wanted) == digest(before):
        return "unchanged"
    return "conflict" if wanted.revision == before.revision else "update"


def _diff(before: Slot, wanted: Slot) -> Iterator[str]:
    old, new = dict(_flat(dump_slot(before))), dict(_flat(dump_slot(wanted)))
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) != new.get(key):
            yield f"{key}: {old.get(key, 'nothing')} -> {new.get(key, 'nothing')}"


def _flat(value: object, at: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{at}.{key}" if at else str(key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            name = inner.get("name", i) if isinstance(inner, dict) else i
            yield from _flat(inner, f"{at}.{name}")
    else:
        yield at, value


def _audit(change: Change, who: str, why: str, at: float) -> Mark:
    return Mark(
        type="slot_applied",
        fields={
            "slot": dump_slot(change.slot),
            "action": change.action,
            "diff": list(change.diff),
            "who": who,
            "why": why,
        },
        at=at,
    )
