"""The whole journal of a partition: the lake's entries first, the rest from the journal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from bandits.units import HOUR
from nudge.domain.journal.records import JournalEntry, is_dense
from nudge.lake.files.balances import Balance
from nudge.lake.files.errors import JournalGapError
from nudge.lake.files.reader import Lake
from nudge.lake.files.restore import Unseal

CHUNK: Final = 2000

Read = Callable[[int, int, int], list[JournalEntry]]
"""Function that reads the journal: partition, last position to skip, most entries."""


@dataclass(frozen=True)
class History:
    """A reader of journal entries, old ones from the lake and new ones from the journal.

    Attributes:
        unseal: finds references behind decision ids.
        read: reads the journal.
    """

    lake: Lake
    unseal: Unseal
    read: Read

    def entries(self, partition: int, after: int, upto: int) -> Iterator[JournalEntry]:
        """Yield the entries behind `after`, up to and including `upto`, in order.

        Positions that the lake declares lost are skipped.

        Raises:
            DaysRemovedError: some of them were removed by age; see `opening`.
            JournalGapError: neither the lake nor the journal holds a position.
            BrokenLakeError: the manifests contradict each other.
        """
        while after < upto:
            in_lake = self.lake.last(partition)
            if in_lake > after:
                yield from self._from_lake(partition, after, upto)
                after = in_lake
                continue
            found = self.read(partition, after, min(CHUNK, upto - after))
            if not found or not is_dense(found, after):
                # Perhaps it was archived and trimmed since we asked.
                self._must_have_grown(partition, after)
                continue
            yield from (entry for entry in found if entry.position <= upto)
            after = found[-1].position

    def opening(self, partition: int) -> Balance:
        """Return the closing balance of the partition's removed entries; the others follow it."""
        return self.lake.balance(partition)

    def length(self, partition: int, upto: int) -> int:
        """Count the entries up to a position, without those lost or removed by age.

        A block in the journal counts as one entry.
        """
        listed = [one for one in self.lake.manifests(partition) if one.range.upto <= upto]
        declared = sum(len(one.range) for one in listed if one.lost or one.expired)
        return upto - declared + sum(one.beside for one in listed)

    def _from_lake(self, partition: int, after: int, upto: int) -> Iterator[JournalEntry]:
        for entry in self.lake.entries(partition, self.unseal, after):
            if entry.position > upto:
                return
            yield entry

    def _must_have_grown(self, partition: int, after: int) -> None:
        if self.lake.last(partition) <= after:
            text = f"position {after + 1} is neither in the lake nor in the journal"
            raise JournalGapError(f"partition {partition}: {text}")


def batches(entries: Iterator[JournalEntry], size: int) -> Iterator[list[JournalEntry]]:
    """Group entries in batches of about `size`, none of which spans much more than an hour.

    The entries of one position stay together: a fold commits positions. A batch has one watermark,
    by which visitors are forgotten and buckets widen: where little happens, a batch of any size
    would make that coarse.
    """
    batch: list[JournalEntry] = []
    for entry in entries:
        full = batch and (len(batch) >= size or entry.stamp > batch[0].stamp + HOUR)
        if full and entry.position != batch[-1].position:
            yield batch
            batch = []
        batch.append(entry)
    if batch:
        yield batch
