"""Figures of the work behind the pages, as the store tells them: folds, publisher, lake, jobs.

They are read where they are asked for, so no process that died leaves one behind: a worker is up
while it renews its leases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from nudge import clock
from nudge.domain.alarms.delivery import DeliveryOutcome
from nudge.domain.journal.fold_name import FOLDS
from nudge.domain.people.room import Dropped
from nudge.store.folds.folds import Folds
from nudge.store.journal.journal import Journal
from nudge.store.keeping.care_figures import CareFigures, read_care_figures
from nudge.store.service.deliveries import Deliveries
from nudge.store.service.snapshots import Snapshots
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys

JOB_KINDS: Final = (
    *("report", "evaluate", "funnel", "shared", "experience", "factors", "loop"),
    *("winback_effect", "lookup", "overview", "audience", "sms_effects"),
)
"""Kinds of questions that a report worker answers."""
JOB_STATES: Final = ("waiting", "running")


@dataclass(frozen=True)
class FoldFigures:
    """The figures of one fold, over all partitions.

    Attributes:
        entries: that it has not committed yet.
        seconds: age of the oldest of them; 0 without any.
        partitions: that a living worker holds.
    """

    entries: int
    seconds: float
    partitions: int


@dataclass(frozen=True)
class WorkFigures:
    """The figures of all work at one moment.

    Attributes:
        folds: by name.
        published: slot -> seconds since its newest policy; slots without one are missing.
        jobs: state -> questions of all kinds.
        planning: whether many visitors are being planned for.
        dropped: counts of what left the visitors' states for lack of room.
        notices: outcome of the last try -> notices of the last weeks.
        care: figures of warnings.
    """

    folds: Mapping[str, FoldFigures]
    published: Mapping[str, float]
    jobs: Mapping[str, int]
    planning: bool
    dropped: tuple[Dropped, ...] = ()
    notices: Mapping[str, int] = field(default_factory=dict)
    care: CareFigures = field(default_factory=CareFigures)


@dataclass(frozen=True)
class WorkFigureReader:
    """The reader of the figures: some round trips for each partition and slot."""

    client: Client
    keys: Keys

    def read(self, slots: Iterable[str]) -> WorkFigures:
        """Return the figures as of now.

        Args:
            slots: whose publication is asked for.

        Raises:
            StoreAwayError: the store does not answer.
        """
        at = clock.now()
        snapshots = Snapshots(self.client, self.keys)
        newest = {slot: max(snapshots.published(slot).values(), default=0.0) for slot in slots}
        return WorkFigures(
            folds={name: self._fold(name, at) for name in FOLDS},
            published={slot: max(0.0, at - when) for slot, when in newest.items() if when},
            jobs=self._jobs(),
            planning=bool(self.client.call("EXISTS", self.keys.config("bulk"))),
            dropped=Folds(self.client, self.keys).dropped(),
            notices=self._notices(),
            care=read_care_figures(self.client, self.keys, at),
        )

    def _fold(self, name: str, at: float) -> FoldFigures:
        folds, journal = Folds(self.client, self.keys), Journal(self.client, self.keys)
        entries, oldest, held = 0, at, 0
        for p in self.keys.every_partition():
            until, position = folds.read_fields(p, name, "until", "position")
            held += float(until or 0) > at * 1000
            committed = int(position or 0)
            lag = journal.last_position(p) - committed
            entries += max(0, lag)
            if lag > 0:
                waiting = journal.read(p, committed, 1)
                oldest = min([oldest, *(entry.stamp for entry in waiting[:1])])
        return FoldFigures(entries, at - oldest, held)

    def _notices(self) -> dict[str, int]:
        every = Deliveries(self.client, self.keys).read().values()
        found = Counter(one.outcome.value for one in every)
        return {outcome.value: found[outcome.value] for outcome in DeliveryOutcome}

    def _jobs(self) -> dict[str, int]:
        found: Counter[str] = Counter()
        for kind in JOB_KINDS:
            for name in self.client.call("ZRANGE", self.keys.config("jobs", kind), 0, -1):
                state = self.client.call("HGET", self.keys.config("job", name.decode()), "state")
                found[(state or b"").decode()] += 1
        return {state: found[state] for state in JOB_STATES}
