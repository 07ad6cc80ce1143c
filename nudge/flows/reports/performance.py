"""Reports of a slot's performance, made from the lake; run by a worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, NamedTuple

import orjson

from nudge.domain.advice.slot_advice import AdviceTerms, slot_advice
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.changes.compared_questions import ComparedQuestions, compared_questions
from nudge.domain.changes.report_change import add_changes
from nudge.domain.reports.cube import Cube
from nudge.domain.reports.filters import plain_where
from nudge.domain.reports.questions import CONTEXT, DIMENSIONS, PerformanceQuestion
from nudge.domain.reports.report import DECIDED, ReportTerms, report
from nudge.domain.reports.report_time import lake_of
from nudge.domain.reports.sentences import Advice
from nudge.domain.slots.reward_event import reward_rule
from nudge.domain.slots.slot import Slot
from nudge.errors import NotFoundError
from nudge.flows.reports.holdout_shares import (
    read_holdout_runs,
    read_holdout_shares,
    read_usual_runs,
    read_usual_shares,
)
from nudge.flows.reports.recent import Recent
from nudge.lake.engine.engine import EngineLimits
from nudge.lake.engine.engines import named_engine
from nudge.lake.engine.query import DUCKDB
from nudge.lake.files.reader import Lake
from nudge.lake.reports.cubes import build_cube, keep_sums
from nudge.lake.reports.cut import Cut
from nudge.lake.reports.day_tables import Tell
from nudge.lake.reports.prefill_quality import KEPT, prefill_quality
from nudge.lake.reports.revenue_cap import with_cap
from nudge.lake.reports.slot_rows import SlotRows, slot_rows
from nudge.store.store import Store

OF_DECISION: Final = ("channel", "page")
"""Attributes of a context that are dimensions by their own names; another's is `context.NAME`."""
ATTRIBUTES: Final = 20
"""Attributes beside the slot's own that are summed up ahead."""
MADE: Final = 64
"""Reports that are held in memory, some 100 kB each."""
ADVISED: Final = 256
"""Advice that is held in memory: that of a whole slot for each period asked for."""


def usual(slot: Slot, attributes: Sequence[str] = ()) -> list[tuple[str, ...]]:
    """Return nothing, and each dimension that a slot's reports can be divided by.

    Args:
        slot: its own attributes come first.
        attributes: that its decisions knew.
    """
    own = dict.fromkeys([*(one.name for one in slot.context), *sorted(attributes)[:ATTRIBUTES]])
    beside = [CONTEXT + name for name in own if name not in OF_DECISION]
    return [(), *((name,) for name in (*DIMENSIONS, *beside))]


def advised(slot: Slot) -> list[str]:
    """Return the dimensions whose segments must not lose by advice: the slot's own context."""
    known = dict.fromkeys(["channel", "page", *(one.name for one in slot.context)])
    return [name if name in OF_DECISION else CONTEXT + name for name in known]


def _questions(asked: PerformanceQuestion, as_of: float, slot: Slot) -> ComparedQuestions:
    if not asked.compare:
        return ComparedQuestions(asked, None)
    return compared_questions(asked, as_of, slot.terms.window, slot.revision)


def _cut(asked: PerformanceQuestion, *, revenue: bool) -> Cut:
    return Cut(asked.period, asked.by, revenue, where=asked.where, calendar=asked.calendar)


def _views(slot: Slot, cut: Cut) -> list[tuple[str, Cut]]:
    """Return the cuts by which advice looks at a slot's segments: of all its visitors."""
    return [(name, replace(cut, by=(name,), where=())) for name in advised(slot)]


def _is_personal(slot: Slot) -> bool:
    """Return True for a slot whose policy learns, and may choose by context."""
    return bool(slot.context) and slot.policy.get("kind", "auto") not in {"uniform", "fixed"}


def _keeps(slot: Slot) -> bool:
    """Return True for a slot that fills something in; only there the events are needed."""
    return KEPT in reward_rule(slot.terms.event).types


@dataclass(frozen=True)
class ReportResult:
    """A report and the time until which it is complete.

    Attributes:
        report: as JSON values, without `as_of`, which may still grow.
        as_of: seconds; all that had happened by then is in it.
    """

    report: dict[str, object]
    as_of: float


class GroupShares(NamedTuple):
    """The shares of a slot's comparison groups, as `ReportTerms` has them.

    Attributes:
        held: revision -> share of the holdout.
        runs: revision -> first revision of its run.
        usual: revision -> share of the group `usual`.
        usual_runs: as `runs`, of the group `usual`.
    """

    held: Mapping[int, float]
    runs: Mapping[int, int]
    usual: Mapping[int, float]
    usual_runs: Mapping[int, int]


@dataclass(frozen=True)
class MadeReport:
    """A report that was made, with what it was made from beside the lake.

    Attributes:
        shares: of the comparison groups.
        revisions: that occur in its rows.
        body: the report as JSON.
    """

    shares: GroupShares
    revisions: tuple[int, ...]
    body: bytes


@dataclass(frozen=True)
class Reports:
    """The maker of an installation's reports.

    Attributes:
        cache: directory of the days that are kept joined.
        holdout: share of all subjects who are never personalised.
        limits: of one report.
        engine: that counts; see `nudge.lake.engine.query.connect`.
        calendar: for which days are summed up ahead; a report has its question's own.
        made: reports made last, by the state of the lake, the slot and the question.
        advised: advice given last, by the state of the lake and its terms.
    """

    store: Store
    lake: Lake
    cache: Path
    holdout: float
    limits: EngineLimits = EngineLimits()  # noqa: RUF009 (frozen)
    engine: str = DUCKDB
    calendar: OperatorCalendar = field(default_factory=OperatorCalendar)
    made: Recent[MadeReport] = field(default_factory=lambda: Recent(MADE))
    advised: Recent[Advice] = field(default_factory=lambda: Recent(ADVISED))

    def make(self, question: PerformanceQuestion, tell: Tell = lambda _: None) -> ReportResult:
        """Return the report that answers a question, from the lake as it is now.

        Raises:
            NotFoundError: there is no such slot.
            LakeError: the lake cannot be read, or the question takes more than the limits.
            StoreAwayError: the store does not answer.
        """
        slot, calendar = self._slot(question.slot), question.calendar
        revenue = slot.terms.objective == "revenue"
        caught_up = self.store.freshness.read()  # before the lake is looked at
        with named_engine(self.lake, self.engine, self.cache, self.limits) as (backend, contents):
            rows = slot_rows(backend, contents, slot.name, self.cache, tell)
            as_of, since = caught_up.as_of(contents.watermarks()), contents.since()
            asked = _questions(question, as_of, slot)
            question, cut = asked.now, _cut(asked.now, revenue=revenue)
            found = self._found(rows, slot, asked, as_of)
            found["prefilled"] = prefill_quality(backend, slot.name, cut) if _keeps(slot) else {}
        head: dict[str, object] = {
            "slot": slot.name,
            "revision": slot.revision,
            "from": calendar.label_or_none(question.period.start),
            "to": calendar.label_or_none(question.period.end),
            "where": plain_where(question.where),
        }
        return ReportResult(head | lake_of(since, calendar) | found, as_of)

    def _found(
        self, rows: SlotRows, slot: Slot, asked: ComparedQuestions, as_of: float
    ) -> dict[str, object]:
        """Return the report on rows, as it was made before if nothing of it can have changed."""
        about = (rows.state, repr((slot, asked)))
        known = self.made.find(about) if rows.state else None
        if known is not None and known.shares == self._shares(slot, known.revisions):
            return dict(orjson.loads(known.body))
        cut = with_cap(rows, _cut(asked.now, revenue=slot.terms.objective == "revenue"))
        cube = build_cube(rows, cut, slot.names)
        advice = self._advice(rows, slot, cut, cube, everybody=not asked.now.where)
        shares = self._shares(slot, cube.revisions)
        calendar = asked.now.calendar
        terms = ReportTerms(
            slot, shares.held, as_of, shares.runs, calendar, shares.usual, shares.usual_runs, advice
        )
        found = report(terms, asked.now.by, cube)
        if asked.now.compare:
            earlier = None
            if asked.before is not None:
                # One cap for both: else the change would be one of the caps.
                before = replace(_cut(asked.before, revenue=cut.revenue), cap=cut.cap)
                earlier = build_cube(rows, before, slot.names)
            found = add_changes(found, asked, cube, earlier, revenue=cut.revenue)
        self.made.hold(about, MadeReport(shares, cube.revisions, orjson.dumps(found)))
        return found

    def _advice(
        self, rows: SlotRows, slot: Slot, cut: Cut, cube: Cube | None, *, everybody: bool
    ) -> Advice:
        """Return the advice on a slot, which does not depend on by what a report is divided."""
        # A filter's visitors are not those of whom the gain is told.
        personal = _is_personal(slot) and everybody
        enabled = tuple(one.name for one in slot.variants if one.enabled)
        terms = AdviceTerms(enabled, cut.revenue, DECIDED, personal, slot.fallback)
        wanted = _views(slot, cut)
        about = (slot.name, rows.state, repr((terms, wanted, slot.names)))
        known = self.advised.find(about) if rows.state else None
        if known is not None:
            return known
        views = {
            name: cube if cube is not None and one == cut else build_cube(rows, one, slot.names)
            for name, one in wanted
        }
        return self.advised.hold(about, slot_advice(terms, views))

    def keep(self, tell: Tell = lambda _: None) -> None:
        """Join the days that are over and sum them up ahead of the next reports; idempotent.

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
                revenue = slot.terms.objective == "revenue"
                cut = with_cap(rows, Cut(revenue=revenue, calendar=self.calendar))
                for by in usual(slot, rows.attributes):
                    tell(0.0)
                    keep_sums(rows, replace(cut, by=by), slot.names)
                tell(0.0)
                self._advice(rows, slot, cut, None, everybody=True)

    def _shares(self, slot: Slot, revisions: tuple[int, ...]) -> GroupShares:
        return GroupShares(
            read_holdout_shares(self.store, slot, revisions, self.holdout),
            read_holdout_runs(self.store, slot, revisions),
            read_usual_shares(self.store, slot, revisions),
            read_usual_runs(self.store, slot, revisions),
        )

    def _slot(self, name: str) -> Slot:
        found = self.store.slots.current().get(name)
        if found is None:
            raise NotFoundError(f"slot {name!r} is not configured")
        return found
