"""Quarantines in the store: as they stand, and which of their changes the journal was told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import orjson

from nudge.domain.alarms.quarantine import Quarantine
from nudge.store.wire.client import Arg, Client
from nudge.store.wire.keys import Keys

_FAMILY: Final = "quarantines"
_TOLD: Final = "told:"
"""Prefix of the fields that hold the last revision of a quarantine whose mark was appended."""


@dataclass(frozen=True)
class Quarantines:
    """Quarantines of an installation; the first writer of a revision wins."""

    client: Client
    keys: Keys

    def current(self) -> dict[str, Quarantine]:
        """Return every quarantine, the released ones too, by id."""
        return {name: _load(value) for name, value in self._fields().items() if _is_id(name)}

    def put(self, quarantine: Quarantine) -> bool:
        """Write a revision if the one before it is current; return False otherwise."""
        names = [self.keys.config(_FAMILY), self.keys.config("versions")]
        value = orjson.dumps(quarantine.plain)
        args: list[Arg] = [quarantine.id, quarantine.revision, value]
        return bool(self.client.run("apply_quarantine", names, args))

    def untold(self) -> list[Quarantine]:
        """Return the quarantines whose last revision has no mark in the journal for certain."""
        fields = self._fields()
        found = {name: _load(value) for name, value in fields.items() if _is_id(name)}
        return [q for q in found.values() if int(fields.get(_TOLD + q.id, 0)) < q.revision]

    def note_told(self, quarantine: Quarantine) -> None:
        """Note that the journal has the mark of this revision; idempotent."""
        key = self.keys.config(_FAMILY)
        self.client.call("HSET", key, _TOLD + quarantine.id, quarantine.revision)

    def _fields(self) -> dict[str, bytes]:
        found = self.client.read_hash(self.keys.config(_FAMILY))
        return {name.decode(): value for name, value in sorted(found.items())}


def _is_id(name: str) -> bool:
    return not name.startswith(_TOLD)


def _load(value: bytes) -> Quarantine:
    return Quarantine.read(orjson.loads(value))
