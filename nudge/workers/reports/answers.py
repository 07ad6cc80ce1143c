"""Answers of the report worker: a slot's performance, and the value of another policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from bandits.units import DAY
from nudge import clock
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.reports.questions import EvaluationQuestion, PerformanceQuestion
from nudge.domain.reports.report_table import rows
from nudge.domain.reports.report_time import lake_of
from nudge.lake.files.reader import Lake
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.workers.reports.audience_answers import audience_kind
from nudge.workers.reports.effect_answers import effect_kind
from nudge.workers.reports.experience_answers import experience_kind
from nudge.workers.reports.factor_answers import factor_kind
from nudge.workers.reports.funnel_answers import funnel_kind
from nudge.workers.reports.lookup_answers import lookup_kind
from nudge.workers.reports.loop_answers import loop_kind
from nudge.workers.reports.overview_answers import overview_kind
from nudge.workers.reports.report_loop import JobAnswer, QuestionKind, Tell
from nudge.workers.reports.send_answers import send_kind
from nudge.workers.reports.shared_answers import shared_kind

if TYPE_CHECKING:
    from nudge.flows.reports.performance import Reports

CACHE: Final = "reports"
REPORT: Final = "report"
EVALUATE: Final = "evaluate"
OFTEN: Final = 600.0
"""Seconds after which it is looked again for days that are over."""
REPORTS_KEPT: Final = 600.0
EVALUATIONS_KEPT: Final = float(DAY)


@dataclass(frozen=True)
class Answers:
    """The answers of one installation's report worker.

    The engine takes a second and 100 MB to import: it is loaded with the first question, so that
    folds need not wait for it when a worker starts.

    Attributes:
        prepared: the days, and the time, for which everything is prepared.
    """

    store: Store
    settings: Settings
    prepared: list[object] = field(default_factory=list)

    @property
    def kinds(self) -> tuple[QuestionKind, ...]:
        """The kinds of questions that can be asked."""
        return (
            QuestionKind(REPORT, self.report, REPORTS_KEPT, self.prepare),
            QuestionKind(EVALUATE, self.evaluate, EVALUATIONS_KEPT),
            funnel_kind(self.store, self.settings),
            shared_kind(self.store, self.settings),
            experience_kind(self.store, self.settings),
            factor_kind(self.store, self.settings),
            loop_kind(self.store, self.settings),
            effect_kind(self.store, self.settings),
            send_kind(self.store, self.settings),
            lookup_kind(self.store, self.settings),
            overview_kind(self.store, self.settings, lambda: self._overview_reports),
            audience_kind(self.store, self.settings),
        )

    @cached_property
    def lake(self) -> Lake:
        """The installation's lake."""
        return Lake(self.settings.lake_dir)

    @property
    def cache(self) -> Path:
        """The directory of days whose rows are joined already."""
        return self.settings.data_dir / CACHE

    @cached_property
    def _reports(self) -> Reports:
        """Reports of the loop that answers `report`."""
        return self._make_reports()

    @cached_property
    def _overview_reports(self) -> Reports:
        """Reports of the overview's loop: what they hold in memory is used from one thread."""
        return self._make_reports()

    def _make_reports(self) -> Reports:
        from nudge.flows.reports.performance import Reports  # noqa: PLC0415 (see the class)

        settings = self.settings
        return Reports(
            self.store,
            self.lake,
            self.cache,
            settings.holdout,
            engine=settings.lake_engine,
            calendar=OperatorCalendar.named(settings.zone),
        )

    def report(self, plain: Mapping[str, Any], tell: Tell) -> JobAnswer:
        """Return a slot's performance, as JSON or as a Parquet file."""
        question = PerformanceQuestion.read(plain)
        made = self._reports.make(question, tell)
        if not question.parquet:
            return JobAnswer(orjson.dumps(made.report), made.as_of)
        from nudge.lake.files.parquet_file import parquet  # noqa: PLC0415 (see the class)

        told = made.report | {"as_of": question.calendar.label(made.as_of)}
        return JobAnswer(parquet(rows(told)), made.as_of)

    def prepare(self, tell: Tell) -> None:
        """Join the finished days and sum them up; a lake of one day has none."""
        days = sorted(path.name for path in self.lake.root.glob("exposures/date=*"))
        about = [*days, int(clock.now() // OFTEN)]
        if len(days) > 1 and about != self.prepared:
            self._reports.keep(tell)
            self.prepared[:] = about

    def evaluate(self, plain: Mapping[str, Any], tell: Tell) -> JobAnswer:
        """Return the value that another policy would have got.

        Raises:
            NotFoundError: the lake has no decisions of the slot, or the policy is not kept.
            InvalidRequestError: the target does not fit the log.
        """
        from nudge.flows.reports.asked_policy import asked_policy  # noqa: PLC0415 (see the class)
        from nudge.flows.reports.evaluate import evaluate_lake  # noqa: PLC0415

        question = EvaluationQuestion.read(plain)
        fresh = self.store.freshness.read()
        asked = asked_policy(self.store, question.slot, question.target)
        engine = self.settings.lake_engine
        found, contents = evaluate_lake(self.lake, self.cache, question, asked, tell, engine)
        plain = lake_of(contents.since(), question.calendar) | found.spoken
        return _answered(question, plain, fresh.as_of(contents.watermarks()))


def _answered(question: EvaluationQuestion, found: Mapping[str, object], as_of: float) -> JobAnswer:
    head = {"slot": question.slot, "target": question.target}
    label, period = question.calendar.label_or_none, question.period
    ends = {"from": label(period.start), "to": label(period.end)}
    return JobAnswer(orjson.dumps({**head, **ends, **found}), as_of)
