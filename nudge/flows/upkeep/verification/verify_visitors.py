"""Verification of visitors: compares each state with a replay of the visitor's records.

The journal is replayed in memory, for a sample of the visitors or for all. The states are read a
few at a time, each few at one position, and the replay goes up to just that: so it may run while
the service does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from functools import partial
from itertools import islice
from typing import Final

from nudge import clock
from nudge.domain.credit.attribution_replay import AttributionReplay, is_attributed
from nudge.domain.credit.closing import advance
from nudge.domain.journal.fold_name import FoldName
from nudge.domain.journal.records import JournalEntry
from nudge.domain.people.visitor import VisitorState, without_sources
from nudge.domain.people.visitor_codec import decode_state
from nudge.domain.reports.difference import Difference
from nudge.errors import CorruptRecordError
from nudge.flows.upkeep.verification.one_position import read_at_one_position
from nudge.lake.files.history import History, batches
from nudge.store.folds.folds import GENERATION
from nudge.store.store import Store

BATCH: Final = 2000
CHUNK: Final = 200
"""Visitors whose states are read at one position."""
SAMPLE: Final = 200_000
"""Entries of a partition of which all visitors are looked at; of more, a sample."""

Tell = Callable[[int], object]
"""Is told how many entries were taken."""


@dataclass(frozen=True)
class VisitorsMoment:
    """The states of some visitors, all at one position.

    Attributes:
        position: up to which.
        watermark: seconds.
        states: by subject; None where there is none.
        listed: by subject, when the first of its exposures closes; None where none is open.
    """

    position: int
    watermark: float
    states: dict[str, VisitorState | None]
    listed: dict[str, float | None]


@dataclass
class _Sample:
    """A sample of a partition's visitors, with the states that a replay gives them.

    Attributes:
        history: where entries come from.
        every: one of so many visitors is looked at.
        tell: see `Tell`.
        replay: their states at `position`.
        position: up to which.
    """

    history: History
    partition: int
    every: int
    tell: Tell
    replay: AttributionReplay = field(default_factory=AttributionReplay)
    position: int = 0

    @classmethod
    def begun(cls, history: History, partition: int, every: int, tell: Tell) -> _Sample:
        """Start the sample from the closing balance of entries that were removed by age."""
        left = history.opening(partition)
        made = cls(history, partition, every, tell, AttributionReplay(left.until), left.position)
        made.replay.know({s: state for s, state in left.states() if made.looks_at(s)})
        return made

    def to(self, position: int) -> None:
        """Read every entry up to a position."""
        found = self.history.entries(self.partition, self.position, position)
        for batch in batches(found, BATCH):
            self.replay.take(batch, [entry for entry in batch if self._is_mine(entry)])
            self.tell(len(batch))
        self.position = max(self.position, position)

    def looks_at(self, subject: str) -> bool:
        """Return True for a visitor of the sample."""
        return int(subject[:8], 16) % self.every == 0

    def _is_mine(self, entry: JournalEntry) -> bool:
        return is_attributed(entry) and self.looks_at(entry.record.subject)


def verify_visitors(
    store: Store, history: History, tell: Tell, *, every: bool
) -> Iterator[Difference]:
    """Compare visitors' states with a replay of their records; yield the differences.

    Args:
        store: of the installation.
        history: where entries come from.
        tell: see `Tell`.
        every: look at all visitors, however many there are; they must fit in memory.

    Raises:
        DaysRemovedError: days were removed from the lake meanwhile; begin again.
        JournalGapError: neither lake nor journal holds a position.
        StoreAwayError: no answer.
    """
    for p in store.keys.every_partition():
        length = history.length(p, store.folds.position_of(p, FoldName.ATTRIBUTE))
        share = 1 if every else max(1, -(-length // SAMPLE))
        sample = _Sample.begun(history, p, share, tell)
        there = set(_stored(store, sample))
        # Behind the listing, so that a visitor who came meanwhile is in the replay.
        sample.to(store.folds.position_of(p, FoldName.ATTRIBUTE))
        rest = iter(sorted(sample.replay.visitors.keys() | there))
        while chunk := list(islice(rest, CHUNK)):
            yield from _compared(store, sample, chunk)


def _stored(store: Store, sample: _Sample) -> Iterator[str]:
    (number,) = store.folds.read_fields(sample.partition, FoldName.ATTRIBUTE, GENERATION)
    found = store.generations.subjects(sample.partition, int(number or 0))
    return (subject for subject in found if sample.looks_at(subject))


def _compared(store: Store, sample: _Sample, chunk: list[str]) -> Iterator[Difference]:
    p = sample.partition
    found = moment(store, p, chunk)
    if found is None:
        yield Difference(p, "visitors", "a moment without a commit", "none in many tries")
        return
    sample.to(found.position)
    for subject in chunk:
        state = found.states[subject]
        yield from _state(p, subject, sample.replay.visitors.get(subject), state, found.watermark)
        listed, closes = found.listed[subject], state.next_close() if state else None
        if listed != closes:
            yield Difference(p, f"open exposures of {subject}", f"until {closes}", f"{listed}")


def _state(
    partition: int,
    subject: str,
    expected: VisitorState | None,
    found: VisitorState | None,
    watermark: float,
) -> Iterator[Difference]:
    if expected is None or expected.is_forgotten(watermark):
        expected = None
    if expected is None and found is not None and found.is_forgotten(watermark):
        return  # the store forgets it at any moment
    if found is None and expected is not None and expected.is_forgotten(clock.now()):
        return  # the store forgot it by its clock, which is ahead of a silent partition's time
    one, other = (state and advance(state, watermark) for state in (expected, found))
    if one and other:
        one = without_sources(one, other)
    if one != other:
        yield Difference(partition, f"state of {subject}", _told(one, other), _told(other, one))


def _told(state: VisitorState | None, other: VisitorState | None) -> str:
    """Return the fields in which a state differs from the replay."""
    if state is None:
        return "none"
    names = [one.name for one in fields(VisitorState)]
    unlike = [n for n in names if other is None or getattr(state, n) != getattr(other, n)]
    return ", ".join(f"{name} {getattr(state, name)}" for name in unlike)


def moment(store: Store, partition: int, chunk: list[str]) -> VisitorsMoment | None:
    """Read some visitors' states at one position; None where a commit came between every time."""
    found = read_at_one_position(
        partial(_head, store, partition), partial(_read, store, partition, chunk)
    )
    if found is None:
        return None
    (position, watermark, _), (states, listed) = found
    return VisitorsMoment(int(position or 0), float(watermark or 0), states, listed)


def _read(
    store: Store, partition: int, chunk: list[str], head: list[str | None]
) -> tuple[dict[str, VisitorState | None], dict[str, float | None]]:
    number = int(head[2] or 0)
    blobs = store.visitor_states.read_each(partition, chunk, number)
    listed = store.visitor_states.closings(partition, chunk, number)
    return {subject: _decoded(blob) for subject, blob in blobs.items()}, listed


def _head(store: Store, partition: int) -> list[str | None]:
    return store.folds.read_fields(
        partition, FoldName.ATTRIBUTE, "position", "watermark", GENERATION
    )


def _decoded(blob: bytes | None) -> VisitorState | None:
    try:
        return None if blob is None else decode_state(blob)
    except CorruptRecordError:
        return VisitorState()  # as attribute takes it: what it should be is told beside it
