"""Page's word in the worker: a slot whose words and facts part is frozen once, and says why."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from places import CONFIG

from nudge.config.slot_file import load_slots
from nudge.domain.journal.fold_name import FoldName
from nudge.domain.journal.records import Exposure, JournalEntry, Record, Ref, Reward
from nudge.flows.folds.learn import LearnFold
from nudge.flows.folds.publish import Publisher
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.store.wire import client as clients
from nudge.store.wire.keys import Keys
from nudge.workers.publish_loop import PublishLoop
from nudge.workers.store_check import StoreCheck

NOW = 1_790_000_000.0


@pytest.fixture
def store(store_url: str, settings: Settings) -> Iterator[Store]:
    store = Store(clients.patient(store_url), Keys(settings.namespace, 1))
    assert store.slots.put(load_slots(CONFIG / "slots")["banner"], None)
    yield store
    store.close()


def rewarded(variant: str, number: int, claims: int) -> Iterator[Record]:
    """Exposures of one variant, each rewarded."""
    of = ("a" * 32, Ref(0, 1), "banner", 1, variant, "1.1.1", "policy")
    for _ in range(number):
        yield Exposure(*of, 0.25, 100.0, NOW)
        yield Reward("r", *of, NOW, "e", 1, 0, 0, False, NOW, claims)


def counted(store: Store, *records: Record) -> None:
    """The records are counted."""
    learn = LearnFold(store)
    lease = store.folds.acquire(0, FoldName.LEARN, "test", 5.0)
    assert lease is not None
    entries = [JournalEntry(0, lease.position + i, NOW, r) for i, r in enumerate(records, 1)]
    _, batch = learn.handle(0, learn.prepare(0), entries)
    store.folds.commit(lease, batch)


def test_s07_a_slot_whose_words_and_facts_part_is_frozen(
    store: Store, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Honest taps freeze nothing, 200 that nobody confirms do; frozen, it stays so."""
    check = StoreCheck(store, tmp_path_factory.mktemp("check") / "store.json")
    loop = PublishLoop(store, Publisher(store, "one", 30.0, 0.0), 1.0, check)
    counted(store, *rewarded("coffee", 60, 0), *rewarded("coffee", 30, 1))
    loop.turn(0.0)
    assert store.slots.current()["banner"].mode == "live"
    counted(store, *rewarded("triple_gift", 200, 1))
    loop.turn(10.0)
    frozen = store.slots.current()["banner"]
    assert (frozen.mode, frozen.frozen_serves) == ("frozen", "policy")
    entry = store.slots.audits("banner")[0]
    assert entry["who"] == "page_word"
    assert "triple_gift" in str(entry["why"])
    counted(store, *rewarded("triple_gift", 200, 1))
    loop.turn(20.0)
    assert store.slots.current()["banner"].revision == frozen.revision
