"""The audit in the store: what users did, and what was done about users.

Changes of slots and documents, steps of alarms, quarantines and cases have histories of their own,
with the same `who`; they are not written here a second time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import orjson

from nudge.domain.users.audit_entry import AuditEntry
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys

MOST: Final = 100_000
"""Entries that are kept, the newest."""
ACTIONS: Final = "actions"
"""Family of the stream."""


class AuditPage(NamedTuple):
    """A page of the audit.

    Attributes:
        entries: the newest first.
        cursor: where the next page begins; empty where there is none.
    """

    entries: list[AuditEntry]
    cursor: str


@dataclass(frozen=True)
class AuditTrail:
    """The audit: entries are added and never changed."""

    client: Client
    keys: Keys

    def add(self, entry: AuditEntry) -> None:
        """Add an entry; beyond `MOST` the oldest go."""
        name = self.keys.config(ACTIONS)
        text = orjson.dumps(entry.plain)
        self.client.call("XADD", name, "MAXLEN", "~", MOST, "*", "entry", text)

    def page(self, most: int, cursor: str = "") -> AuditPage:
        """Return up to `most` entries, the newest first, from a cursor of the page before on."""
        start = f"({cursor}" if cursor else "+"
        name = self.keys.config(ACTIONS)
        rows = self.client.call("XREVRANGE", name, start, "-", "COUNT", most)
        entries = [AuditEntry.read(orjson.loads(_text(row))) for _, row in rows]
        return AuditPage(entries, rows[-1][0].decode() if len(rows) == most else "")


def _text(row: dict[bytes, bytes] | list[bytes]) -> bytes:
    return row[b"entry"] if isinstance(row, dict) else row[1]
