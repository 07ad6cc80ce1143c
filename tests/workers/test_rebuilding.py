"""Rebuild: the same bits again, beside a service that goes on, whatever dies on the way."""

from __future__ import annotations

from dataclasses import replace
from threading import Event, Thread
from typing import Any

import pytest
from child_processes import eventually
from rebuild_site import (
    archive,
    counted,
    differences,
    fold_all,
    learned,
    opened,
    rebuild,
    rebuilding,
    states,
)
from worker_site import Site

from nudge.domain.journal.records import Event as Said
from nudge.domain.journal.records import Mark
from nudge.domain.people.visitor import KEEP, KEEP_CUSTOMER, MAX_OPEN
from nudge.domain.people.visitor_codec import decode_state
from nudge.errors import FencedError, StoreError
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.folds.learn import LearnFold
from nudge.flows.upkeep.rebuild import NAMES
from nudge.store.folds import generations
from nudge.store.folds.counts_copy import CountsCopy
from nudge.store.folds.folds import Commit, FoldWrite
from nudge.store.folds.generations import Generations, RebuildingError
from nudge.store.journal.appends import Append
from nudge.workers.runner import Runner

VISITORS = 400


@pytest.fixture
def folded(site: Site) -> Site:
    """Visitors, folded; half of the journal is in the lake, and left the journal."""
    site.visit(range(VISITORS // 2))
    fold_all(site)
    archive(site)
    for p in site.store.keys.every_partition():
        site.store.client.call("XTRIM", site.store.keys.journal(p), "MINID", "15-0")
    site.visit(range(VISITORS // 2, VISITORS))
    fold_all(site)
    return site


def test_counts_and_states_come_to_the_same_bits(folded: Site) -> None:
    """From the lake, then the journal: every count, every state, every open exposure is equal."""
    before = learned(folded), states(folded), opened(folded), counted(folded)
    length = len(folded.records())
    done = rebuild(folded)
    assert [one.differences for one in done] == [()] * len(done)
    assert (learned(folded), states(folded), opened(folded), counted(folded)) == before
    assert sum(one.entries for one in done if one.fold == "attribute") > length
    assert len(folded.records()) == length
    assert all(
        folded.store.folds.generation_of(p, name)
        for p in folded.store.keys.every_partition()
        for name in NAMES
    )


def test_s03_what_left_a_full_state_is_counted_the_same(site: Site) -> None:
    """A batch of any size, a crash and a rebuild drop the same and count it once."""
    claims = [
        Append("", Said("8" * 32, f"k{i}", "prefill_kept", "page")) for i in range(MAX_OPEN + 30)
    ]
    site.store.journal.append_once(0, claims, closes=False)
    fold: Any = AttributeFold(site.store, batch=7)
    runner = Runner(site.store, fold, "small")
    while runner.turn():
        pass
    runner._release()
    dropped = site.store.folds.dropped()
    assert dropped == (("prefill_kept", "page", 30),)
    before = states(site)
    assert [one.differences for one in rebuild(site, "attribute")] == [()] * 8
    assert (states(site), site.store.folds.dropped()) == (before, dropped)
    assert differences(site) == []


def test_the_old_state_goes_and_the_new_one_is_served(folded: Site) -> None:
    """A minute after the swap nothing of the old generation is left; the next one replaces it."""
    for _ in range(2):
        rebuild(folded)
    for p in folded.store.keys.every_partition():
        for key in folded.store.client.scan(folded.store.keys.prefix(p) + "*"):
            stale = generations.FAMILIES["attribute"] + generations.FAMILIES["learn"]
            name, _, number = key.split("}:")[1].split(":")[0].partition("@")
            if name not in stale:
                continue
            fold = "attribute" if name in generations.FAMILIES["attribute"] else "learn"
            live = folded.store.folds.generation_of(p, fold)
            if int(number or 0) != live:
                assert 0 < folded.store.client.call("TTL", key) <= generations.GRACE


def test_what_was_damaged_is_as_before(folded: Site) -> None:
    """Counts that were changed, states that were lost and a broken fold are whole again."""
    good = learned(folded), states(folded), opened(folded)
    store = folded.store
    store.client.call("HINCRBY", store.keys.totals(0, "banner"), "1|policy|a|t", 5)
    store.client.call("DEL", store.keys.visitor(0, next(s for s in good[1] if int(s, 16) % 8 == 0)))
    store.client.call("DEL", store.keys.open(1))
    store.client.call("HSET", store.keys.fold(2, "learn"), "broken", "HINCRBY: WRONGTYPE")
    assert (learned(folded), states(folded), opened(folded)) != good
    rebuild(folded)
    assert (learned(folded), states(folded), opened(folded)) == good
    folded.visit(range(VISITORS, VISITORS + 80))
    fold_all(folded)
    assert folded.lag("attribute", "learn") == 0


def test_a_batch_that_broke_attribute_is_written_once(site: Site) -> None:
    """State first, records last: what a broken batch would have written comes after the rebuild."""
    site.visit(range(80))
    lease = site.store.folds.seize(0, "attribute", "test", 5)
    fold = AttributeFold(site.store)
    entries = site.store.journal.read(0, 0, 100)
    _, batch = fold.handle(0, fold.prepare(0), entries)
    broken = replace(
        batch, writes=[*batch.writes, FoldWrite("ZADD", site.store.keys.fold(0, "attribute"))]
    )
    with pytest.raises(StoreError, match="must be rebuilt"):
        site.store.folds.commit(lease, broken)
    site.store.folds.release(lease)
    assert len(site.store.journal.read(0, 0, 100)) == len(entries)
    rebuild(site, "attribute")
    fold_all(site)
    site.check(80)


def test_the_service_goes_on_meanwhile(folded: Site) -> None:
    """Visitors come and workers fold while a rebuild runs; nothing is lost or doubled by it."""
    stop = Event()
    runners = [
        Runner(folded.store, AttributeFold(folded.store, 50), "live"),
        Runner(folded.store, LearnFold(folded.store, 50), "live"),
    ]
    threads = [Thread(target=one.run, args=(stop,)) for one in runners]
    coming = Thread(target=lambda: folded.visit(range(VISITORS, VISITORS + 800)))
    for thread in (*threads, coming):
        thread.start()
    done = rebuild(folded)
    coming.join()
    assert eventually(lambda: folded.lag("attribute", "learn") == 0, 60)
    stop.set()
    for thread in threads:
        thread.join()
    assert [one.differences for one in done] == [()] * len(done)
    assert max(one.paused for one in done) < 5
    now = learned(folded), states(folded)
    rebuild(folded)
    assert (learned(folded), states(folded)) == now


def test_a_rebuild_that_died_can_be_begun_again(
    folded: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It leaves the state in use alone, and what it had built is swept by the next one."""
    before = learned(folded)
    store = folded.store

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Generations, "swap", dies)
        with pytest.raises(KeyboardInterrupt):
            rebuilding(folded).run("learn", 0, lambda _: None)
    assert learned(folded) == before
    half = [k for k in store.client.scan(store.keys.prefix(0) + "*") if "@" in k]
    assert half
    assert rebuilding(folded, "second").run("learn", 0, lambda _: None).entries > 0
    assert all(0 < store.client.call("TTL", key) <= generations.GRACE for key in half)
    assert learned(folded) == before


def test_one_rebuilds_at_a_time_and_one_that_hung_is_fenced_off(folded: Site) -> None:
    """A second one is refused while the first lives; the first, woken up later, changes nothing."""
    store = folded.store
    first = store.generations.begin(0, "learn", "first", 60)
    with pytest.raises(RebuildingError):
        rebuilding(folded).run("learn", 0, lambda _: None)
    store.client.call("HSET", store.keys.fold(0, first.fold), "until", "0")
    before = learned(folded)
    rebuilding(folded).run("learn", 0, lambda _: None)
    with pytest.raises(FencedError):
        store.folds.commit(first, Commit(1))
    live = store.folds.seize(0, "learn", "first", 5)
    with pytest.raises(FencedError):
        store.generations.swap(live, first)
    assert learned(folded) == before


def test_a_swap_at_another_position_is_refused(folded: Site) -> None:
    """Only a state that stands where the fold stands takes its place."""
    store = folded.store
    built = store.generations.begin(0, "learn", "b", 60)
    live = store.folds.seize(0, "learn", "b", 60)
    with pytest.raises(FencedError, match="moved on"):
        store.generations.swap(live, built)


def test_a_broken_build_is_not_swapped_in(folded: Site) -> None:
    """A failure while it was built is told, and the old state stays."""
    store = folded.store
    built = store.generations.begin(0, "learn", "b", 60)
    store.client.call("SET", store.keys.blocks(0, "s", built.token), "no sorted set")
    bad = FoldWrite("ZADD", store.keys.blocks(0, "s", built.token), (1, "b"))
    with pytest.raises(StoreError, match="WRONGTYPE"):
        store.folds.commit(built, Commit(1, writes=[bad]))


def test_records_that_differ_are_told(site: Site) -> None:
    """An exposure that should not be there, or is not as it would be written, is one line."""
    site.visit(range(8))
    fold_all(site, "attribute")
    lease = site.store.folds.seize(0, "attribute", "odd", 5)
    odd = next(r for r in site.records() if r.kind == "exposure" and r.decision.partition == 0)
    site.store.folds.commit(lease, Commit(lease.position, [odd, Mark("m")]))
    site.store.folds.release(lease)
    differences = [text for one in rebuild(site, "attribute") for text in one.differences]
    assert len(differences) == 1
    assert "exposure of 0/1/0 at position" in differences[0]


def test_a_state_lives_as_long_as_the_visitor_s_last_touch_says(site: Site) -> None:
    """A rebuilt state is not younger than the one that it replaces."""
    site.visit(range(8))
    fold_all(site, "attribute")
    rebuild(site, "attribute")
    for p in site.store.keys.every_partition():
        g = site.store.folds.generation_of(p, "attribute")
        key = site.store.keys.visitor(p, f"{p:032x}", g)
        keep = decode_state(site.store.client.call("GET", key)).keep
        left = site.store.client.call("PTTL", key) / 1000
        assert keep in {KEEP, KEEP_CUSTOMER}
        assert keep - 86_400 < left <= keep


def test_a_publisher_s_copy_reads_a_rebuilt_partition_anew(folded: Site) -> None:
    """A copy of the counts follows the swap: no row of the old generation stays in it."""
    copy = CountsCopy.empty("banner", folded.store.keys.partitions)
    folded.store.client.call("HINCRBY", folded.store.keys.totals(0, "banner"), "1|policy|a|t", 5)
    copy.refresh(folded.store.counts)
    before = sorted(copy.rows(), key=repr)
    assert not copy.refresh(folded.store.counts)
    rebuild(folded, "learn")
    assert copy.refresh(folded.store.counts)
    assert sorted(copy.rows(), key=repr) == before
