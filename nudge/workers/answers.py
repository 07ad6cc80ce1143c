"""What the report worker can answer: a slot's performance, and what another policy would get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from nudge import clock
from nudge.domain.reports.questions import EvaluationQuestion, PerformanceQuestion
from nudge.domain.reports.report_table import rows
from nudge.domain.reports.report_time import iso, lake_of
from nudge.domain.reports.target_policy import AskedPolicy, Learner
from nudge.errors import InvalidConfigError, InvalidRequestError, NotFoundError
from nudge.lake.files.errors import TooLargeError
from nudge.lake.files.reader import Lake
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.workers.funnel_answers import funnel_kind
from nudge.workers.report_loop import JobAnswer, QuestionKind, Tell

if TYPE_CHECKING:
    from nudge.flows.reports.performance import Reports
    from nudge.lake.evaluation.log_file import LogFile

CACHE: Final = "reports"
REPORT: Final = "report"
EVALUATE: Final = "evaluate"
OFTEN: Final = 600.0
"""Seconds after which it is looked again for days that are over."""
REPORTS_KEPT: Final = 600.0
EVALUATIONS_KEPT: Final = 86_400.0


@dataclass(frozen=True)
class Answers:
    """Answers of one installation.

    The engine takes a second and 100 MB to import: it is loaded with the first question, so that
    folds need not wait for it when a worker starts.

    Attributes:
        store: of the installation.
        settings: of the installation.
        prepared: the days, and the time, for which everything is prepared.
    """

    store: Store
    settings: Settings
    prepared: list[object] = field(default_factory=list)

    @property
    def kinds(self) -> tuple[QuestionKind, ...]:
        """What can be asked."""
        return (
            QuestionKind(REPORT, self.report, REPORTS_KEPT, self.prepare),
            QuestionKind(EVALUATE, self.evaluate, EVALUATIONS_KEPT),
            funnel_kind(self.store, self.settings),
        )

    @cached_property
    def lake(self) -> Lake:
        """The installation's lake."""
        return Lake(self.settings.lake_dir)

    @property
    def cache(self) -> Path:
        """Where days are kept joined."""
        return self.settings.data_dir / CACHE

    @cached_property
    def _reports(self) -> Reports:
        from nudge.flows.reports.performance import Reports  # noqa: PLC0415 (see the class)

        settings = self.settings
        return Reports(
            self.store,
            self.lake,
            self.cache,
            settings.holdout,
            engine=settings.lake_engine,
        )

    def report(self, plain: Mapping[str, Any], tell: Tell) -> JobAnswer:
        """A slot's performance, as JSON or as a Parquet file."""
        question = PerformanceQuestion.read(plain)
        made = self._reports.make(question, tell)
        if not question.parquet:
            return JobAnswer(orjson.dumps(made.report), made.as_of)
        from nudge.lake.files.parquet_file import parquet  # noqa: PLC0415 (see the class)

        return JobAnswer(parquet(rows(made.report | {"as_of": iso(made.as_of)})), made.as_of)

    def prepare(self, tell: Tell) -> None:
        """Join the days that are over and sum them up; a lake of one day has none."""
        days = sorted(path.name for path in self.lake.root.glob("exposures/date=*"))
        about = [*days, int(clock.now() // OFTEN)]
        if len(days) > 1 and about != self.prepared:
            self._reports.keep(tell)
            self.prepared[:] = about

    def evaluate(self, plain: Mapping[str, Any], tell: Tell) -> JobAnswer:
        """What another policy would have got.

        Raises:
            NotFoundError: the lake has no decisions of the slot, or the policy is not kept.
            InvalidRequestError: the target does not fit the log.
        """
        from nudge.flows.reports.evaluate import asked_policy  # noqa: PLC0415 (see the class)
        from nudge.flows.reports.what_if import what_if  # noqa: PLC0415

        question = EvaluationQuestion.read(plain)
        fresh = self.store.freshness.read()
        asked = asked_policy(self.store, question.slot, question.target)
        known = what_if(self.lake, self.cache, question, asked, tell, self.settings.lake_engine)
        if known is None:
            return self._by_rows(question, asked, tell)
        found, contents = known
        plain = lake_of(contents.since()) | found.plain
        return _answered(question, plain, fresh.as_of(contents.watermarks()))

    def _by_rows(self, question: EvaluationQuestion, asked: AskedPolicy, tell: Tell) -> JobAnswer:
        """The same, of contexts that are nearly all different: slow, in bounded memory."""
        from nudge.flows.reports import evaluate as by_rows  # noqa: PLC0415 (see the class)

        if isinstance(asked, Learner):
            raise TooLargeError("the context has too many values to learn from; ask about a rule")
        fresh = self.store.freshness.read()
        contents = self.lake.contents()
        as_of = fresh.as_of(contents.watermarks())
        log = self._log(question)
        read = _Read(tell, max(1, log.rows * by_rows.READINGS))
        try:
            found = by_rows.evaluate(log, by_rows.Question(question.target), asked, read)
        except InvalidConfigError as error:
            raise InvalidRequestError(str(error)) from error
        return _answered(question, lake_of(contents.since()) | found.plain, as_of)

    def _log(self, question: EvaluationQuestion) -> LogFile:
        from nudge.lake.evaluation.log_period import within  # noqa: PLC0415 (see the class)
        from nudge.lake.evaluation.logs import open_log  # noqa: PLC0415

        try:
            log = open_log(self.lake.root, question.slot, self.settings.lake_engine)
        except InvalidConfigError as error:
            text = f"the lake has no decisions of slot {question.slot!r} yet"
            raise NotFoundError(text) from error
        # Whoever asks over HTTP need not know where the lake lies.
        return within(replace(log, name="lake"), question.period)


def _answered(question: EvaluationQuestion, found: Mapping[str, object], as_of: float) -> JobAnswer:
    head = {"slot": question.slot, "target": question.target}
    ends = {"from": iso(question.period.start), "to": iso(question.period.end)}
    return JobAnswer(orjson.dumps({**head, **ends, **found}), as_of)


class _Read:
    """Counts rows that were read, and tells the share."""

    def __init__(self, tell: Tell, rows: int) -> None:
        self._tell, self._rows, self._read = tell, rows, 0

    def __call__(self, rows: int) -> None:
        self._read += rows
        self._tell(self._read / self._rows)
