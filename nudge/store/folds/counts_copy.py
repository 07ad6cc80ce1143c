"""A copy of one slot's counts in memory, which reads again only the blocks that changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from nudge.domain.journal.fold_name import FoldName
from nudge.store.folds.count_codec import split_block
from nudge.store.folds.counts import CountRow, Counts
from nudge.store.folds.folds import GENERATION, Folds


@dataclass(frozen=True, slots=True)
class LearnMark:
    """The state that the fold `learn` has committed in a partition: position and generation."""

    position: int
    generation: int


def read_marks(counts: Counts) -> list[LearnMark]:
    """Read the mark of every partition: one read serves all slots.

    Raises:
        StoreAwayError: the store does not answer.
    """
    folds = Folds(counts.client, counts.keys)
    found = [
        folds.read_fields(p, FoldName.LEARN, "position", GENERATION)
        for p in counts.keys.every_partition()
    ]
    return [LearnMark(int(position or 0), int(number or 0)) for position, number in found]


@dataclass
class CountsCopy:
    """A copy of one slot's counts in memory.

    Attributes:
        positions: by partition, up to which the journal is counted in it.
        watermarks: by partition, in seconds.
        generations: by partition, of the state that was read.
        blocks: (partition, block) -> rows.
    """

    slot: str
    positions: list[int]
    watermarks: list[float]
    generations: list[int]
    blocks: dict[tuple[int, str], list[CountRow]] = field(default_factory=dict)

    @classmethod
    def empty(cls, slot: str, partitions: int) -> CountsCopy:
        """Return the copy before its first refresh."""
        return cls(slot, [0] * partitions, [0.0] * partitions, [0] * partitions)

    @property
    def watermark(self) -> float:
        """The largest stamp, in seconds, that was counted in any partition."""
        return max(self.watermarks)

    def unread(self, marks: Sequence[LearnMark]) -> int:
        """Return the number of journal entries counted since the last refresh; 0: none changed.

        Args:
            marks: of all partitions, read now.
        """
        known = zip(marks, self.positions, self.generations, strict=True)
        return sum(
            abs(mark.position - position)
            if mark.generation == generation
            else max(1, mark.position)  # rebuilt: all of it is to be read
            for mark, position, generation in known
        )

    def refresh(self, counts: Counts) -> bool:
        """Read what changed since the last refresh; True if anything did.

        Raises:
            StoreAwayError: the store does not answer. The copy is still whole: what was not read
                now is read the next time.
        """
        changed = [self._partition(counts, p) for p in counts.keys.every_partition()]
        return any(changed)

    def rows(self) -> Iterator[tuple[int, CountRow]]:
        """Yield every row with its slot revision, in any order; partitions are not added up."""
        for (_, block), rows in self.blocks.items():
            revision, _ = split_block(block)
            for row in rows:
                yield revision, row

    def _partition(self, counts: Counts, partition: int) -> bool:
        # The position first: blocks that change meanwhile are read now and once more.
        folds = Folds(counts.client, counts.keys)
        found = folds.read_fields(partition, FoldName.LEARN, "position", "watermark", GENERATION)
        position, watermark, generation = found[0], found[1], int(found[2] or 0)
        anew = generation != self.generations[partition]
        if anew:
            self._forget(partition)
        since = self.positions[partition]
        changed = counts.blocks_changed(partition, self.slot, since, generation)
        for block in changed:
            rows = counts.read_block(partition, self.slot, block, generation)
            self.blocks[partition, block] = rows
        self.generations[partition] = generation
        self.positions[partition] = int(position or 0)
        self.watermarks[partition] = float(watermark or 0.0)
        return bool(changed) or anew

    def _forget(self, partition: int) -> None:
        """Forget what was read of a partition: its counts were rebuilt."""
        self.positions[partition] = 0
        self.blocks = {place: rows for place, rows in self.blocks.items() if place[0] != partition}
