"""The fold `learn`: counts in buckets that widen with age, and totals; sums are never lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bandits.buckets import FINE_FOR, HOURS_FOR, bucket_of, width_of
from bandits.units import HOUR
from nudge.domain.journal.records import Exposure, JournalEntry, Mark, Record, Ref, Reward
from nudge.flows.folds.learn import LearnFold, crossed_days
from nudge.settings.settings import Settings
from nudge.store.folds.counts import CountRow, Total
from nudge.store.store import Store
from nudge.store.wire import client as clients
from nudge.store.wire.keys import Keys

SUBJECT = "a" * 32
DAY = 86_400.0
START = 20_000 * DAY


def exposure(at: float, **more: object) -> Exposure:
    base = Exposure(SUBJECT, Ref(0, 1), "banner", 1, "a", "0.1", "policy", 0.5, 100.0, at)
    return replace(base, **more)  # type: ignore[arg-type]


def reward(exposed_at: float, value: int = 5000, **more: object) -> Reward:
    base = Reward(
        reward_id="r",
        subject=SUBJECT,
        decision=Ref(0, 1),
        slot="banner",
        revision=1,
        variant="a",
        cell="0.1",
        reason="policy",
        exposed_at=exposed_at,
        event_id="e",
        conversions=1,
        value=value,
        square=value * value,
        shared=False,
        at=exposed_at + 5,
    )
    return replace(base, **more)  # type: ignore[arg-type]


@pytest.fixture
def store(store_url: str, settings: Settings) -> Iterator[Store]:
    store = Store(clients.patient(store_url), Keys(settings.namespace, 2))
    yield store
    store.close()


class Journal:
    """Entries of one partition, folded batch by batch."""

    def __init__(self, store: Store, partition: int = 0) -> None:
        self._store, self._partition = store, partition
        self._position = 0

    def take(self, stamp: float, *records: Record) -> None:
        """One batch, committed as a new owner would."""
        learn, p = LearnFold(self._store), self._partition
        entries = [
            JournalEntry(p, self._position + i, stamp, record)
            for i, record in enumerate(records, start=1)
        ]
        self._position += len(entries)
        lease = self._store.folds.acquire(p, learn.name, "test", 5.0)
        assert lease is not None
        _, batch = learn.handle(p, learn.prepare(p), entries)
        self._store.folds.commit(lease, batch)

    def rows(self) -> list[CountRow]:
        """All rows of the slot in this partition, in order."""
        found: list[CountRow] = []
        for block in self._store.counts.blocks(self._partition, "banner"):
            found += self._store.counts.read_block(self._partition, "banner", block)
        return sorted(found, key=lambda row: (row.bucket, row.cell, row.variant))


def test_exposures_and_rewards_are_booked_at_the_exposure(store: Store) -> None:
    """A reward counts in its exposure's bucket, cell and variant, whenever it comes."""
    journal = Journal(store)
    journal.take(START + 10, exposure(START + 10), exposure(START + 20))
    journal.take(START + 4000, reward(START + 10))
    assert journal.rows() == [CountRow(int(START), "0.1", "a", (2, 1, 5000, 25_000_000))]


def test_only_the_policy_teaches_but_all_is_counted(store: Store) -> None:
    """Holdout and forced exposures are in the totals, not in what is learned."""
    journal = Journal(store)
    batch = [exposure(START, reason=reason) for reason in ("policy", "holdout", "forced")]
    journal.take(START, *batch, reward(START, reason="holdout"))
    assert [row.tally[0] for row in journal.rows()] == [1]
    assert store.counts.totals("banner") == [
        Total(1, "forced", "a", 1, 0, 0, 0),
        Total(1, "holdout", "a", 1, 1, 5000, 25_000_000),
        Total(1, "policy", "a", 1, 0, 0, 0),
    ]


def test_totals_add_up_over_partitions(store: Store) -> None:
    """Totals are sums over all partitions, by revision."""
    Journal(store, 0).take(START, exposure(START), exposure(START, revision=2))
    Journal(store, 1).take(START, exposure(START))
    found = [(row.revision, row.trials) for row in store.counts.totals("banner")]
    assert found == [(1, 2), (2, 1)]


def test_a_reward_that_is_taken_back_leaves_no_row(store: Store) -> None:
    """Changes add up; what comes to nothing is not told."""
    journal = Journal(store)
    journal.take(START, reward(START))
    back = reward(START, conversions=-1, value=-5000, square=-(5000**2))
    journal.take(START, back)
    assert journal.rows() == []


def test_blocks_tell_where_they_changed(store: Store) -> None:
    """A reader finds the blocks that changed behind a position, and no others."""
    journal = Journal(store)
    journal.take(START, exposure(START), exposure(START - DAY))
    journal.take(START, exposure(START))
    day = int(START // DAY)
    changed = store.counts.blocks_changed(0, "banner", 0)
    assert sorted(changed) == [f"1:{day - 1}", f"1:{day}"]
    assert store.counts.blocks_changed(0, "banner", 2) == [f"1:{day}"]
    assert store.counts.blocks_changed(0, "banner", 3) == []


def test_variants_may_have_any_name(store: Store) -> None:
    """A separator in a variant's name does not tear its field apart."""
    journal = Journal(store)
    journal.take(START, exposure(START, variant="a|b|t"))
    assert [row.variant for row in journal.rows()] == ["a|b|t"]
    assert [row.variant for row in store.counts.totals("banner")] == ["a|b|t"]


@pytest.mark.parametrize("age", [FINE_FOR - HOUR, FINE_FOR + 2 * HOUR, HOURS_FOR + 2 * DAY])
def test_buckets_widen_with_age(store: Store, age: float) -> None:
    """Hours after 7 days and days after 90, for what is there and for what comes late alike."""
    journal = Journal(store)
    times = [START + 400 * i for i in range(100)]
    journal.take(times[-1], *map(exposure, times))
    journal.take(START + age, Mark("time passes"), *map(reward, times[::7]))
    later = START + age
    journal.take(later, *map(reward, times[1::7]))
    expected: dict[int, int] = {}
    for at in times:
        expected[bucket_of(at, later)] = expected.get(bucket_of(at, later), 0) + 1
    assert {row.bucket: row.tally[0] for row in journal.rows()} == expected
    assert sum(row.tally[1] for row in journal.rows()) == len(times[::7]) + len(times[1::7])


def test_time_in_small_steps_compacts_as_one_jump(store: Store) -> None:
    """However often the watermark moves, the same journal leaves the same rows."""
    times = [START + 1000 * i for i in range(80)]
    rows = []
    ends = [FINE_FOR + 30 * HOUR, HOURS_FOR + 3 * DAY]
    for partition, steps in enumerate((ends, [*range(0, 100 * 86_400, 7200), *ends])):
        journal = Journal(store, partition)
        journal.take(times[-1], *map(exposure, times))
        for step in sorted(steps):
            journal.take(START + step, Mark("time passes"))
        rows.append(journal.rows())
    assert rows[0] == rows[1]
    assert len(rows[0]) < len(times)


def test_compaction_is_told_to_readers(store: Store) -> None:
    """A block that was compacted counts as changed, so that a copy is read again."""
    journal = Journal(store)
    journal.take(START, exposure(START + 1000))
    journal.take(START + FINE_FOR + 2 * HOUR, Mark("time passes"))
    assert store.counts.blocks_changed(0, "banner", 1) == [f"1:{int(START // DAY)}"]


@given(st.floats(1e9, 2e9), st.floats(0, 200 * DAY), st.lists(st.floats(0, 300 * DAY), max_size=30))
def test_no_crossing_is_missed(before: float, gap: float, ages: Sequence[float]) -> None:
    """Each bucket whose width changes between two watermarks lies in a day that is looked at."""
    after = before + gap
    days = crossed_days(before, after)
    for age in ages:
        at = before - age
        if width_of(at, before) != width_of(at, after):
            assert int(at // DAY) in days
