"""The audience of a slot, put together of what decisions logged and what is known by now.

For a worker. A decision logs the attributes of its slot only; what the service knows of its
visitors besides (the city of a number, payments, loaded facts) stands in their states.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bandits.units import DAY
from nudge.domain.audience.audience import Audience, AudienceMember
from nudge.domain.audience.audience_question import AudienceQuestion
from nudge.domain.journal.fold_name import FoldName
from nudge.domain.people.failures import with_failure_told
from nudge.domain.people.rhythm import Rhythm
from nudge.domain.people.visitor import VisitorState
from nudge.domain.slots.segments import Segments, name_segments
from nudge.lake.audience.slot_visitors import SlotVisitor, slot_traffic, slot_visitors
from nudge.lake.engine.query import Backend
from nudge.store.store import Store
from nudge.store.vault.state_reader import NOBODY, StateReader

MOST: Final = 5_000
"""Most visitors who are looked at: a share is then known to 1.4 points."""
CHUNK: Final = 500
Home = tuple[int, str]
"""Partition and subject of a visitor."""


@dataclass(frozen=True)
class AudienceReader:
    """The reader of the audiences of an installation's slots.

    Attributes:
        store: has what is known of visitors by now.
        segments: that visitors may belong to.
        rhythm: of the crowd; None where none is known.
    """

    store: Store
    segments: Segments
    rhythm: Rhythm | None
    states: StateReader

    def read(self, backend: Backend, question: AudienceQuestion, at: float) -> Audience:
        """Read the audience of a question's slot.

        Args:
            backend: from `connect`.
            question: that is asked.
            at: seconds, now.

        Raises:
            BrokenLakeError: the lake cannot be read.
            StoreAwayError: the store does not answer.
        """
        start = at - question.days * DAY
        traffic = slot_traffic(backend, question.slot, start, at)
        seen = list(slot_visitors(backend, question.slot, start, at, MOST))
        states = self._states([(one.partition, one.subject) for one in seen])
        members = (self._member(one, states[one.partition, one.subject], at) for one in seen)
        return Audience(tuple(members), traffic.visitors, traffic.exposures_a_day, at)

    def _states(self, homes: Sequence[Home]) -> dict[Home, VisitorState]:
        """Return the states of visitors; of who turned out to be another one, that one's."""
        found = dict(self._read(homes))
        moved = {
            home: (state.into[1], state.into[0]) for home, state in found.items() if state.into
        }
        there = dict(self._read(set(moved.values())))
        return found | {home: there[into] for home, into in moved.items()}

    def _read(self, homes: Iterable[Home]) -> Iterator[tuple[Home, VisitorState]]:
        by_partition: defaultdict[int, list[str]] = defaultdict(list)
        for partition, subject in homes:
            by_partition[partition].append(subject)
        for partition, subjects in sorted(by_partition.items()):
            generation = self.store.folds.generation_of(partition, FoldName.ATTRIBUTE)
            for i in range(0, len(subjects), CHUNK):
                chunk = subjects[i : i + CHUNK]
                blobs = self.store.visitor_states.read_each(partition, chunk, generation)
                for subject, blob in blobs.items():
                    state = self.states.state(blob) if blob else NOBODY
                    yield (partition, subject), state

    def _member(self, seen: SlotVisitor, state: VisitorState, at: float) -> AudienceMember:
        told = {name: value for name, value in seen.context.items() if value is not None}
        known = with_failure_told(state.context(at, self.rhythm), told, at)
        known |= {"channel": seen.channel, "page": seen.page}
        context = name_segments(self.segments, known, at)
        return AudienceMember(seen.channel, seen.page, context, state.benefits)
