"""Verification: compares journal, lake and the folds' state, and names every difference.

It may run while the service does: what is not archived yet is counted from the journal.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from nudge.domain.credit import count_import as lessons
from nudge.domain.credit.booking import LEARNED, BookingKey, bookings, entry_bookings
from nudge.domain.credit.import_marks import REVERSAL
from nudge.domain.credit.tally import Tally
from nudge.domain.journal.fold_name import FoldName
from nudge.domain.journal.records import JournalEntry
from nudge.domain.reports.difference import Difference
from nudge.flows.upkeep.verification.verify_times import find_impossible_times
from nudge.lake.checks.checks import EMPTY, count_rows, find_repeated_ids, marks, position_spans
from nudge.lake.engine.query import (
    CLAIM_SUMS,
    Backend,
    answer,
    connect_contents,
    figures,
    recount,
    recount_claims,
)
from nudge.lake.files.errors import BrokenLakeError
from nudge.lake.files.reader import Contents, Lake
from nudge.lake.files.tables import SCHEMAS
from nudge.store.folds.count_codec import CLAIMS, KINDS, fields_of, totals_name
from nudge.store.folds.counts_moment import Sums
from nudge.store.store import Store

__all__ = ["Difference", "verify"]

CHUNK: Final = 5000
"""Entries of the journal in memory at a time."""


def verify(store: Store, lake: Lake) -> list[Difference]:
    """Compare journal, lake and totals by partition; return the differences, none if all is well.

    Raises:
        LakeAwayError: the disk refused.
        StoreAwayError: no answer.
    """
    archived = {p: _archived(store, p) for p in store.keys.every_partition()}
    try:
        # Behind `archived`: the lake may be ahead of what the store has committed, never behind.
        contents = lake.contents()
        positions = dict.fromkeys(archived, 0) | contents.positions()
        backend = connect_contents(contents, whole=True)
        return [
            *_positions(store, archived, positions),
            *_rows(backend, positions, contents),
            *_totals(store, backend, contents, positions),
            *find_impossible_times(store, contents),
        ]
    except BrokenLakeError as error:
        return [Difference(-1, "files", "a readable lake without gap", str(error))]


def _archived(store: Store, partition: int) -> int:
    return int(store.folds.read_fields(partition, FoldName.ARCHIVE, "position")[0] or 0)


# Positions: the lake holds what the store says, and the journal holds the rest.


def _positions(
    store: Store, archived: Mapping[int, int], positions: Mapping[int, int]
) -> Iterator[Difference]:
    for p, in_lake in positions.items():
        last = store.journal.last_position(p) if p < store.keys.partitions else 0
        if in_lake < archived.get(p, 0):
            yield Difference(p, "last position in the lake", str(archived[p]), str(in_lake))
        if in_lake > last:
            yield Difference(p, "last position in the journal", f"at least {in_lake}", str(last))
        waiting = max(0, last - in_lake)
        chunks = _chunks(store, p, in_lake, last)
        readable = sum(len({entry.position for entry in chunk}) for chunk in chunks)
        if readable != waiting:
            what = f"journal behind position {in_lake}"
            yield Difference(p, what, f"{waiting} positions", f"{readable} positions")


def _chunks(store: Store, partition: int, after: int, last: int) -> Iterator[list[JournalEntry]]:
    while after < last:
        found = store.journal.read(partition, after, min(CHUNK, last - after))
        entries = [entry for entry in found if entry.position <= last]
        if not entries:
            return
        yield entries
        after = entries[-1].position


# Rows: each position is there, each id once, and as many rows as were written.


def _rows(
    backend: Backend, positions: Mapping[int, int], contents: Contents
) -> Iterator[Difference]:
    """Yield the rows that the lake lacks or has too often.

    A block is several rows at one position. How many, only the archive saw: it noted it in the
    manifest, and no manifest is read whose rows do not add up to its positions. So where positions
    and rows are as many as the manifests say, and no id is there twice, every block is whole.
    """
    found, lost = position_spans(backend, positions), contents.lost()
    rows, claimed = count_rows(backend, positions), contents.rows()
    for p, last in positions.items():
        first = contents.balance(p).position
        has, due = found.get(p, EMPTY), last - first - lost.get(p, 0)
        if has.positions != due:
            less = f", less the {lost[p]} that are declared lost" if lost.get(p) else ""
            what = f"positions {first + 1} to {last} in the lake{less}"
            yield Difference(p, what, str(due), str(has.positions))
        for table in SCHEMAS:
            if rows[p][table] != claimed[p][table]:
                what = f"rows of {table} in the lake"
                yield Difference(p, what, str(claimed[p][table]), str(rows[p][table]))
    for one in find_repeated_ids(backend, positions):
        yield Difference(-1, f"{one.table} {one.id}", "one row", f"{one.rows} rows")


# Sums: what `learn` has counted is what the records come to.


def _totals(
    store: Store,
    backend: Backend,
    contents: Contents,
    positions: Mapping[int, int],
) -> Iterator[Difference]:
    moments = {p: store.count_moments.moment(p) for p in store.keys.every_partition()}
    settled = {p: one for p, one in moments.items() if one is not None}
    last = {p: min(one.position, positions[p]) for p, one in settled.items()}
    counted = _counted(backend, last)
    for p, one in settled.items():
        balance = contents.balance(p)
        if one.position < balance.position:
            removed = f"at or behind {balance.position}, up to which rows were removed"
            yield Difference(p, "position of learn", removed, str(one.position))
            continue
        expected = counted.get(p, Counter())
        expected.update(_booked(balance.sums().items()))
        for entries in _chunks(store, p, positions[p], one.position):
            expected.update(_booked(one for e in entries for one in entry_bookings(e)))
        yield from _compared(p, "totals", expected, one.totals)
        yield from _compared(p, "counts in buckets", _learned(one.totals), one.learned)
    for p in moments.keys() - settled.keys():
        yield Difference(p, "totals", "a moment without a commit", "none in many tries")


def _learned(totals: Sums) -> Sums:
    """Return the totals that buckets must hold: policy draws, and counts of imported logs."""
    found: Sums = Counter()
    for (slot, field), number in totals.items():
        revision, reason, rest = field.split("|", 2)
        if reason in LEARNED:
            found[slot, f"{revision}|policy|{rest}"] += number
    return found


def _counted(backend: Backend, last: Mapping[int, int]) -> dict[int, Sums]:
    found: defaultdict[int, Sums] = defaultdict(Counter)
    for row in answer(backend, recount(backend, last)):
        one = figures(row)
        name = totals_name(one.revision, one.reason, one.variant)
        tally = (one.exposures, one.conversions, one.value, one.square)
        found[row["partition"]].update(_fields(one.slot, name, tally))
    for row in answer(backend, recount_claims(backend, last)):
        name = totals_name(row["slot_revision"], row["reason"], row["variant"])
        said, claims, drawn, facts = (int(row[one]) for one in CLAIM_SUMS)
        told = _fields(row["slot"], name, (said, claims, drawn, facts), CLAIMS)
        found[row["partition"]].update(told)
    for kind in (lessons.TYPE, REVERSAL):
        for p, mark in marks(backend, kind, last):
            found[p].update(_booked(bookings(mark)))
    return found


def _booked(sums: Iterable[tuple[BookingKey, Tally]]) -> Sums:
    """Return bookings in the form of totals' fields."""
    totals: Sums = Counter()
    for key, tally in sums:
        name = totals_name(key.revision, key.reason, key.variant)
        totals.update(_fields(key.slot, name, tally, CLAIMS if key.claim else KINDS))
    return totals


def _fields(slot: str, name: str, tally: Tally, kinds: str = KINDS) -> Sums:
    return Counter({(slot, field): number for field, number in fields_of(name, tally, kinds)})


def _compared(partition: int, name: str, expected: Sums, found: Sums) -> Iterator[Difference]:
    for key in sorted(expected.keys() | found.keys()):
        if expected[key] != found[key]:
            what = f"{name} of {key[0]} {key[1]}"
            yield Difference(partition, what, str(expected[key]), str(found[key]))
