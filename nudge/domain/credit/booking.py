"""Booking: from a record to sums, by one rule for the fold `learn`, verify and balances."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from bandits.buckets import FINE, bucket_of
from bandits.units import DAY
from nudge.domain.credit.count_import import REASON, imported_counts
from nudge.domain.credit.import_marks import reversals
from nudge.domain.credit.tally import NOTHING, Tally, plus
from nudge.domain.journal.records import DecisionReason, Exposure, Record, Reward

LEARNED: Final = frozenset({DecisionReason.POLICY, REASON})
"""Reasons of the exposures that buckets count, and models are fitted to."""


class BookingKey(NamedTuple):
    """The key of a sum in which a tally is booked.

    Attributes:
        reason: of the decisions; `imported` for counts of imported logs.
        cell: of the decisions.
        bucket: of the exposures' time, its start in seconds.
    """

    slot: str
    revision: int
    reason: str
    variant: str
    cell: str
    bucket: int

    @property
    def block(self) -> str:
        """The block of counts that holds the bucket: the slot's revision and the day (UTC)."""
        return f"{self.revision}:{self.bucket // DAY}"


Sums = Mapping[BookingKey, Tally]


def bookings(record: Record) -> Iterator[tuple[BookingKey, Tally]]:
    """Book a record, by the finest bucket of its exposure's time; most records book nothing."""
    if isinstance(record, Exposure):
        yield _key(record, record.at), (1, 0, 0, 0)
    elif isinstance(record, Reward):
        tally = (0, record.conversions, record.value, record.square)
        yield _key(record, record.exposed_at), tally
    else:
        for one in imported_counts(record):
            place = (one.slot, one.revision, REASON, one.variant, one.cell, _finest(one.at))
            yield BookingKey(*place), one.sums
        for slot, own, sums in reversals(record):
            yield BookingKey(slot, *own), sums


def book(records: Iterable[Record]) -> dict[BookingKey, Tally]:
    """Book records and add up: a batch books few keys, each many times."""
    sums: dict[BookingKey, Tally] = {}
    for record in records:
        for key, tally in bookings(record):
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


def _key(record: Exposure | Reward, at: float) -> BookingKey:
    return BookingKey(
        record.slot, record.revision, record.reason, record.variant, record.cell, _finest(at)
    )


def _finest(at: float) -> int:
    return int(at // FINE) * FINE
