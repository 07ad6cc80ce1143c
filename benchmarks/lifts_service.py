"""The service without HTTP and without waiting: its own flows and folds, on a store of its own.

What runs is what `nudge serve` runs: Decider and Recorder, the folds `attribute` and `learn`, the
publisher, `archive`, and the lake's queries. They take turns in one thread, so a run of many days
of traffic takes minutes. The journal's clock is the store's: all visitors come within these.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self, TypeVar

from bandits.inference.arm_sums import ArmSums
from nudge import clock
from nudge.config.slot_change import Edit, plan
from nudge.domain.choosing.requests import DecisionRequest, EventRequest, PageAnswer
from nudge.domain.identity.sealing import Sealer
from nudge.domain.journal.caller import Caller
from nudge.domain.reports.comparison import ComparisonRows, holdout_sums_of
from nudge.domain.reports.questions import EVER, Period
from nudge.domain.slots.holdout import share_beside_usual, share_held_out
from nudge.domain.slots.slot import Slot
from nudge.flows.folds.archive import ArchiveFold
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.folds.learn import LearnFold
from nudge.flows.folds.publish import Publisher
from nudge.flows.serving.decide import Decider
from nudge.flows.serving.record import Recorder
from nudge.flows.upkeep import apply as applying
from nudge.lake.engine.engine import EngineLimits, engine
from nudge.lake.files.reader import Lake
from nudge.lake.reports.guard_cut import harm_cube
from nudge.lake.reports.slot_rows import slot_rows
from nudge.settings.settings import Settings
from nudge.spool.spool import Spool
from nudge.store.service.catalogue import Catalogue
from nudge.store.store import Store
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys
from nudge.workers.runner import Fold, Runner

PAGE: Final = Caller("page", frozenset({"decide"}))
SERVER: Final = Caller("server", frozenset({"decide", "ingest"}))
OWNER: Final = "one"
LONG: Final = 3600.0
"""Seconds of a lease: nobody else is there."""
MOST: Final = 1_000
"""Events of one call."""

S = TypeVar("S")


@dataclass
class Service:
    """An installation.

    Attributes:
        settings: of it.
        store: of it.
        decider: answers pages.
        recorder: takes events.
        publisher: makes snapshots.
        lake: of it.
        catalogue: what is served.
    """

    settings: Settings
    store: Store
    decider: Decider
    recorder: Recorder
    publisher: Publisher
    lake: Lake
    catalogue: Catalogue

    @classmethod
    def of(cls, client: Client, settings: Settings, slots: Iterable[Slot]) -> Self:
        """Make an empty one with these slots, in the namespace of its settings."""
        store = Store(client, Keys(settings.namespace, settings.partitions))
        sealer = Sealer(settings.secret_key)
        spool = Spool(settings.spool_dir, sealer.spool_key, 1 << 20)
        applying.apply(
            store,
            plan({}, {one.name: one for one in slots}),
            Edit("world", "its slots", clock.now()),
        )
        return cls(
            settings,
            store,
            Decider(store, sealer, settings.holdout, spool),
            Recorder(store, sealer, spool),
            Publisher(store, OWNER, LONG, 0.0),
            Lake(settings.lake_dir),
            store.catalogue.refresh(Catalogue.empty()),
        )

    def slot(self, name: str) -> Slot:
        """A slot as it is served."""
        return self.catalogue.slots[name].slot

    def decide(self, ask: DecisionRequest) -> PageAnswer:
        """The answer to a page."""
        return self.decider.decide(self.catalogue, [ask], PAGE, clock.now())[0]

    def record(self, sent: Sequence[EventRequest], at: float | None = None) -> None:
        """Take events of a server.

        Args:
            sent: by the server.
            at: seconds, where the clock is moved; None: now.

        Raises:
            ValueError: one was not taken.
        """
        now = clock.now() if at is None else at
        for start in range(0, len(sent), MOST):
            told = self.recorder.record(sent[start : start + MOST], SERVER, now)
            if told.rejected:
                raise ValueError(f"not taken: {told.rejected[0]}")

    def learn(self) -> None:
        """Fold all that has happened, publish, and serve it."""
        self._fold(AttributeFold(self.store))
        self._fold(LearnFold(self.store))
        self.publisher.run(clock.monotonic())
        self.follow()

    def follow(self) -> None:
        """Serve what the store has, as a web process does twice a second."""
        self.catalogue = self.store.catalogue.refresh(self.catalogue)

    def archive(self) -> None:
        """Bring all that has happened to the lake."""
        fold = ArchiveFold(self.store, self.lake, self.decider.sealer.seal_each)
        every = self.store.keys.every_partition()
        leases = [self.store.folds.acquire(p, "archive", OWNER, LONG) for p in every]
        held = [lease for lease in leases if lease is not None]
        while any(lease.position < self._last(lease.partition) for lease in held):
            held = fold.run(held)

    def sums(self, name: str, period: Period = EVER) -> ArmSums:
        """Conversions of a slot in the lake: policy and holdout, where there was a choice."""
        slot, cache = self.slot(name), self.settings.data_dir / "reports"
        with engine(self.lake, EngineLimits(), cache) as (backend, contents):
            rows = slot_rows(backend, contents, name, cache)
            cube = harm_cube(rows, 1, period=period, revenue=False)
        held = share_held_out(self.settings.holdout, slot.holdout)
        share = share_beside_usual(held, slot.usual_share)
        shares = dict.fromkeys(range(1, slot.revision + 1), share)
        return holdout_sums_of(ComparisonRows.of(cube), shares, binary=True)

    def change(self, name: str, **changes: object) -> Slot:
        """A slot with these changes at its next revision, not yet in service."""
        now = self.slot(name)
        return replace(now, revision=now.revision + 1, **changes)  # type: ignore[arg-type]

    def _last(self, partition: int) -> int:
        return self.store.journal.last_position(partition)

    def _fold(self, fold: Fold[S]) -> None:
        runner = Runner(self.store, fold, OWNER, LONG)
        while runner.turn():
            pass
