"""Reports of a slot's performance, made from the lake; run by a worker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

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
from nudge.lake.engine.engine import EngineLimits
from nudge.lake.engine.engines import named_engine
from nudge.lake.engine.query import DUCKDB
from nudge.lake.files.reader import Lake
from nudge.lake.reports.cubes import build_cube, keep_sums
from nudge.lake.reports.cut import Cut
from nudge.lake.reports.day_tables import Tell
from nudge.lake.reports.prefill_quality import KEPT, prefill_quality
from nudge.lake.reports.revenue_cap import with_cap
from nudge.lake.reports.slot_rows import slot_rows
from nudge.store.store import Store

OF_DECISION: Final = ("channel", "page")
"""Attributes of a context that are dimensions by their own names; another's is `context.NAME`."""
ATTRIBUTES: Final = 20
"""Attributes beside the slot's own that are summed up ahead."""


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


@dataclass(frozen=True)
class Reports:
    """The maker of an installation's reports.

    Attributes:
        cache: directory of the days that are kept joined.
        holdout: share of all subjects who are never personalised.
        limits: of one report.
        engine: that counts; see `nudge.lake.engine.query.connect`.
        calendar: for which days are summed up ahead; a report has its question's own.
    """

    store: Store
    lake: Lake
    cache: Path
    holdout: float
    limits: EngineLimits = EngineLimits()  # noqa: RUF009 (frozen)
    engine: str = DUCKDB
    calendar: OperatorCalendar = field(default_factory=OperatorCalendar)

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
            question, cut = asked.now, with_cap(rows, _cut(asked.now, revenue=revenue))
            cube = build_cube(rows, cut, slot.names)
            views = {
                name: cube if one == cut else build_cube(rows, one, slot.names)
                for name, one in _views(slot, cut)
            }
            earlier = None
            if asked.before is not None:
                # One cap for both: else the change would be one of the caps.
                before = replace(_cut(asked.before, revenue=revenue), cap=cut.cap)
                earlier = build_cube(rows, before, slot.names)
            numbers = prefill_quality(backend, slot.name, cut) if _keeps(slot) else {}
        # A filter's visitors are not those of whom the gain is told.
        personal = _is_personal(slot) and not question.where
        enabled = [one.name for one in slot.variants if one.enabled]
        advice = slot_advice(AdviceTerms(enabled, revenue, DECIDED, personal, slot.fallback), views)
        terms = self._terms(slot, cube, as_of, calendar, advice)
        found = report(terms, question.by, cube) | {"prefilled": numbers}
        head: dict[str, object] = {
            "slot": slot.name,
            "revision": slot.revision,
            "from": calendar.label_or_none(question.period.start),
            "to": calendar.label_or_none(question.period.end),
            "where": plain_where(question.where),
        }
        if question.compare:
            found = add_changes(found, asked, cube, earlier, revenue=revenue)
        return ReportResult(head | lake_of(since, calendar) | found, as_of)

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

    def _terms(
        self, slot: Slot, cube: Cube, as_of: float, calendar: OperatorCalendar, advice: Advice
    ) -> ReportTerms:
        shares = read_holdout_shares(self.store, slot, cube, self.holdout)
        runs = read_holdout_runs(self.store, slot, cube)
        usual_shares = read_usual_shares(self.store, slot, cube)
        usual_runs = read_usual_runs(self.store, slot, cube)
        return ReportTerms(slot, shares, as_of, runs, calendar, usual_shares, usual_runs, advice)

    def _slot(self, name: str) -> Slot:
        found = self.store.slots.current().get(name)
        if found is None:
            raise NotFoundError(f"slot {name!r} is not configured")
        return found
