"""A journal of many days as attribute would have written it, for tests of what old days leave."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from itertools import count
from random import Random

from nudge.domain.credit.attribution_replay import Visitors, fold, is_attributed
from nudge.domain.credit.count_import import TYPE
from nudge.domain.journal.records import AWAY, Decision, Event, JournalEntry, Mark, Record, Ref
from nudge.domain.people.visitor import VisitorState
from nudge.domain.slots.slot import RewardTerms

DAY = 86_400.0
ACTIVE = (*range(8), *range(93, 103))
"""Days with visitors: in the gap some are forgotten, who come again behind it."""
SPAN = ACTIVE[-1] + 1
BANNER = RewardTerms("decision", "paid", "conversion", 18 * 3600.0)
OFFER = RewardTerms("shown", "paid", "revenue", 2 * DAY)

Said = tuple[float, int, Record]
"""Stamp, number (so that the order is total), record."""


def journal(start: float, partition: int, seed: int = 0, visits: int = 16) -> list[JournalEntry]:
    """One partition's entries, in three hours of each active day.

    Two slots, of which one is exposed on `shown`, up to days later; payments, decisions that were
    made with the store away, holdouts, revisions, cells, counts of imported logs. Records of
    attribute come a moment behind their cause, or an hour.
    """
    random, numbers = Random(seed * 1000 + partition), count(1)  # noqa: S311 (a test's own)
    said = [(at, next(numbers), record) for at, record in _acts(random, start, partition, visits)]
    heapq.heapify(said)
    found: list[JournalEntry] = []
    states: Visitors = {}
    while said:
        at, _, record = heapq.heappop(said)
        entry = JournalEntry(partition, len(found) + 1, round(at, 3), record)
        found.append(entry)
        if isinstance(record, Decision) and record.terms.on == "shown" and random.random() < 0.8:
            later = at + random.choice([1.0, 60.0, 3000.0, 2.5 * DAY])
            shown = Event(record.subject, f"s{entry.position}", "shown", "page", entry.ref)
            heapq.heappush(said, (later, next(numbers), shown))
        for one in _written(states, entry):
            late = at + random.choice([0.002, 0.002, 0.5, 3600.0])
            heapq.heappush(said, (late, next(numbers), one))
    return found


def _written(states: Visitors, entry: JournalEntry) -> list[Record]:
    """The records that attribute writes of an entry."""
    if not is_attributed(entry):
        return []
    subject = entry.record.subject
    after, records = fold({subject: states.get(subject, VisitorState())}, entry.stamp, [entry])
    states |= after
    return records


def _acts(
    random: Random, start: float, partition: int, visits: int
) -> Iterator[tuple[float, Record]]:
    for number, day in enumerate(ACTIVE):
        for visit in range(visits):
            at = start + day * DAY + 10 * 3600.0 + random.random() * 3 * 3600.0
            # Some come every day, some in the first days and again in the last ones only.
            who = random.randrange(30) if 2 <= number < len(ACTIVE) - 2 else random.randrange(60)
            subject = f"{partition:08x}{who:024x}"
            yield at, _decision(random, day, subject, f"{partition}-{day}-{visit}")
            if random.random() < 0.4:
                amount = random.choice([30, 50, 99.5])
                paid = Event(subject, f"p{day}-{visit}", "paid", "server", None, {"amount": amount})
                yield at + random.choice([5.0, 900.0, 20 * 3600.0]), paid
        rows = [[int(start) + day * 86_400, "new", "a", 3, 1, 5000, 25_000_000]]
        taught = {"import": "old", "slot": "offer", "revision": 1, "rows": rows}
        yield start + day * DAY + 11 * 3600.0, Mark(TYPE, taught)


def _decision(random: Random, day: int, subject: str, unit: str) -> Decision:
    slot, terms = random.choice([("banner", BANNER), ("offer", OFFER)])
    variant = random.choice("ab")
    away = random.random() < 0.05
    return Decision(
        subject=subject,
        slot=slot,
        revision=1 + day // 50,
        channel=random.choice(["web", "wap", "app"]),
        page="home",
        context={"stage": "new"},
        cell=random.choice(["new", "old"]),
        eligible=("a", "b"),
        removed={},
        pmf=(0.5, 0.5),
        u=random.getrandbits(64),
        variant=variant,
        propensity=0.5,
        reason=random.choices(["policy", "holdout", "shadow"], [8, 1, 1])[0],  # type: ignore[arg-type]
        policy="beta",
        policy_version=1,
        terms=terms,
        unit=unit,
        period=0,
        degraded=away,
        ref=Ref(0, AWAY + random.getrandbits(60)) if away else None,
    )
