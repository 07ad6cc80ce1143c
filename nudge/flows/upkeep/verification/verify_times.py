"""Times that no record can have: what an earlier version let in is named, with its cure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bandits.units import DAY
from nudge.domain.journal.fold_name import FoldName
from nudge.domain.reports.difference import Difference
from nudge.domain.values.instants import EARLIEST
from nudge.lake.checks.checks import count_odd_times
from nudge.lake.engine.query import connect_contents
from nudge.lake.files.reader import Contents
from nudge.store.folds.count_codec import split_block
from nudge.store.folds.folds import GENERATION
from nudge.store.store import Store

RIGHT: Final = "times between 2000 and their record"
CURE: Final = "take the import back: nudge import --undo FILE"


def find_impossible_times(store: Store, contents: Contents) -> Iterator[Difference]:
    """Yield what lies before 2000 or ahead of its record, unless it was taken back.

    Raises:
        BrokenLakeError: the lake cannot be read.
        StoreAwayError: no answer.
    """
    backend = connect_contents(contents)
    for p, slot, count in count_odd_times(backend):
        yield _told(p, f"times of exposures of slot {slot} in the lake", f"{count:,} exposures")
    backend.disconnect()
    for p in store.keys.every_partition():
        names = ("watermark", "slots", GENERATION)
        mark, slots, number = store.folds.read_fields(p, FoldName.LEARN, *names)
        for slot in (slots or "").split():
            trials = _odd_trials(store, p, slot, int(number or 0), float(mark or 0.0))
            if trials:
                yield _told(p, f"times of counts of slot {slot}", f"{trials:,} exposures")


def _odd_trials(store: Store, p: int, slot: str, generation: int, watermark: float) -> int:
    first, last = EARLIEST // DAY, watermark // DAY + 1
    return sum(
        row.tally[0]
        for block in store.counts.blocks(p, slot, generation)
        if not first <= split_block(block)[1] <= last
        for row in store.counts.read_block(p, slot, block, generation)
    )


def _told(partition: int, what: str, found: str) -> Difference:
    return Difference(partition, what, RIGHT, f"{found} with others; {CURE}")
