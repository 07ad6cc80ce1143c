"""The fold `segment` on a real store: counts by day equal a recount, whatever the batches."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from places import ROOT

from nudge.config.documents.segment_file import load_segments
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.basics.local_time import date_of
from nudge.domain.credit.attribution_replay import fold as attribute
from nudge.domain.journal.records import Event, JournalEntry
from nudge.domain.membership.member import decode_member
from nudge.domain.membership.segment_book import SegmentBook, SegmentKey
from nudge.domain.people.facts import REFUNDABLE
from nudge.domain.people.visitor import VisitorState
from nudge.domain.slots.rule import read_rule
from nudge.domain.slots.segments import Segment, members
from nudge.flows.folds.segment import SegmentFold
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.store.wire import client as clients
from nudge.store.wire.keys import Keys

DAY = 86_400.0
CALENDAR = OperatorCalendar(ZoneInfo("Asia/Shanghai"))
BEGIN = CALENDAR.start_of_day(20_600)
DAYS = 150
BOOK = SegmentBook(load_segments(Path(ROOT) / "config"), CALENDAR)
SUBJECTS = tuple(f"{number:032x}" for number in range(1, 25))


@pytest.fixture
def store(store_url: str, settings: Settings) -> Iterator[Store]:
    """A store of two partitions."""
    store = Store(clients.patient(store_url), Keys(settings.namespace, 2))
    yield store
    store.close()


def journal(seed: int) -> list[JournalEntry]:
    """Payments, refunds, loaded facts and erasures of two dozen visitors over five months."""
    rng = random.Random(seed)  # noqa: S311 - a test's own
    times = sorted(BEGIN + rng.random() * DAYS * DAY for _ in range(400))
    paid: dict[str, list[str]] = {one: [] for one in SUBJECTS}
    gone: dict[str, float] = {}
    found: list[JournalEntry] = []
    for position, stamp in enumerate(times, 1):
        subject = rng.choice(SUBJECTS[: 6 + position // 20])
        event = _event(rng, subject, position, paid[subject])
        if stamp > gone.get(subject, stamp) + 30 * DAY:
            continue  # the visitor would be another subject by now
        if event.type == "erased":
            gone.setdefault(subject, stamp)
        found.append(JournalEntry(0, len(found) + 1, round(stamp, 3), event))
    return found


def _event(rng: random.Random, subject: str, position: int, paid: list[str]) -> Event:
    name, draw = f"e{position}", rng.random()
    if draw < 0.02:
        paid.clear()
        return Event(subject, name, "erased", "server")
    if draw < 0.1 and paid:
        return Event(subject, name, "refunded", "server", fields={"refund_of": rng.choice(paid)})
    if draw < 0.15:
        return Event(subject, name, "loaded", "server", fields={"usual_amount": 300})
    paid.append(name)
    fields: dict[str, Any] = {"amount": rng.choice((10, 30, 50, 100, 300)), REFUNDABLE: True}
    return Event(subject, name, "paid", "server", fields=fields)


def run(store: Store, fold: SegmentFold, entries: Sequence[JournalEntry], size: int) -> None:
    """Fold entries in batches of a size, as the runner does."""
    lease = store.folds.seize(0, fold.name, "test", 60.0)
    state = fold.prepare(0)
    rest = [one for one in entries if one.position > lease.position]
    while rest:
        state, commit = fold.handle(0, state, rest[:size])
        lease = store.folds.commit(lease, commit)
        rest = [one for one in rest if one.position > commit.position]
    store.folds.release(lease)


def recount(entries: Sequence[JournalEntry], book: SegmentBook) -> dict[SegmentKey, list[int]]:
    """Count members at the end of each day, by a replay of all that was known then."""
    found: dict[SegmentKey, list[int]] = {key: [] for key in book.keys}
    # A visitor who comes back after an erasure is another subject: what came late is nobody's.
    ends = (e for e in reversed(entries) if e.record.type == "erased")  # type: ignore[union-attr]
    erased = {e.record.subject: e.position for e in ends}
    entries = [e for e in entries if e.position <= erased.get(e.record.subject, 10**9)]
    for day in range(20_600, 20_600 + DAYS):
        end = CALENDAR.end_of_day(day)
        known = [one for one in entries if one.stamp < end]
        empty = {one: VisitorState() for one in SUBJECTS}
        states, _ = attribute(empty, 0.0, known, lambda _: None)
        counts = dict.fromkeys(book.keys, 0)
        for state in states.values():
            for kind, one in members(book.segments, state.context(end), end).items():
                counts[SegmentKey(kind, one.segment.name)] += 1
        for key, number in counts.items():
            found[key].append(number)
    return found


def daily(store: Store, key: SegmentKey) -> list[int]:
    """Return the members at the end of each day, as the fold counted who came and went."""
    moves = store.members.days(key)
    dates = [date_of(day).isoformat() for day in range(20_600, 20_600 + DAYS)]
    net = (moves[one].joined - moves[one].left if one in moves else 0 for one in dates)
    return list(accumulate(net))


def kept(store: Store) -> Iterator[tuple[str, Any]]:
    """Yield all that the fold keeps."""
    start = store.keys.prefix(0)
    for key in sorted(store.client.scan(f"{start}member*")):
        kind = store.client.call("TYPE", key)
        if kind == b"string":
            yield key, store.client.call("GET", key)
        elif kind == b"zset":
            yield key, store.client.call("ZRANGE", key, 0, -1, "WITHSCORES")
        else:
            yield key, sorted(store.client.read_hash(key).items())


@pytest.mark.parametrize("seed", [1, 2])
def test_counts_over_time_equal_a_recount(store: Store, seed: int) -> None:
    """Each day's members are those of a replay of the journal up to that midnight."""
    entries = journal(seed)
    run(store, SegmentFold(store, lambda: BOOK), entries, 50)
    truth = recount(entries, BOOK)
    last = entries[-1].stamp
    whole = sum(CALENDAR.end_of_day(day) <= last for day in range(20_600, 20_600 + DAYS))
    for key in BOOK.keys:
        assert daily(store, key)[:whole] == truth[key][:whole], key
    assert sum(map(max, truth.values())) > 30
    sizes = store.members.sizes(BOOK.keys)
    assert {key: daily(store, key)[-1] for key in BOOK.keys} == sizes


def test_batches_and_pauses_change_nothing(store: Store) -> None:
    """The state of the fold is the same, byte for byte, for batches of one and of all."""
    entries = journal(3)
    run(store, SegmentFold(store, lambda: BOOK), entries, 1000)
    once = dict(kept(store))
    for key in store.client.scan(f"{store.keys.prefix(0)}*"):
        store.client.call("DEL", key)
    run(store, SegmentFold(store, lambda: BOOK), entries, 1)
    assert dict(kept(store)) == once


def test_other_rules_judge_everybody_at_the_moment_they_are_seen(store: Store) -> None:
    """A new rule moves people at the watermark; the days before keep the counts that they had."""
    entries = journal(4)
    half = len(entries) // 2
    run(store, SegmentFold(store, lambda: BOOK), entries[:half], 40)
    before, mark = daily(store, SegmentKey("tier", "high")), entries[half - 1].stamp
    rule = read_rule({"attribute": "payments", "known": True})
    book = SegmentBook({"paid": (Segment("ever", rule, {}),)}, CALENDAR)
    run(store, SegmentFold(store, lambda: book), entries[: half + 1], 40)
    key = SegmentKey("paid", "ever")
    found = list(store.members.page(key, None, 100))
    assert {group.since for _, one in found for group in one.groups} <= {
        mark,
        entries[half].stamp,
    }
    today = CALENDAR.day_of(mark) - 20_600
    assert daily(store, SegmentKey("tier", "high"))[:today] == before[:today]
    assert store.members.sizes([*BOOK.keys, key]) == dict.fromkeys(BOOK.keys, 0) | {key: len(found)}


def test_pages_go_through_all_members_once(store: Store) -> None:
    """The pages of a list have every member once, whatever the size of a page."""
    run(store, SegmentFold(store, lambda: BOOK), journal(5), 100)
    key = max(BOOK.keys, key=lambda one: store.members.sizes([one])[one])
    place, found = None, []
    while page := list(store.members.page(key, place, 2)):
        found += [one.subject for one, _ in page]
        place = page[-1][0]
    assert found == [one.subject for one, _ in store.members.page(key, None, 1000)]
    assert len(set(found)) == len(found) == store.members.sizes([key])[key] > 2


def test_nothing_is_left_of_who_is_forgotten(store: Store) -> None:
    """An erased visitor is in no list, and the record holds no fact any more."""
    paid = Event(SUBJECTS[0], "p", "paid", "server", fields={"amount": 300})
    gone = Event(SUBJECTS[0], "e", "erased", "server")
    rows = [JournalEntry(0, i, BEGIN + i, one) for i, one in enumerate((paid, gone), 1)]
    run(store, SegmentFold(store, lambda: BOOK), rows[:1], 1)
    assert store.members.sizes(BOOK.keys)[SegmentKey("tier", "high")] == 1
    run(store, SegmentFold(store, lambda: BOOK), rows, 1)
    member = decode_member(store.client.call("GET", store.keys.member(0, SUBJECTS[0])))
    assert (member.facts, member.groups, member.is_gone) == (b"", (), True)
    assert not any(store.members.sizes(BOOK.keys).values())


def test_who_leaves_for_another_subject_is_counted_there(store: Store) -> None:
    """A subject that turned out to be another belongs to nothing, also by what comes late."""
    paid = Event(SUBJECTS[0], "p", "paid", "server", fields={"amount": 300})
    late = Event(SUBJECTS[0], "q", "paid", "server", fields={"amount": 300})
    left = Event(SUBJECTS[0], "l", "left", "server", fields={"into": SUBJECTS[1], "partition": 0})
    rows = [JournalEntry(0, i, BEGIN + i, one) for i, one in enumerate((paid, left, late), 1)]
    run(store, SegmentFold(store, lambda: BOOK), rows, 10)
    member = decode_member(store.client.call("GET", store.keys.member(0, SUBJECTS[0])))
    assert member.is_gone
    assert member.groups == ()
    day = (date(1970, 1, 1) + timedelta(days=20_600)).isoformat()
    moves = store.members.days(SegmentKey("tier", "high"))
    assert moves == {day: (1, 1)}
