"""Monitor: from decisions and events to counts by minute, stage and attributes.

A fold. A record is counted in the minute in which it came, by the journal's time: a minute that
every partition has passed never changes again, so that the monitors judge it once and for all.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from bandits.units import HOUR, MINUTE
from nudge.domain.alarms.drawn_shares import WEEK, decode_draw, share_counts
from nudge.domain.alarms.minute_counts import (
    ARRIVED,
    SUCCEEDED,
    delay_field,
    field_of,
    leaf_of,
    minute_of,
)
from nudge.domain.alarms.visit_counts import count_event
from nudge.domain.alarms.visit_trace import (
    KEEP,
    NEW,
    VisitTrace,
    decided,
    decode_trace,
    encode_trace,
    recall_trace,
)
from nudge.domain.alarms.watch_plan import REWARD, SLOT, WatchPlan
from nudge.domain.journal.fold_name import FoldName
from nudge.domain.journal.records import (
    Decision,
    DecisionReason,
    Event,
    Exposure,
    JournalEntry,
    Reward,
)
from nudge.store.folds.folds import GENERATION, Commit, FoldWrite
from nudge.store.store import Store

WATERMARK: Final = "watermark"
MINUTES: Final = "minutes"
KEPT: Final = 2 * HOUR // MINUTE
"""Minutes that are kept: the search for a cause compares with them."""
OLDEST: Final = 15.0 * MINUTE
"""Seconds; what happened longer ago says nothing about the minute in which it came."""
RECENT: Final = KEEP + 4.0 * HOUR
"""Seconds; what came longer ago is in no count and no trace."""
Plan = Callable[[], WatchPlan]
"""Returns what is watched now."""


@dataclass(frozen=True)
class MonitorState:
    """The state of the fold `monitor` in one partition.

    Attributes:
        watermark: the largest stamp, in seconds.
        minutes: that have counts, in order.
        generation: of the counts.
    """

    watermark: float
    minutes: tuple[int, ...] = ()
    generation: int = 0


@dataclass
class MinuteCounter:
    """A counter of entries: the counts and traces of a batch while it is read.

    Attributes:
        plan: what is watched.
        watermark: the largest stamp so far, in seconds.
        traces: by subject, of all subjects that come.
        counts: minute -> field -> number.
    """

    plan: WatchPlan
    watermark: float
    traces: dict[str, VisitTrace]
    counts: defaultdict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    shares: defaultdict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def take(self, entry: JournalEntry) -> None:
        """Count one entry."""
        self.watermark = max(self.watermark, entry.stamp)
        record, at = entry.record, entry.at
        if self.watermark - at > OLDEST:
            return
        minute = minute_of(self.watermark)
        if isinstance(record, Event):
            trace = recall_trace(self.traces[record.subject], self.watermark)
            self.traces[record.subject] = count_event(
                trace, record, at, minute, self.plan, self._teller(minute)
            )
        elif isinstance(record, Decision):
            trace = recall_trace(self.traces[record.subject], self.watermark)
            self.traces[record.subject] = decided(trace, record, entry.ref, at, self.plan)
        elif isinstance(record, Exposure | Reward) and record.reason == DecisionReason.FORCED:
            return  # a person's preview
        elif isinstance(record, Exposure):
            self._shown(record)
            self._teller(minute)(field_of(leaf_of(REWARD, {SLOT: record.slot}), ARRIVED))
        elif isinstance(record, Reward) and record.conversions > 0:
            self._reward(record, minute)

    def forget(self) -> None:
        """Drop the traces that nobody remembers: a replay of weeks holds a day of visitors."""
        old = [s for s, one in self.traces.items() if self.watermark - one.changed > KEEP]
        for subject in old:
            del self.traces[subject]

    def _shown(self, record: Exposure) -> None:
        """Add the shares of a draw whose exposure this is."""
        trace = recall_trace(self.traces[record.subject], self.watermark)
        blob = trace.drawn.get(record.slot)
        draw = decode_draw(blob) if blob else None
        if draw is None or draw.ref != record.decision:
            return
        rest = {slot: one for slot, one in trace.drawn.items() if slot != record.slot}
        self.traces[record.subject] = trace._replace(drawn=rest)
        self.shares[int(self.watermark // WEEK)].update(share_counts(record.slot, draw))

    def _reward(self, record: Reward, minute: int) -> None:
        tell = self._teller(minute)
        tell(field_of(leaf_of(REWARD, {SLOT: record.slot}), SUCCEEDED))
        tell(delay_field(REWARD, max(minute - minute_of(record.exposed_at), 0)))

    def _teller(self, minute: int) -> Callable[[str], object]:
        counts = self.counts[minute]

        def tell(name: str) -> None:
            counts[name] += 1

        return tell


@dataclass(frozen=True)
class MonitorFold:
    """The fold `monitor`: counts arrivals and successes by minute.

    Attributes:
        plan: what is watched.
        batch: most entries of one commit.
        name: in its keys; another one while a new generation is built.
    """

    store: Store
    plan: Plan
    batch: int = 1000
    name: str = FoldName.MONITOR

    def prepare(self, partition: int) -> MonitorState:
        """Read the watermark and the minutes as of the committed position."""
        names = (WATERMARK, MINUTES, GENERATION)
        mark, minutes, number = self.store.folds.read_fields(partition, self.name, *names)
        kept = tuple(int(one) for one in (minutes or "").split())
        return MonitorState(float(mark or 0.0), kept, int(number or 0))

    def handle(
        self, partition: int, state: MonitorState, entries: Sequence[JournalEntry]
    ) -> tuple[MonitorState, Commit]:
        """Return the state behind a batch, and the commit that it makes.

        Args:
            partition: of the journal.
            state: before the batch.
            entries: in order, at least one.
        """
        before = self._load(partition, state, entries)
        traces = {subject: decode_trace(blob) for subject, blob in before.items()}
        batch = MinuteCounter(self.plan(), state.watermark, traces)
        for entry in entries:
            batch.take(entry)
        oldest = minute_of(batch.watermark) - KEPT
        known = sorted({*state.minutes, *(m for m, found in batch.counts.items() if found)})
        kept = tuple(minute for minute in known if minute > oldest)
        after = MonitorState(batch.watermark, kept, state.generation)
        writes = [
            *self._writes(partition, state, batch, before),
            *self.store.minute_counts.drop(
                partition, [m for m in known if m <= oldest], state.generation
            ),
            self.store.folds.put_fields(partition, self.name, _fold_fields(after)),
        ]
        return after, Commit(entries[-1].position, (), writes)

    def _writes(
        self,
        partition: int,
        state: MonitorState,
        batch: MinuteCounter,
        before: dict[str, bytes | None],
    ) -> Iterator[FoldWrite]:
        counts = self.store.minute_counts
        yield from counts.add(partition, batch.counts, state.generation)
        yield from counts.add_shares(partition, batch.shares, state.generation)
        for subject, trace in batch.traces.items():
            blob = encode_trace(trace)
            if blob != (before[subject] or _NEVER):
                yield counts.put(partition, subject, blob, state.generation)

    def _load(
        self, partition: int, state: MonitorState, entries: Sequence[JournalEntry]
    ) -> dict[str, bytes | None]:
        subjects = dict.fromkeys(
            e.record.subject for e in entries if isinstance(e.record, Event | Decision | Exposure)
        )
        return self.store.minute_counts.traces(partition, list(subjects), state.generation)


_NEVER: Final = encode_trace(NEW)
"""The trace of a subject that never came; it is not written."""


def _fold_fields(state: MonitorState) -> dict[str, str]:
    return {WATERMARK: repr(state.watermark), MINUTES: " ".join(map(str, state.minutes))}
