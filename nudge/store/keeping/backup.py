"""Backup of what cannot be rebuilt: the journal entry by entry, the rest key by key.

Families and who writes them stand in `keys`. It works on a server and on a cluster, and while the
service runs: the journal is as of one position of each partition, whatever belongs to it is copied
behind that, and the folds' positions are those from which the folds go on.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from nudge.domain.journal.fold_name import FOLDS, FoldName
from nudge.domain.journal.records import Mark
from nudge.errors import CorruptRecordError, StoreError
from nudge.store.folds.folds import Folds
from nudge.store.journal.journal import Journal
from nudge.store.keeping.heartbeats import HEARTBEAT
from nudge.store.service.api_keys import ApiKeys
from nudge.store.service.users import Users
from nudge.store.wire.client import Client
from nudge.store.wire.keys import FAMILIES, Keys

Frame = tuple[Any, ...]
"""`("head", ...)`, then `("seq", ...)`, `("entry", ...)` and `("key", ...)`."""

VERSION: Final = 1
CHUNK: Final = 1000
WITH_THEM: Final = frozenset({"versions", "publisher", "snapshots"})
"""Families that could be made again, and are better kept: what was served is looked at later."""
COPIED: Final = frozenset(f.name for f in FAMILIES if f.primary) - {"journal", "seq"} | WITH_THEM
NAMED: Final = re.compile(r"\{(?:p\d+|config)\}:([a-z_]+)")
"""A key's tag and family, behind the namespace."""
TRACES: Final = frozenset(
    ("store", "seq", "journal", "fold", "publisher", "versions", "guard", "bulk", "jobs")
)
"""Families of which a service writes keys by starting, before anybody asks it for anything."""
INVITED: Final = frozenset({"users", "user_edits", "actions"})
"""Families in which a start invites the first admin, who has not come yet."""
MARKS: Final = frozenset(("wrong_store", HEARTBEAT))
"""Types of the marks in the journal of such a store."""
PAGE_KEY: Final = "page"
"""Name of the key that a start registers."""
WAITS: Final = "the store was restored: run `nudge rebuild`"
"""Reason that keeps a fold from running until it was rebuilt."""


class NotEmptyError(StoreError):
    """The store has records, over which a backup would be restored."""

    code = "not_empty"


@dataclass(frozen=True)
class Backup:
    """A backup of what cannot be rebuilt: written as frames, restored into an empty store."""

    client: Client
    keys: Keys

    def frames(self) -> Iterator[Frame]:
        """Yield all frames of a backup, in the order in which they are restored.

        Raises:
            StoreAwayError: no answer.
        """
        yield ("head", VERSION, self.keys.namespace, self.keys.partitions)
        for p in self.keys.every_partition():
            yield from self._partition(p)
        yield from self._keys()

    def restore(self, found: Iterable[Frame], in_lake: Callable[[int], int]) -> int:
        """Write a backup into an empty store; return how many frames it had.

        The folds `attribute` and `learn` wait for their rebuild.

        Args:
            found: of `frames`, checked.
            in_lake: partition -> last position in the lake.

        Raises:
            CorruptRecordError: it is of another version, or of another number of partitions.
            NotEmptyError: the store has records.
            StoreAwayError: no answer.
        """
        written = 0
        for kind, *rest in found:
            if kind == "head":
                self._check(*rest)
            elif kind == "seq":
                self._begin(in_lake, *rest)
            elif kind == "entry":
                self._append(*rest)
            else:
                self._put(*rest)
            written += 1
        return written

    def remove(self) -> int:
        """Remove every key of the installation; return how many."""
        removed = 0
        for key in self.client.scan(f"{self.keys.namespace}:{{*"):
            removed += int(self.client.call("UNLINK", key))
        return removed

    def _partition(self, partition: int) -> Iterator[Frame]:
        folds, last = self._ends(partition)
        yield ("seq", partition, last, list(folds.items()))
        start = "-"
        while True:
            command = ("XRANGE", self.keys.journal(partition), start, f"{last}-0", "COUNT", CHUNK)
            rows = self.client.call(*command)
            for row_id, row in rows:
                yield ("entry", partition, row_id, _flat(row))
            if len(rows) < CHUNK:
                return
            start = f"({rows[-1][0].decode()}"

    def _ends(self, partition: int) -> tuple[dict[str, int], int]:
        """Return the folds' positions and the journal's end, at one moment.

        A fold commits its records with its position: with an end that is older it would lack them,
        with a newer one it would write them again.
        """
        while True:
            folds = {
                name: Folds(self.client, self.keys).position_of(partition, name) for name in FOLDS
            }
            last = Journal(self.client, self.keys).last_position(partition)
            if folds == {
                name: Folds(self.client, self.keys).position_of(partition, name) for name in FOLDS
            }:
                return folds, last

    def _keys(self) -> Iterator[Frame]:
        start = f"{self.keys.namespace}:"
        seen: set[str] = set()
        for key in self.client.scan(start + "{*"):
            match = NAMED.match(key, len(start))
            if match is None or match[1] not in COPIED or key in seen:
                continue
            seen.add(key)
            value, left = self.client.call("DUMP", key), self.client.call("PTTL", key)
            if value is not None:
                yield ("key", key.removeprefix(start), max(0, left), value)

    def _check(self, version: int, _: str, partitions: int) -> None:
        if version != VERSION:
            raise CorruptRecordError(
                f"the backup is of version {version}, this Nudge reads {VERSION}"
            )
        if partitions != self.keys.partitions:
            text = (
                f"the backup has {partitions} partitions, the settings say {self.keys.partitions}"
            )
            raise CorruptRecordError(f"{text}; set NUDGE_PARTITIONS={partitions}")
        self._empty()

    def _empty(self) -> None:
        """Remove the traces of a start, and refuse a store that has more.

        A start on an empty store names it, marks it as the wrong one and moves its positions: none
        of that is anybody's, and a restore must come after it as well as before.
        """
        found = self._families()
        traces = TRACES | ({"api_keys"} if self._has_page_key_alone() else set())
        if not any(one.password for one in Users(self.client, self.keys).read().users.values()):
            traces |= INVITED
        more = {name: found[name] for name in sorted(found.keys() - traces)}
        if self._has_records():
            more = {"journal": found["journal"]} | more
        if more:
            cure = "stop the service and give --replace, which removes what it has"
            told = ", ".join(f"{name} {count:,}" for name, count in more.items())
            text = f"the store {self.keys.namespace!r} is not empty: it has keys of {told}"
            raise NotEmptyError(f"{text}; {cure}")
        self.remove()

    def _families(self) -> Counter[str]:
        start = f"{self.keys.namespace}:"
        keys = (NAMED.match(key, len(start)) for key in self.client.scan(start + "{*"))
        return Counter(match[1] for match in keys if match)

    def _has_page_key_alone(self) -> bool:
        """Return whether the one key is that of the settings, which each start registers."""
        found = ApiKeys(self.client, self.keys).list_keys()
        return [one.name for one in found] == [PAGE_KEY]

    def _has_records(self) -> bool:
        """Return whether a journal has an entry that is not the mark of a start."""
        journal = Journal(self.client, self.keys)
        for p in self.keys.every_partition():
            for entry in journal.read(p, 0, CHUNK):
                if not isinstance(entry.record, Mark) or entry.record.type not in MARKS:
                    return True
        return False

    def _begin(
        self,
        in_lake: Callable[[int], int],
        partition: int,
        last: int,
        folds: list[tuple[str, int]],
    ) -> None:
        Journal(self.client, self.keys).restore_end(partition, last)
        for name, position in folds:
            restore = Folds(self.client, self.keys).restore
            if name == FoldName.ARCHIVE:
                # The lake has grown since; where it is ahead of all that is restored, the store is
                # older than the lake, and has to be accepted first.
                archived = in_lake(partition)
                restore(partition, name, archived if archived <= last else position)
            else:
                restore(partition, name, position, waits=WAITS)

    def _append(self, partition: int, row_id: bytes, row: list[bytes]) -> None:
        Journal(self.client, self.keys).restore_row(partition, row_id, row)

    def _put(self, name: str, left: int, value: bytes) -> None:
        self.client.call("RESTORE", f"{self.keys.namespace}:{name}", left, value, "REPLACE")


def _flat(row: dict[bytes, bytes] | list[bytes]) -> list[bytes]:
    return [part for pair in row.items() for part in pair] if isinstance(row, dict) else row
