"""Booking: from a record to sums, by one rule for the fold `learn`, verify and balances."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from bandits.buckets import FINE, bucket_of
from bandits.units import DAY
from nudge.domain.credit.count_import import REASON, imported_counts
from nudge.domain.credit.import_marks import reversals
from nudge.domain.credit.tally import NOTHING, Claims, Tally, plus
from nudge.domain.journal.records import (
    Decision,
    DecisionReason,
    Exposure,
    JournalEntry,
    Record,
    Reward,
)

LEARNED: Final = frozenset({DecisionReason.POLICY, REASON})
"""Reasons of the exposures that buckets count, and models are fitted to."""


class BookingKey(NamedTuple):
    """The key of a sum in which a tally is booked.

    Attributes:
        reason: of the decisions; `imported` for counts of imported logs.
        cell: of the decisions.
        bucket: of the exposures' time, its start in seconds.
        claim: the sum is of what pages said (`tally.Claims`), beside the other one.
    """

    slot: str
    revision: int
    reason: str
    variant: str
    cell: str
    bucket: int
    claim: bool = False

    @property
    def block(self) -> str:
        """The block of counts that holds the bucket: the slot's revision and the day (UTC)."""
        return f"{self.revision}:{self.bucket // DAY}"


Sums = Mapping[BookingKey, Tally]


def bookings(record: Record) -> Iterator[tuple[BookingKey, Tally]]:
    """Book a record, by the finest bucket of its exposure's time; most records book nothing."""
    if isinstance(record, Exposure):
        yield _key(record, record.at), (1, 0, 0, 0)
        if record.by_page and record.reason in LEARNED:
            yield _key(record, record.at, claim=True), (1, 0, 0, 0)
    elif isinstance(record, Reward):
        tally = (0, record.conversions, record.value, record.square)
        yield _key(record, record.exposed_at), tally
        claims = claims_of(record)
        if claims != NOTHING and record.reason in LEARNED:
            yield _key(record, record.exposed_at, claim=True), claims
    else:
        for one in imported_counts(record):
            place = (one.slot, one.revision, REASON, one.variant, one.cell, _finest(one.at))
            yield BookingKey(*place), one.sums
        for slot, own, sums in reversals(record):
            yield BookingKey(slot, *own), sums


def claims_of(record: Reward) -> Claims:
    """Return the part of a change of a reward that rests on a page's word."""
    facts = record.conversions - record.claims if record.by_page else 0
    return 0, record.claims, 0, facts


def entry_bookings(entry: JournalEntry) -> Iterator[tuple[BookingKey, Tally]]:
    """Book the record of an entry, and the trial of a decision that a page asked for.

    That one is a fact when the service draws it: the page cannot choose which variants it says
    `shown` of. What is subtracted from the claims is added to the facts.
    """
    record = entry.record
    if not isinstance(record, Decision):
        yield from bookings(record)
    elif record.by_page and record.twin is None and record.reason in LEARNED:
        yield _key(record, entry.at, claim=True), (-1, 0, 1, 0)


def book(entries: Iterable[JournalEntry]) -> dict[BookingKey, Tally]:
    """Book entries and add up: a batch books few keys, each many times."""
    sums: dict[BookingKey, Tally] = {}
    for entry in entries:
        for key, tally in entry_bookings(entry):
            before = sums.get(key)
            sums[key] = tally if before is None else plus(before, tally)
    return sums


def widen_buckets(sums: Sums, watermark: float) -> dict[BookingKey, Tally]:
    """Return the sums by the buckets that `learn` has when the journal stands at `watermark`."""
    found: defaultdict[BookingKey, Tally] = defaultdict(lambda: NOTHING)
    for key, tally in sums.items():
        due = key._replace(bucket=bucket_of(key.bucket, watermark))
        found[due] = plus(found[due], tally)
    return dict(found)


def _key(record: Decision | Exposure | Reward, at: float, *, claim: bool = False) -> BookingKey:
    of = (record.slot, record.revision, record.reason, record.variant, record.cell)
    return BookingKey(*of, _finest(at), claim)


def _finest(at: float) -> int:
    return int(at // FINE) * FINE
