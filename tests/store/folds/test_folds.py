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
from nudge.store.folds import folds
from nudge.store.folds.folds import Commit, FoldWrite, Lease
from nudge.store.journal import journal
from nudge.store.wire import client as clients
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys

FOLD = "attribute"


@pytest.fixture(params=["server", "cluster"])
def client(request: pytest.FixtureRequest) -> Iterator[Client]:
    url = {"server": "store_url", "cluster": "cluster_url"}[request.param]
    client = clients.patient(request.getfixturevalue(url))
    yield client
    client.close()


@pytest.fixture
def keys(settings: Settings) -> Keys:
    return Keys(settings.namespace, 3)


def took(client: Client, keys: Keys, owner: str = "one", ttl: float = 5.0) -> Lease:
    lease = folds.acquire(client, keys, 0, FOLD, owner, ttl)
    assert lease is not None
    return lease


def written(client: Client, keys: Keys) -> tuple[Any, ...]:
    """All that a commit may change."""
    counted = client.call("HGET", keys.counts(0, "s", "1:0"), "f")
    last = journal.last_position(client, keys, 0)
    return counted, last, folds.kept(client, keys, 0, FOLD, "position")[0]


def batch(keys: Keys, position: int) -> Commit:
    write = FoldWrite("HINCRBY", keys.counts(0, "s", "1:0"), ("f", 2))
    return Commit(position, [Mark("m")], [write])


def test_a_commit_writes_state_records_and_position(client: Client, keys: Keys) -> None:
    """State, records and position change together."""
    lease = folds.commit(client, keys, took(client, keys), batch(keys, 7))
    assert lease.position == 7
    assert written(client, keys) == (b"2", 1, "7")


def test_a_lease_is_held_by_one(client: Client, keys: Keys) -> None:
    """Nobody else gets a lease that is held; its owner renews it under the same token."""
    lease = took(client, keys)
    assert folds.acquire(client, keys, 0, FOLD, "two", 5.0) is None
    assert took(client, keys) == lease


def test_a_lease_that_was_given_back_is_free_at_once(client: Client, keys: Keys) -> None:
    """The next owner has another token and continues at the committed position."""
    lease = folds.commit(client, keys, took(client, keys), batch(keys, 7))
    folds.release(client, keys, lease)
    other = took(client, keys, "two")
    assert (other.position, other.token) == (7, lease.token + 1)


def test_only_the_owner_gives_a_lease_back(client: Client, keys: Keys) -> None:
    """A worker that lost its lease cannot free that of its successor."""
    lease = took(client, keys, ttl=0.05)
    time.sleep(0.1)
    took(client, keys, "two")
    folds.release(client, keys, lease)
    assert folds.acquire(client, keys, 0, FOLD, "three", 5.0) is None


def test_an_old_owner_is_fenced_off(client: Client, keys: Keys) -> None:
    """After a takeover the old owner's commit is refused, and nothing of it is written."""
    old = took(client, keys, ttl=0.05)
    time.sleep(0.1)
    new = took(client, keys, "two")
    with pytest.raises(FencedError):
        folds.commit(client, keys, old, batch(keys, 7))
    assert written(client, keys) == (None, 0, None)
    folds.commit(client, keys, new, batch(keys, 7))
    assert written(client, keys) == (b"2", 1, "7")


def test_a_batch_is_committed_once(client: Client, keys: Keys) -> None:
    """A commit that is repeated, because its answer was lost, is refused."""
    lease = took(client, keys)
    folds.commit(client, keys, lease, batch(keys, 7))
    with pytest.raises(FencedError):
        folds.commit(client, keys, lease, batch(keys, 7))
    assert written(client, keys) == (b"2", 1, "7")


def test_a_broken_fold_stops(client: Client, keys: Keys) -> None:
    """A script is not rolled back: where a write fails, no retry may double what went before."""
    lease = took(client, keys)
    client.call("SET", keys.blocks(0, "s"), "no sorted set")
    good = batch(keys, 7)
    bad = replace(good, writes=[*good.writes, FoldWrite("ZADD", keys.blocks(0, "s"), (1, "b"))])
    with pytest.raises(StoreError, match="WRONGTYPE"):
        folds.commit(client, keys, lease, bad)
    before = written(client, keys)
    with pytest.raises(StoreError, match="must be rebuilt"):
        folds.commit(client, keys, took(client, keys), good)
    assert written(client, keys) == before


def test_many_writes_fit_in_one_commit(client: Client, keys: Keys) -> None:
    """Thousands of records and writes on many keys are one commit."""
    writes = [
        FoldWrite("SET", keys.visitor(0, f"{i}"), (b"\0" * 300, "PX", 1000)) for i in range(3000)
    ]
    folds.commit(client, keys, took(client, keys), Commit(1, [Mark("m")] * 3000, writes))
    assert journal.last_position(client, keys, 0) == 3000


def test_workers_are_counted_while_they_live(client: Client, keys: Keys) -> None:
    """A worker counts until its note runs out or is withdrawn."""
    assert folds.heartbeat(client, keys, FOLD, "one", 5.0) == 1
    assert folds.heartbeat(client, keys, FOLD, "two", 0.05) == 2
    assert folds.heartbeat(client, keys, FOLD, "three", 5.0) == 3
    time.sleep(0.1)
    assert folds.heartbeat(client, keys, FOLD, "three", 0) == 1


def test_lags_are_what_was_not_committed(client: Client, keys: Keys) -> None:
    """A fold's lag is the number of entries behind its position, by partition."""
    for _ in range(3):
        journal.append_mark(client, keys, 0, Mark("m"))
    folds.commit(client, keys, took(client, keys), Commit(2))
    assert folds.lags(client, keys) == {
        "attribute": [1, 0, 0],
        "learn": [3, 0, 0],
        "archive": [3, 0, 0],
    }
