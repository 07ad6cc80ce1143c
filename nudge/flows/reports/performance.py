"""Performance: a slot's report, made from the lake. For a worker."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nudge.domain.reports.cube import Cube
from nudge.domain.reports.questions import CONTEXT, PerformanceQuestion
from nudge.domain.reports.report import ReportTerms, report
from nudge.domain.reports.report_time import iso, lake_of
from nudge.domain.slots.reward_event import reward_rule
from nudge.domain.slots.slot import Slot
from nudge.errors import NotFoundError
from nudge.lake.engine.engine import EngineLimits
from nudge.lake.engine.engines import named_engine
from nudge.lake.engine.query import DUCKDB
from nudge.lake.files.reader import Lake
from nudge.lake.reports.cubes import build_cube, keep_sums
from nudge.lake.reports.cut import Cut
from nudge.lake.reports.day_tables import Tell
from nudge.lake.reports.prefill_quality import KEPT, prefill_quality
from nudge.lake.reports.slot_rows import slot_rows
from nudge.store.store import Store


def usual(slot: Slot) -> list[tuple[str, ...]]:
    """What a slot is likely to be divided by."""
    beside = ("channel", "page")
    own = [CONTEXT + one.name for one in slot.context if one.name not in beside]
    return [(), *((name,) for name in (*beside, *own))]


def _keeps(slot: Slot) -> bool:
    """True for a slot that fills something in: others need no look at the events."""
    return KEPT in reward_rule(slot.terms.event).types


@dataclass(frozen=True)
class ReportResult:
    """A report.

    Attributes:
        report: as JSON values; its `as_of` is told by whoever hands it out.
        as_of: seconds; all that had happened by then is in it.
    """

    report: dict[str, object]
    as_of: float


@dataclass(frozen=True)
class Reports:
    """Makes reports of one installation.

    Attributes:
        store: of the installation.
        lake: of the installation.
        cache: directory of the days that are kept joined.
        holdout: share of all subjects who are never personalised.
        limits: of one report.
        engine: that counts; see `nudge.lake.engine.query.connect`.
    """

    store: Store
    lake: Lake
    cache: Path
    holdout: float
    limits: EngineLimits = EngineLimits()  # noqa: RUF009 (frozen)
    engine: str = DUCKDB

    def make(self, question: PerformanceQuestion, tell: Tell = lambda _: None) -> ReportResult:
        """The answer to a question, from the lake as it is now.

        Raises:
            NotFoundError: there is no such slot.
            LakeError: the lake cannot be read, or the question takes more than the limits.
            StoreAwayError: the store does not answer.
        """
        slot = self._slot(question.slot)
        revenue = slot.terms.objective == "revenue"
        caught_up = self.store.freshness.read()  # before the lake is looked at
        with named_engine(self.lake, self.engine, self.cache, self.limits) as (backend, contents):
            rows = slot_rows(backend, contents, slot.name, self.cache, tell)
            cut = Cut(question.period, question.by, revenue)
            cube = build_cube(rows, cut, slot.names)
            numbers = prefill_quality(backend, slot.name, question.period) if _keeps(slot) else {}
            as_of, since = caught_up.as_of(contents.watermarks()), contents.since()
        terms = ReportTerms(slot, self._shares(slot, cube), as_of)
        head: dict[str, object] = {
            "slot": slot.name,
            "revision": slot.revision,
            "from": iso(question.period.start),
            "to": iso(question.period.end),
        }
        found = report(terms, question.by, cube) | {"prefilled": numbers}
        return ReportResult(head | lake_of(since) | found, as_of)

    def keep(self, tell: Tell = lambda _: None) -> None:
        """Join the days that are over and sum them up, so that the next reports need not.

        Raises:
            LakeError: the lake cannot be read.
            StoreAwayError: the store does not answer.
        """
        if self.engine != DUCKDB:
            return  # nothing is kept for another engine
        for slot in self.store.slots.current().values():
            with named_engine(self.lake, self.engine, self.cache, self.limits) as (
                backend,
                contents,
            ):
                rows = slot_rows(backend, contents, slot.name, self.cache, tell)
                for by in usual(slot):
                    tell(0.0)
                    keep_sums(rows, Cut(by=by, revenue=slot.terms.objective == "revenue"))

    def _slot(self, name: str) -> Slot:
        found = self.store.slots.current().get(name)
        if found is None:
            raise NotFoundError(f"slot {name!r} is not configured")
        return found

    def _shares(self, slot: Slot, cube: Cube) -> dict[int, float]:
        """Revision -> share of the subjects that its holdout and the global one hold out."""
        shares = {}
        for revision in map(int, np.unique(cube.groups.revision)):
            one = self.store.slots.revision(slot.name, revision) or slot
            shares[revision] = 1.0 - (1.0 - self.holdout) * (1.0 - one.holdout)
        return shares
