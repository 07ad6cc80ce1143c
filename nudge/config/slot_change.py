"""A change of a slot: the action, the keys that differ, and the audit entry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from nudge.config.slot_fallback import fallback_problems
from nudge.config.slot_file import digest, dump_slot
from nudge.domain.slots.slot import Slot
from nudge.domain.values.number_words import has_number, mask_deep, mask_numbers

Action = Literal["create", "update", "unchanged", "stale", "conflict"]


@dataclass(frozen=True)
class Edit:
    """The author of a change, with reason and time.

    Attributes:
        who: person, or id of the API key.
        why: in the author's words.
        at: seconds, now.
    """

    who: str
    why: str
    at: float


@dataclass(frozen=True)
class Change:
    """The effect of applying a slot.

    Attributes:
        slot: the new content.
        action: `stale`: the service has a later revision; `conflict`: other content under the same
            revision.
        diff: one line for each key that differs, `key: old -> new`.
        before: the current slot, if any.
    """

    slot: Slot
    action: Action
    diff: tuple[str, ...]
    before: Slot | None

    @property
    def changes(self) -> bool:
        """True where applying the slot writes something."""
        return self.action in {"create", "update"}

    def audit_entry(self, edit: Edit) -> dict[str, object]:
        """Return the audit entry: who, when, what and why."""
        what = {"action": self.action, "diff": list(self.diff)}
        return {"at": edit.at, "who": edit.who, "why": edit.why} | what


def plan(current: Mapping[str, Slot], wanted: Mapping[str, Slot]) -> list[Change]:
    """Compute the change of each wanted slot; slots that are not named stay as they are."""
    return [change_of(current.get(name), slot) for name, slot in wanted.items()]


def change_of(before: Slot | None, wanted: Slot) -> Change:
    """Compute the effect of applying one slot."""
    if before is None:
        return Change(wanted, "create", (), None)
    return Change(wanted, _action(before, wanted), differences(before, wanted), before)


def refusals(changes: Iterable[Change]) -> list[str]:
    """Return one line, with the cure, for each reason why a change cannot be applied."""
    found = []
    for change in changes:
        if change.action == "conflict":
            found.append(_conflict(change))
        if change.changes:
            problems = list(fallback_problems(change.before, change.slot))
            problems += number_problems(change.before, change.slot)
            found += [f"{change.slot.name}.toml: {key}: {text}" for key, text in problems]
    return found


def number_problems(before: Slot | None, wanted: Slot) -> list[tuple[str, str]]:
    """Return key and problem of each new value of a slot that holds a phone number.

    A slot's table goes into journal and audit, and to every page: somebody's number is no part of
    it. What it had before stays, so that such a slot can still be switched off.
    """
    old = dict(_flat(dump_slot(before))) if before else {}
    text = "holds a phone number; leave it out"
    return [
        (mask_numbers(key), text)
        for key, value in _flat(dump_slot(wanted))
        if (has_number(key) or mask_deep(value) != value) and old.get(key) != value
    ]


def _conflict(change: Change) -> str:
    name, now = change.slot.name, change.slot.revision
    return (
        f"{name}.toml: revision: is {now} with other content than the service has under it "
        f"({'; '.join(change.diff)}); write revision = {now + 1}"
    )


def differences(before: Slot, wanted: Slot) -> tuple[str, ...]:
    """Return one line for each key that differs, `key: old -> new`."""
    old, new = flat_keys(dump_slot(before)), flat_keys(dump_slot(wanted))
    return tuple(
        f"{key}: {old.get(key, 'nothing')} -> {new.get(key, 'nothing')}"
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    )


def flat_keys(table: Mapping[str, object]) -> dict[str, object]:
    """Return dotted key -> value of a table; entries of lists go by their names."""
    return dict(_flat(table))


def _action(before: Slot, wanted: Slot) -> Action:
    if wanted.revision < before.revision:
        return "stale"
    if digest(wanted) == digest(before):
        return "unchanged"
    return "conflict" if wanted.revision == before.revision else "update"


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
