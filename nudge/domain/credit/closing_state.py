"""The closing state: the folds' state after entries that are removed from the lake.

It is computed from the entries alone, by the code of `learn` and `attribute`, so it equals a
rebuild of all entries up to there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from nudge.domain.credit.attribution_replay import AttributionReplay, is_attributed
from nudge.domain.credit.booking import BookingKey, entry_bookings
from nudge.domain.credit.tally import NOTHING, Tally, plus
from nudge.domain.journal.records import JournalEntry


@dataclass
class ClosingState:
    """The state of `learn` and `attribute` after the entries taken so far, in order.

    Attributes:
        replay: the visitors: those with a given state and those in the entries.
        sums: by the finest buckets; see `booking.widen_buckets`.
    """

    replay: AttributionReplay = field(default_factory=AttributionReplay)
    sums: defaultdict[BookingKey, Tally] = field(
        default_factory=lambda: defaultdict(lambda: NOTHING)
    )

    @property
    def watermark(self) -> float:
        """Seconds, the largest stamp."""
        return self.replay.watermark

    def take(self, batch: Sequence[JournalEntry]) -> None:
        """Take some entries, at least one; the states of their subjects must be known."""
        self.replay.take(batch, [entry for entry in batch if is_attributed(entry)])
        for entry in batch:
            for key, tally in entry_bookings(entry):
                self.sums[key] = plus(self.sums[key], tally)
