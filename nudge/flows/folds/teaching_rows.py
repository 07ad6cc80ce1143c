"""Rows of counts that teach: those in a quarantine weigh nothing, and stay in the store.

A bucket that shares a moment with a quarantine is left out whole. Buckets are 5 minutes wide for 7
days, then an hour, and a day after 90 days (`bandits.buckets`), so an old quarantine takes what was
counted together with it. This is the price of counts that no quarantine ever touches: a release
gives back the very same numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from bandits.buckets import width_of
from bandits.config import AttributeSpec
from bandits.features import CellSpec
from bandits.levels import make_reader
from nudge.domain.alarms.quarantine import Quarantine
from nudge.domain.slots.learning import learner_config
from nudge.domain.slots.slot import Slot
from nudge.store.folds.counts import CountRow

CHANNEL: Final = "channel"


@dataclass(frozen=True)
class TeachingRows:
    """A slot's rows of counts, divided by the quarantines that are in force.

    Attributes:
        rows: rows that count.
        by: quarantines that leave out at least one row, in the order of their ids.
    """

    rows: tuple[CountRow, ...]
    by: tuple[Quarantine, ...]

    @property
    def plain(self) -> list[dict[str, object]]:
        """The quarantines, for a snapshot's meta: what they leave out, and nothing else."""
        return [
            {"id": one.id, "start": one.start, "end": one.end, "scope": one.scope.plain}
            for one in self.by
        ]


def teaching_rows(
    slot: Slot, rows: Iterable[CountRow], quarantines: Iterable[Quarantine], watermark: float
) -> TeachingRows:
    """Divide rows by quarantines: a pure function of its arguments.

    Args:
        slot: its context tells whether cells know their channel.
        rows: of all partitions.
        quarantines: those that were released leave out nothing.
        watermark: seconds; says how wide the buckets are.
    """
    found = sorted((q for q in quarantines if q.leaves_out), key=lambda q: q.id)
    if not found:
        return TeachingRows(tuple(rows), ())
    channels = _Channels.of(slot)
    kept, used = [], set[str]()
    for row in rows:
        over = _covering(row, found, channels, watermark)
        used.update(one.id for one in over)
        if not over:
            kept.append(row)
    return TeachingRows(tuple(kept), tuple(one for one in found if one.id in used))


def _covering(
    row: CountRow, quarantines: Sequence[Quarantine], channels: _Channels, watermark: float
) -> list[Quarantine]:
    end = row.bucket + width_of(row.bucket, watermark)
    return [
        one
        for one in quarantines
        if one.touches(row.bucket, end) and channels.may_be(row.cell, one.scope.channel)
    ]


@dataclass(frozen=True)
class _Channels:
    """The place of the channel in a slot's cells.

    Attributes:
        spec: of the slot's cells.
    """

    spec: CellSpec

    @classmethod
    def of(cls, slot: Slot) -> _Channels:
        config = learner_config(slot)
        return cls(CellSpec.build(config.context, config.policy.max_cells))

    @cached_property
    def _place(self) -> tuple[int, AttributeSpec] | None:
        for number, one in enumerate(self.spec.attributes):
            if one.name == CHANNEL and self.spec.sizes[number] > 1:
                return number, one
        return None

    def may_be(self, cell: str, channel: str) -> bool:
        """Return whether a cell may hold exposures of a channel; empty is every channel."""
        code = self.spec.code_of(cell)
        if not channel or self._place is None or code < 0:
            return True
        place, attribute = self._place
        level = int(cell.split(".")[place])
        return level == make_reader(attribute).read_one(channel)
