"""The fold `attribute`: what a batch commits, and that batches do not matter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest
from builders import decision

from nudge.domain.credit.attribution_replay import fold
from nudge.domain.credit.closing import advance
from nudge.domain.journal.records import (
    Decision,
    Event,
    Exposure,
    JournalEntry,
    Mark,
    Record,
    Ref,
    Reward,
)
from nudge.domain.people.visitor import VisitorState
from nudge.domain.people.visitor_codec import decode_state
from nudge.domain.slots.slot import RewardTerms
from nudge.flows.folds.attribute import AttributeFold
from nudge.settings.settings import Settings
from nudge.store.folds.folds import Commit
from nudge.store.store import Store
from nudge.store.wire import client as clients
from nudge.store.wire.keys import Keys

ADA, BOB = "a" * 32, "b" * 32
TERMS = RewardTerms("decision", "paid", "conversion", 100.0)
DAY = 86_400.0


def made(subject: str = ADA, **more: object) -> Decision:
    return decision(subject, **{"terms": TERMS, "unit": "", **more})


def paid(subject: str = ADA, event_id: str = "e", amount: float = 50) -> Event:
    return Event(subject, event_id, "paid", "server", fields={"amount": amount})


@pytest.fixture
def store(store_url: str, settings: Settings) -> Iterator[Store]:
    store = Store(clients.patient(store_url), Keys(settings.namespace, 2))
    yield store
    store.close()


def committed(store: Store, entries: list[JournalEntry]) -> None:
    """Handle one batch as a new owner would, and commit it."""
    attribute = AttributeFold(store)
    lease = store.folds.acquire(0, attribute.name, "test", 5.0)
    assert lease is not None
    _, batch = attribute.handle(0, attribute.prepare(0), entries)
    store.folds.commit(lease, batch)


def state_of(store: Store, subject: str) -> VisitorState:
    blob = store.client.call("GET", store.keys.visitor(0, subject))
    return decode_state(blob) if blob else VisitorState()


def listed(store: Store) -> dict[str, float]:
    members = store.client.call("ZRANGE", store.keys.open(0), 0, -1)
    return {m.decode(): float(store.client.call("ZSCORE", store.keys.open(0), m)) for m in members}


def test_a_batch_commits_states_and_records(store: Store) -> None:
    """Exposures and rewards go to the journal; the states say what is open, and until when."""
    committed(store, [JournalEntry(0, 1, 1000.0, made()), JournalEntry(0, 2, 1010.0, paid())])
    records = [entry.record for entry in store.journal.read(0, 0, 100)]
    assert [type(record) for record in records] == [Exposure, Reward]
    state = state_of(store, ADA)
    assert [x.decision for x in state.open] == [Ref(0, 1)]
    assert state.context() == {
        "mobile_before": False,
        "last_amount": 50,
        "last_paid_at": 1010.0,
        "payments": 1,
        "usual_amount": 50,
        "first_paid_at": 1010.0,
    }
    assert listed(store) == {ADA: state.open[0].closes}
    assert store.client.call("PTTL", store.keys.visitor(0, ADA)) > 89 * DAY * 1000


def test_due_subjects_are_closed_by_the_watermark(store: Store) -> None:
    """A visitor who does not come back is closed when others move the watermark on."""
    committed(store, [JournalEntry(0, 1, 1000.0, made())])
    committed(store, [JournalEntry(0, 2, 9000.0, made(BOB))])
    assert state_of(store, ADA).open == ()
    assert set(listed(store)) == {BOB}


def test_own_records_and_marks_only_advance(store: Store) -> None:
    """The fold passes by what it wrote itself."""
    committed(store, [JournalEntry(0, 1, 1000.0, made()), JournalEntry(0, 2, 1010.0, paid())])
    before = store.journal.last_position(0)
    own = [replace(e, position=e.position + 2) for e in store.journal.read(0, 0, 100)]
    committed(store, [*own, JournalEntry(0, 5, 1020.0, Mark("slot_applied"))])
    assert store.journal.last_position(0) == before
    assert store.folds.read_fields(0, "attribute", "position") == ["5"]


def test_the_watermark_survives_a_new_owner(store: Store) -> None:
    """The next owner continues with the largest stamp seen, though the store's clock went back."""
    committed(store, [JournalEntry(0, 1, 5000.0, made())])
    assert AttributeFold(store).prepare(0).watermark == 5000.0
    committed(store, [JournalEntry(0, 2, 4000.0, made(BOB))])
    assert AttributeFold(store).prepare(0).watermark == 5000.0


def test_a_state_that_cannot_be_read_stops_nobody(store: Store) -> None:
    """One visitor's bytes are made anew; the others go on."""
    store.client.call("SET", store.keys.visitor(0, ADA), b"\xff broken")
    committed(store, [JournalEntry(0, 1, 1000.0, made()), JournalEntry(0, 2, 1000.0, made(BOB))])
    assert len(state_of(store, ADA).open) == len(state_of(store, BOB).open) == 1


def history(random: Random, length: int) -> list[JournalEntry]:
    """Decisions and payments of a few visitors over some windows."""
    records: list[Record] = []
    for i in range(length):
        subject = random.choice([ADA, BOB])
        records.append(made(subject) if random.random() < 0.5 else paid(subject, f"e{i}", i))
    stamps = sorted(random.uniform(0, 20 * GRACE_SPAN) for _ in range(length))
    return [
        JournalEntry(0, i, s, r)
        for i, (s, r) in enumerate(zip(stamps, records, strict=True), start=1)
    ]


GRACE_SPAN = 700.0


@pytest.mark.parametrize("seed", range(5))
def test_the_size_of_batches_does_not_matter(store: Store, seed: int) -> None:
    """The same journal cut into other batches gives the same records and the same states."""
    random = Random(seed)  # noqa: S311 - a test's own
    entries = history(random, 60)
    end = entries[-1].stamp
    whole, records = fold({ADA: VisitorState(), BOB: VisitorState()}, 0.0, entries)
    while entries:
        size = random.randint(1, 10)
        committed(store, entries[:size])
        entries = entries[size:]
    assert [entry.record for entry in store.journal.read(0, 0, 1000)] == records
    for subject, state in whole.items():
        assert advance(state_of(store, subject), end) == advance(state, end)


def test_nothing_is_loaded_for_an_empty_journal(store: Store) -> None:
    """A batch of marks alone reads and writes no visitor."""
    attribute = AttributeFold(store)
    state, batch = attribute.handle(0, attribute.prepare(0), [JournalEntry(0, 1, 5.0, Mark("m"))])
    assert state.watermark == 5.0
    assert isinstance(batch, Commit)
    assert [write.command for write in batch.writes] == ["HSET"]
