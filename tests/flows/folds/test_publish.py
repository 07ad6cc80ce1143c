"""Publish: snapshots follow the counts, are reproducible, and have one publisher a slot."""

from __future__ import annotations

import tracemalloc
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
from nudge.domain.slots.slot import Slot, SlotMode
from nudge.domain.slots.versions import seed_of
from nudge.errors import FencedError
from nudge.flows.folds import learner_fit, publish
from nudge.flows.folds.learn import LearnFold
from nudge.flows.folds.learner_fit import alike, fit_learner
from nudge.flows.folds.publish import Publisher
from nudge.settings.settings import Settings
from nudge.store.folds.counts import CountRow
from nudge.store.service.catalogue import Catalogue
from nudge.store.store import Store
from nudge.store.wire import client as clients
from nudge.store.wire.keys import Keys

BANNER = load_slots(CONFIG / "slots")["banner"]
NOW = 1_790_000_000.0
CELL = "1.1.1"


@pytest.fixture
def store(store_url: str, settings: Settings) -> Iterator[Store]:
    store = Store(clients.patient(store_url), Keys(settings.namespace, 2))
    yield store
    store.close()


@pytest.fixture
def publisher(store: Store) -> Publisher:
    assert store.slots.put(BANNER, None)
    return Publisher(store, "one", 30.0, 5.0)


def learned(store: Store, partition: int = 0, **more: object) -> None:
    """Ten exposures of one variant, six of them rewarded, are counted."""
    named = {"slot": "banner", "revision": 1, "variant": "coffee", "cell": CELL, "at": NOW}
    given = named | more
    exposure = Exposure(
        subject="a" * 32,
        decision=Ref(0, 1),
        reason="policy",
        propensity=0.5,
        window=100.0,
        **given,  # type: ignore[arg-type]
    )
    reward = Reward(
        reward_id="r",
        subject="a" * 32,
        decision=Ref(0, 1),
        reason="policy",
        exposed_at=exposure.at,
        event_id="e",
        conversions=1,
        value=5000,
        square=25_000_000,
        shared=False,
        **given,  # type: ignore[arg-type]
    )
    learn = LearnFold(store)
    lease = store.folds.acquire(partition, learn.name, "test", 5.0)
    assert lease is not None
    entries = [
        JournalEntry(partition, lease.position + i, NOW + 60, record)
        for i, record in enumerate([exposure] * 10 + [reward] * 6, start=1)
    ]
    _, batch = learn.handle(partition, learn.prepare(partition), entries)
    store.folds.commit(lease, batch)


def current(store: Store) -> bandits.Policy:
    version = store.client.call("HGET", store.keys.config("versions"), "policy:banner")
    blob = store.snapshots.read("banner", int(version))
    assert blob is not None
    return bandits.load_policy(blob)


def test_nothing_is_published_before_something_was_learned(publisher: Publisher) -> None:
    """Version 0 stays until there are counts: it is exact, and a guess would not be better."""
    assert publisher.run(0.0) == []


def test_a_fixed_policy_needs_no_counts(store: Store, publisher: Publisher) -> None:
    """An operator who fixes a variant is not kept waiting for visitors."""
    fixed = replace(BANNER, revision=2, policy={"kind": "fixed", "arm": "coffee"}, floor=0.0)
    assert store.slots.put(fixed, BANNER)
    assert publisher.run(0.0) == ["banner"]
    assert current(store).meta["allocation"]["coffee"] == 1.0  # type: ignore[index]


def test_a_snapshot_tells_where_it_comes_from(store: Store, publisher: Publisher) -> None:
    """Slot, revision, seed, positions, time and shares travel with the policy."""
    learned(store, 0)
    learned(store, 1)
    assert publisher.run(0.0) == ["banner"]
    policy = current(store)
    assert policy.version == "1"
    meta: dict[str, Any] = dict(policy.meta)
    shares = meta.pop("allocation")
    assert isinstance(shares, dict)
    assert sorted(shares) == sorted(BANNER.names)
    assert sum(shares.values()) == pytest.approx(1)
    told = meta.pop("audience")
    assert isinstance(told, dict)
    assert (told["visitors"], told["cells"]) == (20, [[CELL, 20]])
    weights = meta.pop("half_lives")
    assert isinstance(weights, dict)
    assert sum(weights.values()) == pytest.approx(1, abs=0.01)
    assert meta.pop("width")
    assert meta.pop("observations")["exposures"] == 20
    counted = meta.pop("conversions")
    assert isinstance(counted, dict)
    assert sorted(counted) == sorted(BANNER.names)
    assert sum(counted.values()) > 0
    assert meta == {
        "slot": "banner",
        "revision": 1,
        "seed": seed_of("banner", 1),
        "positions": [16, 16],
        "published_at": NOW + 60,
        "fallback": dict(BANNER.fallback),
    }


def test_a_snapshot_is_a_function_of_the_counts(store: Store, publisher: Publisher) -> None:
    """Equal counts make equal bytes: partitions are sums, order is nothing."""
    learned(store, 0)
    learned(store, 1, variant="video")
    publisher.run(0.0)
    tally = (10, 6, 30_000, 150_000_000)
    start = int(NOW // 300 * 300)
    rows = [CountRow(start, CELL, name, tally) for name in ("video", "coffee")]
    again = fit_learner(BANNER, rows, [16, 16], NOW + 60, 1)
    assert dump(again) == dump(current(store))


def test_what_did_not_change_is_not_published(store: Store, publisher: Publisher) -> None:
    """A new version means new counts; they are published at most so often."""
    learned(store)
    assert publisher.run(0.0) == ["banner"]
    assert publisher.run(100.0) == []
    learned(store)
    assert publisher.run(104.0) == ["banner"]
    learned(store)
    assert publisher.run(105.0) == []
    assert publisher.run(110.0) == ["banner"]
    assert current(store).version == "3"


def test_a_new_publisher_continues(store: Store, publisher: Publisher) -> None:
    """The next publisher publishes nothing that was published, and numbers on."""
    learned(store)
    publisher.run(0.0)
    publisher.release()
    other = Publisher(store, "two", 30.0, 5.0)
    assert other.run(0.0) == []
    learned(store)
    assert other.run(1.0) == ["banner"]
    assert current(store).version == "2"
    assert current(store).meta["positions"] == [32, 0]


def test_one_slot_has_one_publisher(store: Store, publisher: Publisher) -> None:
    """A second publisher waits, and one that was overtaken publishes nothing."""
    learned(store)
    lease = store.snapshots.acquire("banner", "early", 0.05)
    assert lease is not None
    sleep(0.1)
    assert publisher.run(0.0) == ["banner"]
    assert Publisher(store, "two", 30.0, 5.0).run(0.0) == []
    with pytest.raises(FencedError):
        store.snapshots.publish(lease, b"late", NOW, [])
    assert current(store).version == "1"


def test_a_new_revision_is_published(store: Store, publisher: Publisher) -> None:
    """A slot that changed gets a policy over its variants, with what earlier revisions counted."""
    learned(store)
    publisher.run(0.0)
    more = replace(BANNER.variants[0], name="new")
    changed = replace(BANNER, revision=2, variants=(*BANNER.variants, more))
    assert store.slots.put(changed, BANNER)
    assert publisher.run(10.0) == ["banner"]
    policy = current(store)
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
    store: Store, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A learner that fails keeps no other from publishing, and is tried again after a pause."""
    other = replace(BANNER, name="aardvark")
    assert store.slots.put(other, None)
    learned(store)
    learned(store, slot="aardvark")
    fit = learner_fit.fit

    def failing(config: object, *args: object, **more: object) -> object:
        if more["seed"] == seed_of("aardvark", 1):
            raise ValueError("no such learner")
        return fit(config, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(learner_fit, "fit", failing)
    assert publisher.run(0.0) == ["banner"]
    served = store.catalogue.refresh(Catalogue.empty())
    assert served.failing == {"aardvark": "ValueError"}
    monkeypatch.undo()
    assert publisher.run(1.0) == []
    assert publisher.run(publish.PAUSE + 1) == ["aardvark"]
    assert store.catalogue.refresh(served).failing == {}


def test_f01_a_bucket_of_the_year_58874_costs_one_bucket(
    store: Store, publisher: Publisher
) -> None:
    """A learner's memory is that of its counts, whatever span of time they have.

    So an installation publishes again that an earlier version let a wrong time into.
    """
    learned(store)
    for at in (1_795_734_600_000.0, -9e12, 0.0):
        learned(store, at=at)
    tracemalloc.start()
    assert publisher.run(0.0) == ["banner"]
    assert tracemalloc.get_traced_memory()[1] < 2**26
    tracemalloc.stop()


def test_a_fit_starts_where_the_last_one_ended(
    store: Store, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A publisher keeps what its fits know; one that failed, and another publisher, start anew."""
    fit, told = learner_fit.fit, []

    def telling(config: LearnerConfig, *args: Any, memory: FitMemory, **more: Any) -> Policy:
        told.append(memory.empty)
        policy = fit(config, *args, memory=memory, **more)
        if len(told) == 3:
            raise ValueError("in the middle")
        return policy

    monkeypatch.setattr(learner_fit, "fit", telling)
    for turn in range(6):
        learned(store)
        if turn == 5:
            publisher.forget()
        publisher.run(100.0 * turn)
    assert told == [True, False, False, True, False, True]


def test_old_versions_are_forgotten(
    store: Store, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store keeps the versions that retention keeps, and their times."""
    monkeypatch.setattr(publish, "forgotten", lambda kept: sorted(kept)[:-2])
    for turn in range(4):
        learned(store)
        assert publisher.run(10.0 * turn) == ["banner"]
    assert store.snapshots.published("banner") == {3: NOW + 60, 4: NOW + 60}
    assert store.snapshots.read("banner", 2) is None


def test_news_are_published_early_while_little_is_known(store: Store, publisher: Publisher) -> None:
    """Twenty exposures bring the second snapshot after a tenth of the pause, ten only after it."""
    learned(store)
    assert publisher.run(0.0) == ["banner"]
    learned(store)
    assert publisher.run(1.0) == []
    learned(store)
    assert publisher.run(0.49) == []
    assert publisher.run(0.5) == ["banner"]
    learned(store, 1)
    assert publisher.run(5.4) == []
    assert publisher.run(5.5) == ["banner"]
    assert current(store).meta["observations"] == {"exposures": 40, "effective": 40.0}


def test_news_are_a_twentieth_of_what_is_known(store: Store, publisher: Publisher) -> None:
    """A slot with many exposures waits as long as ever; those of other slots are no news of it."""
    for _ in range(50):
        learned(store)
    assert publisher.run(0.0) == ["banner"]
    for _ in range(5):
        learned(store, slot="aardvark")
    learned(store)
    learned(store)
    assert publisher.run(1.0) == []
    learned(store)
    assert publisher.run(2.0) == ["banner"]


def test_a_turn_without_news_costs_one_look_at_each_partition(
    store: Store, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slots, versions, a lease a slot, a mark a partition: however many blocks the counts have."""
    assert store.slots.put(replace(BANNER, name="aardvark"), None)
    learned(store)
    learned(store, slot="aardvark")
    assert publisher.run(0.0) == ["aardvark", "banner"]
    calls: list[object] = []
    send = clients.Client._send
    monkeypatch.setattr(
        clients.Client,
        "_send",
        lambda own, *command: (calls.append(command), send(own, *command))[1],
    )
    assert publisher.run(100.0) == []
    assert len(calls) <= 1 + 1 + 2 + 2


def test_a_frozen_slot_learns_later_what_came_meanwhile(store: Store, publisher: Publisher) -> None:
    """Counts that come while a slot is frozen are in the first snapshot after it."""
    learned(store)
    assert publisher.run(0.0) == ["banner"]
    frozen = replace(BANNER, revision=2, mode=SlotMode.FROZEN)
    assert store.slots.put(frozen, BANNER)
    learned(store)
    assert publisher.run(10.0) == []
    assert store.slots.put(replace(BANNER, revision=3), frozen)
    assert publisher.run(20.0) == ["banner"]
    assert current(store).meta["positions"] == [32, 0]
