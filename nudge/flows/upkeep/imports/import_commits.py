"""Commits of a slot's imports: one command at a time, each batch all or none."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from nudge.domain.journal.records import Record
from nudge.errors import StoreError
from nudge.store.folds.folds import Commit, Lease
from nudge.store.store import Store

TTL: Final = 30.0
"""Seconds after which an import that died can be begun again."""


@dataclass(frozen=True)
class ImportCommits:
    """The right to write imports of a slot, in every partition.

    Attributes:
        leases: by partition; a lease's position counts commits.
    """

    store: Store
    leases: dict[int, Lease]

    def commit(self, partition: int, records: Sequence[Record]) -> None:
        """Write records of a partition, all or none.

        Raises:
            FencedError: another import took over; nothing was written.
            StoreAwayError: no answer; they may have been written.
        """
        lease = self.leases[partition]
        self.store.folds.acquire(partition, lease.fold, lease.owner, TTL)
        self.leases[partition] = self.store.folds.commit(lease, Commit(lease.position + 1, records))

    def keep(self) -> None:
        """Renew the leases, where a while has passed without a commit."""
        for p, lease in self.leases.items():
            self.store.folds.acquire(p, lease.fold, lease.owner, TTL)


@contextmanager
def import_commits(store: Store, slot: str) -> Iterator[ImportCommits]:
    """Take the right to write imports of a slot while the context lasts.

    Raises:
        StoreError: another import of the slot runs.
    """
    owner = f"{socket.gethostname()}|{os.getpid()}|{secrets.token_hex(4)}"
    leases: dict[int, Lease] = {}
    try:
        for p in store.keys.every_partition():
            leases[p] = _lease(store, p, f"imports-{slot}", owner)
        yield ImportCommits(store, leases)
    finally:
        for lease in leases.values():
            store.folds.release(lease)


def _lease(store: Store, partition: int, fold: str, owner: str) -> Lease:
    found = store.folds.acquire(partition, fold, owner, TTL)
    if found is not None:
        return found
    if _has_died(store.folds.read_fields(partition, fold, "owner")[0] or ""):
        return store.folds.seize(partition, fold, owner, TTL)
    text = f"an import of slot {fold.partition('-')[2]!r} runs already"
    raise StoreError(f"{text}; wait for it, or {TTL:.0f} s after it died")


def _has_died(owner: str) -> bool:
    """Return True for an owner on this machine whose process is gone; nobody else can tell."""
    host, _, rest = owner.partition("|")
    pid = rest.partition("|")[0]
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
