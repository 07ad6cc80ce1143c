"""The identity of the store: one that came back empty, older or as another is recognised.

The store has an id, written once. What the archive has seen of it is noted in a file. See
docs/decisions/0003.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, cast

import structlog

from nudge.domain.journal.records import Mark
from nudge.store.journal.journal import Journal
from nudge.store.keeping.fingerprint import StoreFingerprint, read_note, write_note
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys

Reason = Literal["store_empty", "store_older", "store_other"]

STORE: Final = "store"
"""The key of the store's own hash: `id`; while it is wrong also `wrong` and `moved`."""
MARGIN: Final = 1_000_000_000
"""Positions that are left out behind those noted: more than were given since."""
TEXTS: Final = {
    "store_empty": "the store is empty: what it held is lost",
    "store_older": "the store is older than what was archived from it: its last records are lost",
    "store_other": "the store belongs to another installation",
}
CURE: Final = "decisions go on, nothing is learned, archived or trimmed; see `nudge store accept`"

log = structlog.get_logger()


@dataclass(frozen=True)
class WrongStore:
    """The store is not the one that the installation knows.

    Attributes:
        reason: why not.
    """

    reason: Reason

    def __str__(self) -> str:
        """Return the message for people, with the cure."""
        return f"{TEXTS[self.reason]}; {CURE}"


@dataclass(frozen=True)
class StoreIdentity:
    """The identity of the store: whether it is the one that was known."""

    client: Client
    keys: Keys

    def look(self, path: Path) -> WrongStore | None:
        """Compare the store with its fingerprint, and write nothing; return what is wrong, or None.

        Args:
            path: of the note.

        Raises:
            InvalidConfigError: the note cannot be read.
            StoreAwayError: no answer.
        """
        note = read_note(path)
        known, wrong, _ = self._hash()
        return self._compared(note, known, wrong)

    def recognise(self, path: Path) -> WrongStore | None:
        """Compare the store with its fingerprint; return what is wrong, or None.

        The first to find it empty or older marks it, and lets its positions go on behind those that
        were noted: the records that come now are kept, under numbers that nobody else has.

        Args:
            path: of the note; written where there is none.

        Raises:
            InvalidConfigError: the note cannot be read.
            StoreAwayError: no answer.
        """
        # The note first: its writer has named the store before. The other way round a process that
        # starts beside the very first one would take a store for empty that was just named.
        note = read_note(path)
        known, wrong, moved = self._hash()
        if note is None and not wrong:
            write_note(path, StoreFingerprint(known or self._name()))
        found = self._compared(note, known, wrong)
        # Somebody else's: not a key of it is touched.
        if note and found and (found.reason != "store_other" or wrong):
            self._mark(note, found.reason, marked=bool(wrong), moved=bool(moved))
        return found

    def _compared(
        self, note: StoreFingerprint | None, known: str | None, wrong: str | None
    ) -> WrongStore | None:
        if wrong:
            return WrongStore(cast("Reason", wrong))
        if note is None:
            return None
        if known is not None and known != note.store:
            return WrongStore("store_other")
        reason: Reason | None = "store_empty" if known is None else self._older(note)
        return WrongStore(reason) if reason else None

    def _mark(self, note: StoreFingerprint, reason: Reason, *, marked: bool, moved: bool) -> None:
        # The mark first: whoever dies behind it leaves a store that everybody takes for wrong.
        if not marked:
            self.client.call("HSETNX", self.keys.config(STORE), "wrong", reason)
        if not moved:
            self._move(note, reason)

    def store_id(self) -> str | None:
        """Return the store's id, if it has one."""
        return self._hash()[0]

    def forgive(self) -> None:
        """Remove the mark of a wrong store: this one is right from now on."""
        self.client.call("HDEL", self.keys.config(STORE), "wrong", "moved")

    def adopt(self, path: Path) -> None:
        """Give a restored store the id that the fingerprint knows."""
        note = read_note(path)
        if note:
            self.client.call("HSET", self.keys.config(STORE), "id", note.store)
        self.forgive()

    def _hash(self) -> list[str | None]:
        found = self.client.call("HMGET", self.keys.config(STORE), "id", "wrong", "moved")
        return [None if value is None else value.decode() for value in found]

    def _name(self) -> str:
        self.client.call("HSETNX", self.keys.config(STORE), "id", secrets.token_hex(8))
        return self.client.call("HGET", self.keys.config(STORE), "id").decode()  # type: ignore[no-any-return]

    def _older(self, note: StoreFingerprint) -> Reason | None:
        noted = note.positions.items()
        older = any(
            Journal(self.client, self.keys).last_position(p) < n
            for p, n in noted
            if p < self.keys.partitions
        )
        return "store_older" if older else None

    def _move(self, note: StoreFingerprint, reason: Reason) -> None:
        """Move positions beyond all that were given and write a mark; the first caller does it."""
        self._name()
        for p in self.keys.every_partition():
            Journal(self.client, self.keys).jump(p, behind(note, p))
        if self.client.call("HSETNX", self.keys.config(STORE), "moved", 1):
            log.error("wrong_store", reason=reason, error=str(WrongStore(reason)))
            fields = {"reason": reason, "store": note.store, "positions": _texts(note)}
            Journal(self.client, self.keys).append_mark(0, Mark("wrong_store", fields))


def behind(note: StoreFingerprint, partition: int) -> int:
    """Return the position behind which a store goes on that lost what was noted."""
    return note.positions.get(partition, 0) + MARGIN


def note_archived(path: Path, positions: Mapping[int, int]) -> None:
    """Note the archive's positions in the fingerprint, if there is one.

    Raises:
        InvalidConfigError: the note cannot be read or written.
    """
    note = read_note(path)
    if note and note.seen(positions) != note:
        write_note(path, note.seen(positions))


def _texts(note: StoreFingerprint) -> dict[str, int]:
    return {str(p): n for p, n in sorted(note.positions.items())}
