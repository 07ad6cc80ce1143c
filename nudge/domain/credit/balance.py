"""What the folds hold at a position: what is left of entries that are removed from the lake.

It is made from the entries alone, by the code that `learn` and `attribute` run, so it is what a
rebuild of all entries up to there would have come to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from bandits.buckets import FINE, bucket_of
from nudge.domain.credit.attribution_replay import AttributionReplay, attributed
from nudge.domain.credit.count_import import REASON, taught
from nudge.domain.journal.records import Exposure, JournalEntry, Record, Reward

Tally = tuple[int, int, int, int]
"""Trials, conversions, fen, fen squared."""
NOTHING: Final[Tally] = (0, 0, 0, 0)


class BalanceKey(NamedTuple):
    """What is summed apart.

    Attributes:
        slot: name of the slot.
        revision: of the slot.
        reason: of the decisions; `imported` for counts of imported logs.
        variant: shown.
        cell: of the decisions.
        bucket: of the exposures' time, its start in seconds.
    """

    slot: str
    revision: int
    reason: str
    variant: str
    cell: str
    bucket: int


Sums = Mapping[BalanceKey, Tally]


@dataclass
class ClosingState:
    """The state of `learn` and `attribute` behind the entries taken so far, in order.

    Attributes:
        replay: the visitors, of those whose states were given and those that the entries named.
        sums: by the finest buckets; see `widened`.
    """

    replay: AttributionReplay = field(default_factory=AttributionReplay)
    sums: defaultdict[BalanceKey, Tally] = field(
        default_factory=lambda: defaultdict(lambda: NOTHING)
    )

    @property
    def watermark(self) -> float:
        """Seconds, the largest stamp."""
        return self.replay.watermark

    def take(self, batch: Sequence[JournalEntry]) -> None:
        """Take some entries, at least one; the states of their subjects must be known."""
        self.replay.take(batch, [entry for entry in batch if attributed(entry)])
        for entry in batch:
            for key, tally in counted(entry.record):
                self.sums[key] = plus(self.sums[key], tally)


def counted(record: Record) -> Iterator[tuple[BalanceKey, Tally]]:
    """What `learn` books of a record, by the finest bucket of its exposure's time."""
    if isinstance(record, Exposure):
        yield _key(record, record.at), (1, 0, 0, 0)
    elif isinstance(record, Reward):
        tally = (0, record.conversions, record.value, record.square)
        yield _key(record, record.exposed_at), tally
    else:
        for one in taught(record):
            bucket = _finest(one.at)
            yield (
                BalanceKey(one.slot, one.revision, REASON, one.variant, one.cell, bucket),
                one.sums,
            )


def widened(sums: Sums, watermark: float) -> dict[BalanceKey, Tally]:
    """The same sums by the buckets that `learn` has when the journal stands at `watermark`."""
    found: defaultdict[BalanceKey, Tally] = defaultdict(lambda: NOTHING)
    for key, tally in sums.items():
        due = key._replace(bucket=bucket_of(key.bucket, watermark))
        found[due] = plus(found[due], tally)
    return dict(found)


def plus(one: Tally, other: Tally) -> Tally:
    """The sum."""
    return one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3]


def _key(record: Exposure | Reward, at: float) -> BalanceKey:
    of = (record.slot, record.revision, record.reason, record.variant, record.cell)
    return BalanceKey(*of, _finest(at))


def _finest(at: float) -> int:
    return int(at // FINE) * FINE
