"""Slots in the store: the current ones, their revisions, and how a new revision gets in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

import orjson

from nudge.config.slot_file import dump_slot, parse_slot
from nudge.domain.slots.slot import Slot
from nudge.store.wire.client import Arg, Client
from nudge.store.wire.keys import Keys

PARSED: Final = 256
"""Revisions that a process keeps parsed: its loops read all slots again every half second."""


class FirstSlots(StrEnum):
    """The state of the first application of slot files to a store."""

    NEVER = ""
    BEGUN = "begun"
    DONE = "done"


@dataclass(frozen=True)
class Slots:
    """Slots: the current ones, their revisions and audits."""

    client: Client
    keys: Keys

    def current(self) -> dict[str, Slot]:
        """Return the current revision of every slot, by name."""
        rows = self.client.read_hash(self.keys.config("slots"))
        return {name.decode(): _load(text, name.decode()) for name, text in sorted(rows.items())}

    def revision(self, name: str, number: int) -> Slot | None:
        """Return one revision of a slot, or None where there is none."""
        text = self.client.call("HGET", self.keys.config("revisions", name), number)
        return None if text is None else _load(text, name)

    def put(
        self,
        slot: Slot,
        replaces: Slot | None,
        audit: Mapping[str, object] | None = None,
    ) -> bool:
        """Make `slot` current if `replaces` still is: the first writer wins, others get False.

        Args:
            slot: at a revision beyond that of `replaces`.
            replaces: what the caller believes current; None where there is no such slot.
            audit: who, when, what and why, kept beside the revision.
        """
        families = ("revisions", "audit")
        named = [self.keys.config(family, slot.name) for family in families]
        names = [self.keys.config("slots"), *named, self.keys.config("versions")]
        names.append(self.keys.config("holds"))
        before = 0 if replaces is None else replaces.revision
        told = orjson.dumps(dict(audit or {}))
        args: list[Arg] = [slot.name, before, slot.revision, _dump(slot), told]
        return bool(self.client.run("apply_slot", names, args))

    def first_slots(self) -> FirstSlots:
        """Return how far the first application of slot files has come."""
        found = self.client.call("GET", self.keys.config("first_slots"))
        return FirstSlots((found or b"").decode())

    def note_first_slots(self, state: FirstSlots) -> None:
        """Note how far the first application of slot files has come."""
        self.client.call("SET", self.keys.config("first_slots"), str(state))

    def audits(self, name: str) -> list[dict[str, object]]:
        """Return the audit entries of a slot, newest first, each with its `revision`."""
        rows = self.client.read_hash(self.keys.config("audit", name))
        found = sorted(((int(number), text) for number, text in rows.items()), reverse=True)
        return [{"revision": number} | orjson.loads(text) for number, text in found]


def _dump(slot: Slot) -> str:
    return orjson.dumps(dump_slot(slot), option=orjson.OPT_SORT_KEYS).decode()


@lru_cache(PARSED)
def _load(text: bytes, name: str) -> Slot:
    # A revision never changes, and a slot is immutable: who reads it again may have the same.
    return parse_slot(orjson.loads(text), f"store:{name}")
