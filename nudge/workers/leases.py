"""Leases of a fold's partitions in one worker: claims, renewals, and a fair share with others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread

import structlog

from nudge import clock
from nudge.errors import StoreError
from nudge.store.folds.folds import Lease
from nudge.store.store import Store
from nudge.workers.jitter import shuffle
from nudge.workers.store_check import StoreCheck

log = structlog.get_logger()

TTL = 5.0
"""Seconds after which a dead worker's partitions can be taken over."""


class Leases:
    """The leases of one fold in one worker; a wrong store gives none."""

    def __init__(
        self,
        store: Store,
        fold: str,
        owner: str,
        ttl: float = TTL,
        store_check: StoreCheck | None = None,
    ) -> None:
        self._store = store
        self._fold, self._owner, self._ttl, self._store_check = fold, owner, ttl, store_check
        self._held: dict[int, Lease] = {}
        self._due = 0.0

    def held(self) -> list[Lease]:
        """The held leases, by partition."""
        return [self._held[partition] for partition in sorted(self._held)]

    def get(self, partition: int) -> Lease | None:
        """Return the lease of a partition, if it is held."""
        return self._held.get(partition)

    def refresh(self) -> None:
        """Renew leases, return those beyond the fair share and take free ones, when it is time.

        Raises:
            StoreAwayError: the store does not answer; call `forget`.
        """
        now = clock.monotonic()
        if now < self._due:
            return
        self._due = now + self._ttl / 3
        if self._store_check and not self._store_check.admits():
            self._held.clear()
            return
        workers = self._store.folds.heartbeat(self._fold, self._owner, self._ttl)
        share = fair_share(self._store.keys.partitions, workers)
        for lease in self.held():
            self._take(lease.partition)
        for lease in self.held()[share:]:
            self._give_back(lease)
        self._claim(share)

    def update(self, lease: Lease) -> None:
        """Note a lease's new position."""
        self._held[lease.partition] = lease

    def drop(self, lease: Lease) -> None:
        """Forget a lease that another worker has, or whose position is unknown."""
        self._held.pop(lease.partition, None)

    def forget(self) -> None:
        """Forget all leases; the next refresh takes them again."""
        self._held.clear()
        self._due = 0.0

    def release(self) -> None:
        """Give all leases back, so that other workers need not wait."""
        for lease in self.held():
            self._give_back(lease)
        self._store.folds.heartbeat(self._fold, self._owner, 0)

    @contextmanager
    def renewed(self) -> Iterator[None]:
        """Keep the leases during work that may take longer than they last."""
        done = Event()
        held = self.held()
        keeper = Thread(target=self._keep, args=(held, done), name=f"{self._fold}-leases")
        keeper.start()
        try:
            yield
        finally:
            done.set()
            keeper.join()

    def _keep(self, held: Sequence[Lease], done: Event) -> None:
        while not done.wait(self._ttl / 3):
            try:
                for lease in held:
                    self._store.folds.acquire(
                        lease.partition,
                        self._fold,
                        self._owner,
                        self._ttl,
                    )
            except StoreError as error:
                # The fencing token decides whether what runs may still commit.
                log.warning("lease_not_renewed", fold=self._fold, error=str(error))

    def _claim(self, share: int) -> None:
        free = [p for p in self._store.keys.every_partition() if p not in self._held]
        # At random, so that workers that start together do not ask for the same ones.
        wanted = iter(shuffle(free))
        taken = [p for p in wanted if len(self._held) < share and self._take(p)]
        if taken:
            log.info("partitions_taken", fold=self._fold, partitions=sorted(taken))

    def _take(self, partition: int) -> bool:
        """Take or renew one lease; a renewal keeps the lease as it is held."""
        lease = self._store.folds.acquire(partition, self._fold, self._owner, self._ttl)
        before = self._held.get(partition)
        if lease is None:
            self._held.pop(partition, None)
        elif before is None or before.token != lease.token:
            self._held[partition] = lease
        return lease is not None

    def _give_back(self, lease: Lease) -> None:
        self._store.folds.release(lease)
        self._held.pop(lease.partition, None)
        log.info("partition_given_back", fold=self._fold, partition=lease.partition)


def fair_share(partitions: int, workers: int) -> int:
    """Return the most partitions that one of so many workers holds."""
    return -(-partitions // max(1, workers))
