"""Verification of minute counts: what the fold `monitor` keeps is what the records come to.

The journal is replayed in memory from about a day before the oldest minute that is kept: traces of
visits reach so far. The counts are read at one position, so it may run while the service does.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from nudge.domain.alarms.visit_trace import NEW
from nudge.domain.alarms.watch_plan import WatchPlan
from nudge.domain.journal.fold_name import FoldName
from nudge.domain.reports.difference import Difference
from nudge.flows.folds.monitor import MINUTES, RECENT, WATERMARK, MinuteCounter
from nudge.flows.upkeep.verification.one_position import read_at_one_position
from nudge.lake.files.history import History, batches
from nudge.store.folds.folds import GENERATION
from nudge.store.store import Store

BATCH: Final = 2000

Tell = Callable[[int], object]
"""Is told how many entries were taken."""


@dataclass(frozen=True)
class MinutesMoment:
    """The minute counts of a partition, all at one position.

    Attributes:
        position: up to which.
        watermark: seconds.
        minutes: minute -> field -> number.
    """

    position: int
    watermark: float
    minutes: Mapping[int, Mapping[str, int]]

    @property
    def since(self) -> float:
        """Second before which entries leave nothing in these counts."""
        return self.watermark - RECENT


def verify_minutes(
    store: Store, history: History, plan: WatchPlan, changed_at: float, tell: Tell
) -> Iterator[Difference]:
    """Compare minute counts with a replay of the records; yield the differences.

    A partition is passed by where its counts cannot be made again: what is watched was changed
    meanwhile, or the lake has removed the days before.

    Args:
        store: of the installation.
        history: where entries come from.
        plan: of what is watched.
        changed_at: second of the plan's last change; 0 where it never changed.
        tell: see `Tell`.

    Raises:
        DaysRemovedError: days were removed from the lake meanwhile; begin again.
        JournalGapError: neither lake nor journal holds a position.
        StoreAwayError: no answer.
    """
    for p in store.keys.every_partition():
        found = read_moment(store, p)
        if found is None:
            yield Difference(p, "minutes", "a moment without a commit", "none in many tries")
        elif max(changed_at, history.opening(p).until) < found.since:
            yield from _compared(p, _replayed(history, p, found, plan, tell), found.minutes)


def read_moment(store: Store, partition: int) -> MinutesMoment | None:
    """Read the minute counts at one position; None where a commit came between every time."""
    found = read_at_one_position(partial(_head, store, partition), partial(_read, store, partition))
    if found is None:
        return None
    (position, watermark, _, _), counts = found
    return MinutesMoment(int(position or 0), float(watermark or 0.0), counts)


def _read(store: Store, partition: int, head: list[str | None]) -> dict[int, Mapping[str, int]]:
    _, _, minutes, number = head
    kept = [int(minute) for minute in (minutes or "").split()]
    return {m: store.minute_counts.read(partition, m, int(number or 0)) for m in kept}


def _head(store: Store, partition: int) -> list[str | None]:
    names = ("position", WATERMARK, MINUTES, GENERATION)
    return store.folds.read_fields(partition, FoldName.MONITOR, *names)


def _replayed(
    history: History, partition: int, found: MinutesMoment, plan: WatchPlan, tell: Tell
) -> Mapping[int, Mapping[str, int]]:
    """Return the counts of the records up to the moment's position: minute -> field -> number."""
    start = history.opening(partition).position
    counter = MinuteCounter(plan, 0.0, defaultdict(lambda: NEW))
    for batch in batches(history.entries(partition, start, found.position), BATCH):
        tell(len(batch))
        if batch[-1].stamp < found.since:
            continue
        for entry in batch:
            counter.take(entry)
        counter.forget()
    return counter.counts


def _compared(
    partition: int,
    expected: Mapping[int, Mapping[str, int]],
    found: Mapping[int, Mapping[str, int]],
) -> Iterator[Difference]:
    """Yield a line for each minute that is kept and is not what its records come to."""
    for minute, counts in found.items():
        due = Counter(expected.get(minute, {}))
        has = Counter(counts)
        if due != has:
            more, less = (has - due).total(), (due - has).total()
            what = f"counts of minute {minute}"
            told = f"{has.total()}, {more} too many and {less} missing"
            yield Difference(partition, what, str(due.total()), told)
