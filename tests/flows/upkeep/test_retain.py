"""Retention: the journal is trimmed behind everybody who reads it, by age and by memory."""

from __future__ import annotations

import pytest
from flow_web import Web

from nudge.domain.journal.fold_name import FOLDS
from nudge.domain.journal.records import Mark
from nudge.flows.upkeep.retain import EVERY, JournalRetention
from nudge.store.folds.folds import Commit
from nudge.store.keeping.retention import RetentionRule

OLD = RetentionRule(seconds=0.0)
LONG = 1e6


@pytest.fixture
def filled(web: Web) -> Web:
    """300 marks in partition 0, which every fold has read up to 200."""
    for i in range(300):
        web.store.journal.append_mark(0, Mark("m", {"text": "x" * 500, "i": i}))
    for name in FOLDS:
        stand(web, name, 200)
    return web


def stand(web: Web, fold: str, position: int) -> None:
    lease = web.store.folds.seize(0, fold, "test", 5)
    web.store.folds.commit(lease, Commit(position))


def first(web: Web) -> int:
    return web.store.journal.read(0, 0, 1)[0].position


def test_nothing_goes_that_a_fold_or_the_archive_has_not_read(filled: Web) -> None:
    """However old and however large: the slowest reader's position is the bound, exactly."""
    for slowest, position in (("learn", 70), ("attribute", 90), ("archive", 120)):
        for name in FOLDS:
            stand(filled, name, position if name == slowest else 200)
        filled.store.retention.trim(0, RetentionRule(0.0, 1))
        assert first(filled) == position + 1
    assert filled.store.retention.trim(1, OLD).entries == 0


def test_a_fold_that_never_ran_keeps_everything(web: Web) -> None:
    """No position is position 0."""
    web.store.journal.append_mark(0, Mark("m"))
    before = len(web.store.journal.read(0, 0, 1000))
    assert web.store.retention.trim(0, RetentionRule(0.0, 1)).entries == 0
    assert len(web.store.journal.read(0, 0, 1000)) == before


def test_age_keeps_what_is_young(filled: Web) -> None:
    """Entries within the time stay; older ones go, and no position is given again."""
    last = filled.store.journal.last_position(0)
    assert filled.store.retention.trim(0, RetentionRule(LONG)).entries == 0
    done = filled.store.retention.trim(0, OLD)
    assert (done.entries, done.young, first(filled)) == (200, 0, 201)
    assert filled.store.journal.last_position(0) == last
    assert filled.store.journal.append_mark(0, Mark("m")) == last + 1


def test_the_boundary_of_age_is_exact(filled: Web) -> None:
    """The first entry that is young enough is the first that stays."""
    entries = filled.store.journal.read(0, 0, 1000)
    middle = entries[99]
    time = filled.store.client.call("TIME")
    now = int(time[0]) + int(time[1]) / 1e6
    filled.store.retention.trim(0, RetentionRule(now - middle.stamp))
    stamps = [entry.stamp for entry in filled.store.journal.read(0, 0, 1000)]
    # A little later than asked: what is milliseconds too old may go as well. Ages are whole
    # milliseconds to the store, so that one that is a fraction too old may stay.
    assert middle.stamp - 0.0015 <= stamps[0] <= middle.stamp + 0.5
    assert len(stamps) + len([e for e in entries if e.stamp < stamps[0]]) == len(entries)


def test_memory_takes_the_oldest_and_says_so(filled: Web) -> None:
    """Over the limit the oldest go before their time, down to about the limit; it is counted."""
    before = filled.store.retention.used(0)
    limit = before * 3 // 4 * filled.store.keys.partitions
    done = filled.store.retention.trim(0, RetentionRule(LONG, limit))
    assert 0 < done.young == done.entries <= 200
    assert filled.store.retention.used(0) < before * 0.9


def test_it_looks_again_after_a_while(filled: Web) -> None:
    """One look in some seconds, whatever calls."""
    retain = JournalRetention(filled.store, OLD)
    assert retain.run([0], 100.0) == 200
    for name in FOLDS:
        stand(filled, name, 250)
    assert retain.run([0], 100.0 + EVERY / 2) == 0
    assert retain.run([0], 100.0 + EVERY) == 50
