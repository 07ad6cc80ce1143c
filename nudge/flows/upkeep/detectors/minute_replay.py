"""Replay of minute counts: those of one partition from its records, as `monitor` came to them.

A minute is that of the partition's largest stamp, so it does not depend on when the fold ran.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import chain

from bandits.units import HOUR, MINUTE
from nudge.domain.alarms.minute_counts import minute_of
from nudge.domain.alarms.visit_trace import NEW
from nudge.domain.alarms.watch_plan import WatchPlan
from nudge.domain.journal.records import JournalEntry
from nudge.flows.folds.monitor import MinuteCounter
from nudge.lake.files.history import History

Tell = Callable[[int], object]
"""Is told how many entries were taken."""


class MinuteReplay:
    """The counts of a partition's minutes, in order. Memory holds a day of visitors.

    It begins at the oldest entry that the lake has.
    """

    def __init__(self, history: History, partition: int, plan: WatchPlan, tell: Tell) -> None:
        self._history, self._partition, self._tell = history, partition, tell
        self._counter = MinuteCounter(plan, 0.0, defaultdict(lambda: NEW))
        self._upto = history.opening(partition).position
        self._entries: Iterator[JournalEntry] = iter(())
        self._next: JournalEntry | None = None

    def follow(self, position: int) -> None:
        """Let the entries up to a position be counted."""
        more = self._history.entries(self._partition, self._upto, position)
        self._entries = chain(self._entries, more)
        self._upto = max(self._upto, position)

    def first(self) -> int | None:
        """Return the minute of the next entry; None without any.

        Raises:
            DaysRemovedError: it was removed from the lake meanwhile; begin again.
            JournalGapError: neither lake nor journal holds a position.
        """
        if self._next is None:
            self._next = next(self._entries, None)
        if self._next is None:
            return None
        return minute_of(max(self._counter.watermark, self._next.stamp))

    def count(self, minute: int) -> Counter[str]:
        """Return the counts of a minute: field -> number. Minutes are asked for in order.

        Raises:
            DaysRemovedError: an entry was removed from the lake meanwhile; begin again.
            JournalGapError: neither lake nor journal holds a position.
        """
        taken = 0
        while (due := self.first()) is not None and due <= minute and self._next is not None:
            self._counter.take(self._next)
            self._next, taken = None, taken + 1
        if minute % (HOUR // MINUTE) == 0:
            self._counter.forget()
        if taken:
            self._tell(taken)
        return self._counter.counts.pop(minute, Counter())
