"""A fold's lease and commits, on one server and on a cluster."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from nudge.domain.journal.records import Mark
from nudge.errors import FencedError, StoreError
from nudge.settings.settings import Settings
from nudge.store.folds.folds import Commit, FoldWrite, Lease
from nudge.store.store import Store
from nudge.store.wire import client as clients
from nudge.store.wire.keys import Keys

FOLD = "attribute"


@pytest.fixture(params=["server", "cluster"])
def store(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Store]:
    url = {"server": "store_url", "cluster": "cluster_url"}[request.param]
    store = Store(clients.patient(request.getfixturevalue(url)), Keys(settings.namespace, 3))
    yield store
    store.close()


def took(store: Store, owner: str = "one", ttl: float = 5.0) -> Lease:
    lease = store.folds.acquire(0, FOLD, owner, ttl)
    assert lease is not None
    return lease


def written(store: Store) -> tuple[Any, ...]:
    """All that a commit may change."""
    counted = store.client.call("HGET", store.keys.counts(0, "s", "1:0"), "f")
    last = store.journal.last_position(0)
    return counted, last, store.folds.read_fields(0, FOLD, "position")[0]


def batch(keys: Keys, position: int) -> Commit:
    write = FoldWrite("HINCRBY", keys.counts(0, "s", "1:0"), ("f", 2))
    return Commit(position, [Mark("m")], [write])


def test_a_commit_writes_state_records_and_position(store: Store) -> None:
    """State, records and position change together."""
    lease = store.folds.commit(took(store), batch(store.keys, 7))
    assert lease.position == 7
    assert written(store) == (b"2", 1, "7")


def test_a_lease_is_held_by_one(store: Store) -> None:
    """Nobody else gets a lease that is held; its owner renews it under the same token."""
    lease = took(store)
    assert store.folds.acquire(0, FOLD, "two", 5.0) is None
    assert took(store) == lease


def test_a_lease_that_was_given_back_is_free_at_once(store: Store) -> None:
    """The next owner has another token and continues at the committed position."""
    lease = store.folds.commit(took(store), batch(store.keys, 7))
    store.folds.release(lease)
    other = took(store, "two")
    assert (other.position, other.token) == (7, lease.token + 1)


def test_only_the_owner_gives_a_lease_back(store: Store) -> None:
    """A worker that lost its lease cannot free that of its successor."""
    lease = took(store, ttl=0.05)
    time.sleep(0.1)
    took(store, "two")
    store.folds.release(lease)
    assert store.folds.acquire(0, FOLD, "three", 5.0) is None


def test_an_old_owner_is_fenced_off(store: Store) -> None:
    """After a takeover the old owner's commit is refused, and nothing of it is written."""
    old = took(store, ttl=0.05)
    time.sleep(0.1)
    new = took(store, "two")
    with pytest.raises(FencedError):
        store.folds.commit(old, batch(store.keys, 7))
    assert written(store) == (None, 0, None)
    store.folds.commit(new, batch(store.keys, 7))
    assert written(store) == (b"2", 1, "7")


def test_a_batch_is_committed_once(store: Store) -> None:
    """A commit that is repeated, because its answer was lost, is refused."""
    lease = took(store)
    store.folds.commit(lease, batch(store.keys, 7))
    with pytest.raises(FencedError):
        store.folds.commit(lease, batch(store.keys, 7))
    assert written(store) == (b"2", 1, "7")


def test_a_broken_fold_stops(store: Store) -> None:
    """A script is not rolled back: where a write fails, no retry may double what went before."""
    lease = took(store)
    store.client.call("SET", store.keys.blocks(0, "s"), "no sorted set")
    good = batch(store.keys, 7)
    bad = replace(
        good, writes=[*good.writes, FoldWrite("ZADD", store.keys.blocks(0, "s"), (1, "b"))]
    )
    with pytest.raises(StoreError, match="WRONGTYPE"):
        store.folds.commit(lease, bad)
    before = written(store)
    with pytest.raises(StoreError, match="must be rebuilt"):
        store.folds.commit(took(store), good)
    assert written(store) == before


def test_many_writes_fit_in_one_commit(store: Store) -> None:
    """Thousands of records and writes on many keys are one commit."""
    writes = [
        FoldWrite("SET", store.keys.visitor(0, f"{i}"), (b"\0" * 300, "PX", 1000))
        for i in range(3000)
    ]
    store.folds.commit(took(store), Commit(1, [Mark("m")] * 3000, writes))
    assert store.journal.last_position(0) == 3000


def test_a_sum_that_comes_to_nothing_leaves_no_field(store: Store) -> None:
    """So a rebuild, which adds up in other batches, comes to the same bits."""
    lease, key = took(store), store.keys.counts(0, "s", "1:0")
    for position, number in enumerate((2, -2), 1):
        writes = [FoldWrite("HINCRBY", key, ("f", number))]
        lease = store.folds.commit(lease, Commit(position, (), writes))
    assert store.client.call("EXISTS", key) == 0


def test_workers_are_counted_while_they_live(store: Store) -> None:
    """A worker counts until its note runs out or is withdrawn."""
    assert store.folds.heartbeat(FOLD, "one", 5.0) == 1
    assert store.folds.heartbeat(FOLD, "two", 0.05) == 2
    assert store.folds.heartbeat(FOLD, "three", 5.0) == 3
    time.sleep(0.1)
    assert store.folds.heartbeat(FOLD, "three", 0) == 1


def test_lags_are_what_was_not_committed(store: Store) -> None:
    """A fold's lag is the number of entries behind its position, by partition."""
    for _ in range(3):
        store.journal.append_mark(0, Mark("m"))
    store.folds.commit(took(store), Commit(2))
    assert store.folds.lags() == {
        "attribute": [1, 0, 0],
        "learn": [3, 0, 0],
        "archive": [3, 0, 0],
        "monitor": [3, 0, 0],
        "care": [3, 0, 0],
        "segment": [3, 0, 0],
    }
