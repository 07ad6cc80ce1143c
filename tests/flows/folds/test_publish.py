"""Publish: snapshots follow the counts, are reproducible, and have one publisher a slot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from time import sleep
from typing import Any

import pytest
from places import CONFIG

import bandits
from bandits import Policy
from bandits.config import LearnerConfig
from bandits.learners.auto import FitMemory
from bandits.policies.snapshot import dump
from nudge.config.slot_file import load_slots
from nudge.domain.journal.records import Exposure, JournalEntry, Ref, Reward
from nudge.domain.slots.slot import Slot
from nudge.errors import FencedError
from nudge.flows.folds import publish
from nudge.flows.folds.learn import LearnFold
from nudge.flows.folds.publish import Publisher, alike, fitted
from nudge.settings.settings import Settings
from nudge.store.folds import folds
from nudge.store.folds.counts import CountRow
from nudge.store.service import slots, snapshots
from nudge.store.wire import client as clients
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys

BANNER = load_slots(CONFIG / "slots")["banner"]
NOW = 1_790_000_000.0
CELL = "1.1.1"


@pytest.fixture
def client(store_url: str) -> Iterator[Client]:
    client = clients.patient(store_url)
    yield client
    client.close()


@pytest.fixture
def keys(settings: Settings) -> Keys:
    return Keys(settings.namespace, 2)


@pytest.fixture
def publisher(client: Client, keys: Keys) -> Publisher:
    assert slots.put(client, keys, BANNER, None)
    return Publisher(client, keys, "one", 30.0, 5.0)


def learned(client: Client, keys: Keys, partition: int = 0, **more: object) -> None:
    """Ten exposures of one variant, six of them rewarded, are counted."""
    given = {"slot": "banner", "revision": 1, "variant": "coffee", "cell": CELL} | more
    exposure = Exposure(
        subject="a" * 32,
        decision=Ref(0, 1),
        reason="policy",
        propensity=0.5,
        window=100.0,
        at=NOW,
        **given,  # type: ignore[arg-type]
    )
    reward = Reward(
        reward_id="r",
        subject="a" * 32,
        decision=Ref(0, 1),
        reason="policy",
        exposed_at=NOW,
        event_id="e",
        conversions=1,
        value=5000,
        square=25_000_000,
        shared=False,
        at=NOW,
        **given,  # type: ignore[arg-type]
    )
    learn = LearnFold(client, keys)
    lease = folds.acquire(client, keys, partition, learn.name, "test", 5.0)
    assert lease is not None
    entries = [
        JournalEntry(partition, lease.position + i, NOW + 60, record)
        for i, record in enumerate([exposure] * 10 + [reward] * 6, start=1)
    ]
    _, batch = learn.handle(partition, learn.prepare(partition), entries)
    folds.commit(client, keys, lease, batch)


def current(client: Client, keys: Keys) -> bandits.Policy:
    version = client.call("HGET", keys.config("versions"), "policy:banner")
    blob = snapshots.read(client, keys, "banner", int(version))
    assert blob is not None
    return bandits.load_policy(blob)


def test_nothing_is_published_before_something_was_learned(publisher: Publisher) -> None:
    """Version 0 stays until there are counts: it is exact, and a guess would not be better."""
    assert publisher.run(0.0) == []


def test_a_fixed_policy_needs_no_counts(client: Client, keys: Keys, publisher: Publisher) -> None:
    """Who fixes a variant is not kept waiting for visitors."""
    fixed = replace(BANNER, revision=2, policy={"kind": "fixed", "arm": "coffee"}, floor=0.0)
    assert slots.put(client, keys, fixed, BANNER)
    assert publisher.run(0.0) == ["banner"]
    assert current(client, keys).meta["allocation"]["coffee"] == 1.0  # type: ignore[index]


def test_a_snapshot_tells_where_it_comes_from(
    client: Client, keys: Keys, publisher: Publisher
) -> None:
    """Slot, revision, seed, positions, time and shares travel with the policy."""
    learned(client, keys, 0)
    learned(client, keys, 1)
    assert publisher.run(0.0) == ["banner"]
    policy = current(client, keys)
    assert policy.version == "1"
    meta = dict(policy.meta)
    shares = meta.pop("allocation")
    assert isinstance(shares, dict)
    assert sorted(shares) == sorted(BANNER.names)
    assert sum(shares.values()) == pytest.approx(1)
    assert meta == {
        "slot": "banner",
        "revision": 1,
        "seed": publish.seed_of("banner", 1),
        "positions": [16, 16],
        "published_at": NOW + 60,
        "fallback": dict(BANNER.fallback),
    }


def test_a_snapshot_is_a_function_of_the_counts(
    client: Client, keys: Keys, publisher: Publisher
) -> None:
    """Whoever has the same counts makes the same bytes: partitions are sums, order is nothing."""
    learned(client, keys, 0)
    learned(client, keys, 1, variant="video")
    publisher.run(0.0)
    tally = (10, 6, 30_000, 150_000_000)
    start = int(NOW // 300 * 300)
    rows = [CountRow(start, CELL, name, tally) for name in ("video", "coffee")]
    again = fitted(BANNER, rows, [16, 16], NOW + 60, 1)
    assert dump(again) == dump(current(client, keys))


def test_what_did_not_change_is_not_published(
    client: Client, keys: Keys, publisher: Publisher
) -> None:
    """A new version means new counts; they are published at most so often."""
    learned(client, keys)
    assert publisher.run(0.0) == ["banner"]
    assert publisher.run(100.0) == []
    learned(client, keys)
    assert publisher.run(104.0) == ["banner"]
    learned(client, keys)
    assert publisher.run(105.0) == []
    assert publisher.run(110.0) == ["banner"]
    assert current(client, keys).version == "3"


def test_a_new_publisher_continues(client: Client, keys: Keys, publisher: Publisher) -> None:
    """Whoever takes over publishes nothing that was published, and numbers on."""
    learned(client, keys)
    publisher.run(0.0)
    publisher.release()
    other = Publisher(client, keys, "two", 30.0, 5.0)
    assert other.run(0.0) == []
    learned(client, keys)
    assert other.run(1.0) == ["banner"]
    assert current(client, keys).version == "2"
    assert current(client, keys).meta["positions"] == [32, 0]


def test_one_slot_has_one_publisher(client: Client, keys: Keys, publisher: Publisher) -> None:
    """A second publisher waits, and one that was overtaken publishes nothing."""
    learned(client, keys)
    lease = snapshots.acquire(client, keys, "banner", "early", 0.05)
    assert lease is not None
    sleep(0.1)
    assert publisher.run(0.0) == ["banner"]
    assert Publisher(client, keys, "two", 30.0, 5.0).run(0.0) == []
    with pytest.raises(FencedError):
        snapshots.publish(client, keys, lease, b"late", NOW, [])
    assert current(client, keys).version == "1"


def test_a_new_revision_is_published(client: Client, keys: Keys, publisher: Publisher) -> None:
    """A slot that changed gets a policy over its variants, with what earlier revisions counted."""
    learned(client, keys)
    publisher.run(0.0)
    more = replace(BANNER.variants[0], name="new")
    changed = replace(BANNER, revision=2, variants=(*BANNER.variants, more))
    assert slots.put(client, keys, changed, BANNER)
    assert publisher.run(10.0) == ["banner"]
    policy = current(client, keys)
    assert policy.arms == changed.names
    shares = policy.meta["allocation"]
    assert isinstance(shares, dict)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"title": "other"}, True),
        ({"holdout": 0.3}, True),
        ({"context": BANNER.context[:1]}, False),
        ({"terms": replace(BANNER.terms, event="clicked")}, False),
        ({"terms": replace(BANNER.terms, window=5.0)}, True),
    ],
)
def test_counts_are_added_where_they_mean_the_same(
    changes: dict[str, object], *, expected: bool
) -> None:
    """Revisions add up as long as cells and the rewarding event are the same."""
    other: Slot = replace(BANNER, **changes)  # type: ignore[arg-type]
    assert alike(BANNER, other) is expected


def test_one_slot_s_trouble_is_its_own(
    client: Client, keys: Keys, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where one learner fails the others publish, and it is tried again after a pause."""
    other = replace(BANNER, name="aardvark")
    assert slots.put(client, keys, other, None)
    learned(client, keys)
    learned(client, keys, slot="aardvark")
    fit = publish.fit

    def failing(config: object, *args: object, **more: object) -> object:
        if more["seed"] == publish.seed_of("aardvark", 1):
            raise ValueError("no such learner")
        return fit(config, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(publish, "fit", failing)
    assert publisher.run(0.0) == ["banner"]
    monkeypatch.undo()
    assert publisher.run(1.0) == []
    assert publisher.run(publish.PAUSE + 1) == ["aardvark"]


def test_a_fit_starts_where_the_last_one_ended(
    client: Client, keys: Keys, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A publisher keeps what its fits know; one that failed, and another publisher, start anew."""
    fit, told = publish.fit, []

    def telling(config: LearnerConfig, *args: Any, memory: FitMemory, **more: Any) -> Policy:
        told.append(memory.empty)
        policy = fit(config, *args, memory=memory, **more)
        if len(told) == 3:
            raise ValueError("in the middle")
        return policy

    monkeypatch.setattr(publish, "fit", telling)
    for turn in range(6):
        learned(client, keys)
        if turn == 5:
            publisher.forget()
        publisher.run(100.0 * turn)
    assert told == [True, False, False, True, False, True]


def test_old_versions_are_forgotten(
    client: Client, keys: Keys, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store keeps the versions that retention keeps, and their times."""
    monkeypatch.setattr(publish, "forgotten", lambda kept: sorted(kept)[:-2])
    for turn in range(4):
        learned(client, keys)
        assert publisher.run(10.0 * turn) == ["banner"]
    assert snapshots.published(client, keys, "banner") == {3: NOW + 60, 4: NOW + 60}
    assert snapshots.read(client, keys, "banner", 2) is None
