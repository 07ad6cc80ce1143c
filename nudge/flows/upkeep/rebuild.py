"""Rebuild of a fold's state from lake and journal, beside the live one; then the swap.

The service goes on meanwhile: decisions and events always, the fold until the last batch before the
swap. See docs/decisions/0003.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import structlog

from nudge.clock import monotonic
from nudge.domain.alarms.watch_plan import WatchPlan
from nudge.domain.care.rule_book import RuleBook
from nudge.domain.credit.attribution_replay import AttributionAccount
from nudge.domain.journal.fold_name import FoldName
from nudge.domain.journal.records import JournalEntry
from nudge.domain.membership.segment_book import SegmentBook
from nudge.flows.folds.monitor import RECENT, WATERMARK, Plan
from nudge.flows.upkeep.generation_builder import TTL, FoldRules, GenerationBuilder, Tell, fold_of
from nudge.lake.files.balances import Balance
from nudge.lake.files.errors import DaysRemovedError
from nudge.lake.files.history import CHUNK, History
from nudge.store.folds import generations
from nudge.store.store import Store

log = structlog.get_logger()

NAMES: Final = tuple(generations.FAMILIES)
"""The folds whose state can be rebuilt. What archive keeps is the lake itself."""
PAUSE_TTL: Final = 10.0
"""Seconds after which a fold goes on whose rebuild died just before the swap."""
ROUNDS: Final = 20
"""How often a rebuild runs after a fold that runs ahead, before it makes it wait."""


@dataclass(frozen=True)
class RebuildResult:
    """The result of a rebuild.

    Attributes:
        fold: that was rebuilt.
        entries: that were read.
        seconds: that it took.
        paused: seconds of these in which the fold was kept from running.
        differences: between what attribution would write and what it had written.
    """

    fold: str
    partition: int
    entries: int
    seconds: float
    paused: float
    differences: tuple[str, ...]


@dataclass(frozen=True)
class Rebuild:
    """The rebuild of folds, one partition after the other.

    Attributes:
        history: where entries come from.
        owner: under which leases are held; no two processes ever share one.
        plan: what the fold `monitor` counts.
        book: the rules of the fold `care`.
        segments: those that the fold `segment` follows.
    """

    store: Store
    history: History
    owner: str
    plan: Plan = WatchPlan
    book: Callable[[], RuleBook] = RuleBook
    segments: Callable[[], SegmentBook] = SegmentBook

    def length(self, fold: str) -> int:
        """Return about how many entries a rebuild of the fold reads."""
        places = [
            (p, self.store.folds.position_of(p, fold)) for p in self.store.keys.every_partition()
        ]
        return sum(self.history.length(p, position) for p, position in places)

    def run(self, fold: str, partition: int, tell: Tell) -> RebuildResult:
        """Rebuild one fold in one partition.

        Raises:
            RebuildingError: another process does so.
            FencedError: this one was stalled, and another took over. The state in use is as it was.
            DaysRemovedError: the fold stands before entries that were removed from the lake.
            JournalGapError: neither lake nor journal holds a position.
            LakeError: the lake cannot be read.
            StoreAwayError: no answer; begin again.
        """
        began = monotonic()
        balance = self._balance(fold, partition)
        self.store.generations.sweep(partition, fold)
        builder = self._begun(fold, partition, tell)
        try:
            builder.begin(fold, balance)
            self._follow(builder, fold)
            builder.age()
            paused = self._swapped(builder, fold)
        finally:
            self.store.folds.release(builder.lease)
        self.store.generations.sweep(partition, fold)
        differences = tuple(builder.account.close()) if builder.account else ()
        seconds = monotonic() - began
        log.info("rebuilt", fold=fold, partition=partition, entries=builder.entries)
        return RebuildResult(fold, partition, builder.entries, seconds, paused, differences)

    def _balance(self, fold: str, partition: int) -> Balance:
        balance = self.history.opening(partition)
        live = self.store.folds.position_of(partition, fold)
        if live < balance.position:
            text = f"{fold} stands at {live}, and the lake's rows up to {balance.position} are gone"
            cure = "if a backup was restored, run `nudge store accept`, and this again"
            raise DaysRemovedError(f"partition {partition}: {text}; {cure}")
        return balance

    def _begun(self, fold: str, partition: int, tell: Tell) -> GenerationBuilder[Any]:
        made = fold_of(self.store, fold, FoldRules(self.plan, self.book, self.segments))
        lease = self.store.generations.begin(partition, fold, self.owner, TTL)
        account = AttributionAccount() if fold == FoldName.ATTRIBUTE else None
        state = made.prepare(partition)
        builder = GenerationBuilder(self.store, self.history, made, lease, state, account, tell)
        builder.since = self._since(fold, partition)
        return builder

    def _since(self, fold: str, partition: int) -> float:
        """Return the second before which entries leave no trace in the fold's state."""
        if fold != FoldName.MONITOR:
            return 0.0
        (mark,) = self.store.folds.read_fields(partition, fold, WATERMARK)
        return float(mark or 0.0) - RECENT

    def _follow(self, builder: GenerationBuilder[Any], fold: str) -> None:
        """Follow the live fold until the rebuild is at most about a batch behind.

        Even a few entries may span days, and states are aged behind this: they are taken as well.
        """
        for _ in range(ROUNDS):
            ahead = self.store.folds.position_of(builder.lease.partition, fold)
            near = ahead - builder.lease.position <= builder.fold.batch
            builder.to(ahead)
            if near:
                return

    def _swapped(self, builder: GenerationBuilder[Any], fold: str) -> float:
        """Make the fold wait, catch up and swap; return the seconds that it waited."""
        p, began = builder.lease.partition, monotonic()
        live = self.store.folds.seize(p, fold, self.owner, PAUSE_TTL)
        try:
            last = self.store.journal.last_position(p)
            builder.to(live.position)
            self.store.generations.swap(live, builder.lease)
        finally:
            self.store.folds.release(live)
        if builder.account:
            # What the fold had written by then for what it had read stands at or before `last`.
            builder.account.find(self._tail(p, live.position, last))
        return monotonic() - began

    def _tail(self, partition: int, after: int, last: int) -> Iterator[JournalEntry]:
        """Yield the journal's entries behind a fold's position: none of them was trimmed."""
        while found := self.history.read(partition, after, CHUNK):
            yield from (entry for entry in found if entry.position <= last)
            after = found[-1].position
            if after >= last:
                return
