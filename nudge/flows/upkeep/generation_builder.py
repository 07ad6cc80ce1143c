"""The builder of a new generation of a fold's state: the fold's own code, under another name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any, Final, Generic, NamedTuple, TypeVar

from nudge.clock import monotonic
from nudge.domain.care.rule_book import RuleBook
from nudge.domain.credit.attribution_replay import AttributionAccount
from nudge.domain.journal.fold_name import FoldName
from nudge.domain.journal.records import JournalEntry
from nudge.domain.membership.segment_book import SegmentBook
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.folds.care import CareFold
from nudge.flows.folds.fold import Fold
from nudge.flows.folds.learn import LearnFold
from nudge.flows.folds.monitor import MonitorFold, Plan
from nudge.flows.folds.segment import SegmentFold
from nudge.flows.upkeep.opening import opening
from nudge.lake.files.balances import Balance
from nudge.lake.files.history import History, batches
from nudge.store.folds import generations
from nudge.store.folds.folds import Commit, Lease
from nudge.store.store import Store

TTL: Final = 30.0
"""Seconds after which a rebuild that died can be begun again."""
CHUNK: Final = 500

S = TypeVar("S")
Tell = Callable[[int], object]
"""Is told how many entries were taken."""


@dataclass
class GenerationBuilder(Generic[S]):
    """A new generation of a fold's state while it is being built.

    Attributes:
        history: where entries come from.
        fold: under the builder's name.
        lease: of the builder.
        state: of the fold, at the lease's position.
        account: of what the fold writes; None where it writes nothing.
        tell: see `Tell`.
        since: seconds; batches that ended before leave no trace in the state, and are passed by.
        renew_at: seconds on the monotonic clock.
        entries: taken so far.
    """

    store: Store
    history: History
    fold: Fold[S]
    lease: Lease
    state: S
    account: AttributionAccount | None
    tell: Tell
    since: float = 0.0
    renew_at: float = 0.0
    entries: int = 0

    def to(self, position: int) -> None:
        """Read every entry up to a position."""
        found = self.history.entries(self.lease.partition, self.lease.position, position)
        for batch in batches(found, self.fold.batch):
            if batch[-1].stamp < self.since:
                self.commit(Commit(batch[-1].position))
                continue
            self._take(batch)
            self.entries += len(batch)
            self.tell(len(batch))
        if self.lease.position < position:
            # No entry stands there: it was declared lost.
            self.commit(Commit(position))

    def _take(self, batch: Sequence[JournalEntry]) -> None:
        """Take a batch; a fold may commit a part of it, and is given the rest again."""
        rest = batch
        while rest:
            self.state, made = self.fold.handle(self.lease.partition, self.state, rest)
            if self.account:
                self.account.owe(made.records)
                self.account.find(rest)
            self.commit(replace(made, records=(), sends=()))
            rest = [entry for entry in rest if entry.position > made.position]

    def begin(self, name: str, balance: Balance) -> None:
        """Write the closing balance of the entries that the lake removed by age."""
        if balance.left is None:
            return
        writes = opening(self.store, name, self.lease, balance)
        while chunk := list(islice(writes, CHUNK)):
            self.commit(Commit(self.lease.position, writes=chunk))
        self.commit(Commit(balance.position))
        self.state = self.fold.prepare(self.lease.partition)
        if self.account:
            self.account.since = balance.until

    def commit(self, batch: Commit) -> None:
        """Commit under the builder's lease, and renew it when it is time."""
        if monotonic() >= self.renew_at:
            p, name, owner = self.lease.partition, self.lease.fold, self.lease.owner
            self.store.folds.acquire(p, name, owner, TTL)
            self.renew_at = monotonic() + TTL / 3
        self.lease = self.store.folds.commit(self.lease, batch)

    def age(self) -> None:
        """Shorten each visitor's state to the rest of its life: it was written just now."""
        p, generation = self.lease.partition, self.lease.token
        subjects = self.store.generations.subjects(p, generation)
        while chunk := list(islice(subjects, CHUNK)):
            aged = self.store.visitor_states.age(p, chunk, generation)
            self.commit(Commit(self.lease.position, writes=list(aged)))


class FoldRules(NamedTuple):
    """The configuration that folds ask for.

    Attributes:
        plan: what is monitored.
        book: the rules of warnings.
        segments: that visitors may belong to.
    """

    plan: Plan
    book: Callable[[], RuleBook]
    segments: Callable[[], SegmentBook]


def fold_of(store: Store, name: str, rules: FoldRules) -> Fold[Any]:
    """Return the fold of a name that builds a new generation of its state."""
    makers: dict[str, Callable[..., Fold[Any]]] = {
        FoldName.ATTRIBUTE: AttributeFold,
        FoldName.LEARN: LearnFold,
        FoldName.MONITOR: partial(MonitorFold, plan=rules.plan),
        FoldName.CARE: partial(CareFold, book=rules.book),
        FoldName.SEGMENT: partial(SegmentFold, book=rules.segments),
    }
    return makers[name](store, name=generations.builder(name))
