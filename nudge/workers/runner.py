"""The runner of folds: reads the journal, hands batches to a fold, commits the results.

A batch is committed with its position in one atomic write, under a lease whose token fences off
whoever held it before. So it does not matter where a worker dies.
"""

from __future__ import annotations

from threading import Event
from typing import Generic, TypeVar

import structlog

from nudge import clock
from nudge.errors import BrokenFoldError, FencedError, StoreAwayError, StoreError
from nudge.flows.folds.fold import Fold
from nudge.store.folds.folds import Lease
from nudge.store.store import Store
from nudge.workers.backoff import Backoff
from nudge.workers.courtesy import Courtesy
from nudge.workers.leases import TTL, Leases
from nudge.workers.store_check import StoreCheck

log = structlog.get_logger()

S = TypeVar("S")


class Runner(Generic[S]):
    """The runner of one fold on this worker's partitions. Use it from one thread."""

    def __init__(
        self,
        store: Store,
        fold: Fold[S],
        owner: str,
        ttl: float = TTL,
        store_check: StoreCheck | None = None,
    ) -> None:
        self._store, self._fold = store, fold
        self._leases = Leases(store, fold.name, owner, ttl, store_check)
        self._states: dict[int, tuple[int, S]] = {}
        self._resting: dict[int, tuple[float, Backoff]] = {}
        self._courtesy = Courtesy(store)

    def run(self, stop: Event) -> None:
        """Work until `stop` is set; then finish the batch and give the leases back."""
        away, idle = Backoff(0.1, 5.0), Backoff(0.01, 0.2)
        while not stop.is_set():
            try:
                busy = self.turn(stop)
                away.reset()
            except StoreError as error:
                log.warning(error.code, fold=self._fold.name, error=str(error))
                self._forget()
                stop.wait(away.next())
                continue
            if busy:
                idle.reset()
            else:
                stop.wait(idle.next())
        self._release()

    def turn(self, stop: Event | None = None) -> int:
        """Run one batch of each held partition; return how many entries they had together.

        Args:
            stop: ends it between two batches; with it, a batch is rested from where many visitors
                are being planned for.

        Raises:
            StoreAwayError: the store does not answer.
        """
        self._leases.refresh()
        done = 0
        for partition in self._waiting():
            if stop is not None and stop.is_set():
                break
            self._leases.refresh()
            lease = self._leases.get(partition)
            began = clock.monotonic()
            some = self._batch(lease) if lease else 0
            done += some
            if some and stop is not None:
                stop.wait(self._courtesy.rest(clock.monotonic() - began))
        return done

    def _waiting(self) -> list[int]:
        """The held partitions that have entries: asked for together, as most turns find none."""
        held = self._leases.held()
        last = self._store.journal.last_positions([lease.partition for lease in held])
        return [one.partition for one in held if last[one.partition] > one.position]

    def _batch(self, lease: Lease) -> int:
        """Run one batch of one partition; a failure does not stop the others."""
        rests_until, pause = self._resting.get(lease.partition, (0.0, Backoff(1.0, 30.0)))
        if clock.monotonic() < rests_until:
            return 0
        try:
            done = self._handled(lease)
        except StoreAwayError:
            raise
        except FencedError as error:
            log.warning("fenced", fold=lease.fold, partition=lease.partition, error=str(error))
            self._drop(lease)
            return 0
        except BrokenFoldError as error:
            log.error("fold_broken", fold=lease.fold, partition=lease.partition, error=str(error))  # noqa: TRY400 - the traceback says nothing
            self._rest(lease, pause)
            return 0
        except Exception:
            log.exception("batch_failed", fold=lease.fold, partition=lease.partition)
            self._rest(lease, pause)
            return 0
        self._resting.pop(lease.partition, None)
        return done

    def _handled(self, lease: Lease) -> int:
        p = lease.partition
        entries = self._store.journal.read(p, lease.position, self._fold.batch)
        if not entries:
            return 0
        state, batch = self._fold.handle(p, self._state(lease), entries)
        self._store.journal.send(batch.sends)
        self._leases.update(self._store.folds.commit(lease, batch))
        self._states[p] = (lease.token, state)
        return len(entries)

    def _state(self, lease: Lease) -> S:
        """Return the fold's state, read again where the lease is new."""
        known = self._states.get(lease.partition)
        if known is None or known[0] != lease.token:
            return self._fold.prepare(lease.partition)
        return known[1]

    def _rest(self, lease: Lease, pause: Backoff) -> None:
        self._drop(lease)
        self._resting[lease.partition] = (clock.monotonic() + pause.next(), pause)

    def _drop(self, lease: Lease) -> None:
        self._leases.drop(lease)
        self._states.pop(lease.partition, None)

    def _forget(self) -> None:
        self._leases.forget()
        self._states.clear()

    def _release(self) -> None:
        try:
            self._leases.release()
        except StoreError as error:
            # They run out by themselves.
            log.warning("leases_not_released", fold=self._fold.name, error=str(error))
