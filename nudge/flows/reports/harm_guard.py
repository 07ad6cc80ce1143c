"""The harm guard: judges from the lake whether a slot's policy does harm. For a worker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from nudge.domain.reports.capped_revenue import CappedRevenue
from nudge.domain.reports.comparison import ComparisonRows, holdout_sums_of
from nudge.domain.reports.harm_guard import IN_YUAN, HarmFinding, begins, judge
from nudge.domain.reports.questions import Period
from nudge.domain.slots.slot import Slot
from nudge.flows.reports.holdout_shares import read_holdout_shares
from nudge.lake.engine.engine import EngineLimits
from nudge.lake.engine.engines import named_engine
from nudge.lake.engine.query import DUCKDB
from nudge.lake.files.reader import Lake
from nudge.lake.reports.guard_cut import harm_cube
from nudge.lake.reports.slot_rows import slot_rows
from nudge.store.store import Store


@dataclass(frozen=True)
class HarmGuard:
    """The harm guard of one installation: a judge of the slots that are guarded.

    Attributes:
        cache: directory of the days that are kept joined: that of the reports.
        holdout: share of all subjects who are never personalised.
        limits: of one look.
        engine: that counts; see `nudge.lake.engine.query.connect`.
    """

    store: Store
    lake: Lake
    cache: Path
    holdout: float
    limits: EngineLimits = EngineLimits()  # noqa: RUF009 (frozen)
    engine: str = DUCKDB

    def look(self, slot: Slot) -> HarmFinding:
        """Judge a slot by the lake as it is now.

        Args:
            slot: its current revision, with a guard.

        Raises:
            ValueError: the slot has no guard.
            LakeError: the lake cannot be read, or it takes more than the limits.
            StoreAwayError: the store does not answer.
        """
        harms = slot.guard
        if harms is None:
            raise ValueError(f"slot {slot.name!r} has no guard")
        since = begins(self._history(slot))
        period = Period(self._applied(slot, since))
        fresh = self.store.freshness.read()  # before the lake is looked at
        with named_engine(self.lake, self.engine, self.cache, self.limits) as (backend, contents):
            rows = slot_rows(backend, contents, slot.name, self.cache)
            wanted = {IN_YUAN[metric] for metric in harms.metrics}
            cubes = {yuan: harm_cube(rows, since, period=period, revenue=yuan) for yuan in wanted}
            as_of = fresh.as_of(contents.watermarks())
        found = []
        for metric in harms.metrics:
            yuan = IN_YUAN[metric]
            part = ComparisonRows.of(cubes[yuan])
            part = part.matured() if harms.matured else part
            shares = read_holdout_shares(self.store, slot, cubes[yuan].revisions, self.holdout)
            sums = holdout_sums_of(part, shares, binary=not yuan)
            capped = CappedRevenue.of(part.cube, part.groups)
            found.append(replace(judge(metric, sums, harms), capped=capped))
        return HarmFinding(slot, since, tuple(found), as_of)

    def _history(self, slot: Slot) -> Iterator[Slot]:
        """Yield the slot's known revisions, the current one first."""
        yield slot
        # Those that were: the numbers between may be millions, where revisions are dates.
        numbers = (int(str(entry["revision"])) for entry in self.store.slots.audits(slot.name))
        for number in (one for one in numbers if one < slot.revision):
            one = self.store.slots.revision(slot.name, number)
            if one is not None:
                yield one

    def _applied(self, slot: Slot, revision: int) -> float | None:
        """Return when a revision was applied; imported rows may be older, and have no holdout."""
        for entry in self.store.slots.audits(slot.name):
            if entry["revision"] == revision and "at" in entry:
                return float(str(entry["at"]))
        return None
