"""Answers of the report worker for the overview: the last hours' visits, 30 days' payments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import orjson

from bandits.units import DAY
from nudge.config.documents.configuration import Configuration
from nudge.domain.overview.overview_question import OverviewQuestion
from nudge.domain.overview.slot_line import slot_line
from nudge.domain.reports.questions import PerformanceQuestion, Period
from nudge.lake.files.reader import Lake
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.workers.reports.report_loop import JobAnswer, QuestionKind, Tell

if TYPE_CHECKING:
    from nudge.flows.reports.performance import Reports

OVERVIEW: Final = "overview"
KEPT: Final = float(DAY)
"""Seconds: in the morning the page shows yesterday's figures until it has newer ones."""


def overview_kind(store: Store, settings: Settings, reports: Callable[[], Reports]) -> QuestionKind:
    """Return the kind of questions of the overview.

    Args:
        store: of the installation.
        settings: of the installation.
        reports: gives what makes the slots' reports, which keeps what it has read.
    """
    return QuestionKind(OVERVIEW, partial(_answer, store, settings, reports), KEPT)


def _answer(
    store: Store,
    settings: Settings,
    reports: Callable[[], Reports],
    plain: Mapping[str, Any],
    tell: Tell,
) -> JobAnswer:
    # The engine takes a second and 100 MB to import: it is loaded with the first question.
    from nudge.flows.reports.overview import overview_answer  # noqa: PLC0415
    from nudge.lake.engine.engines import named_engine  # noqa: PLC0415

    path = Configuration(settings, store.documents.current()).funnel
    question = OverviewQuestion.read(plain)
    caught_up = store.freshness.read()  # before the lake is looked at
    quarantines = store.quarantines.current().values()
    tell(0.0)
    lake, spill = Lake(settings.lake_dir), settings.data_dir / "reports"
    with named_engine(lake, settings.lake_engine, spill) as (backend, contents):
        as_of, share = caught_up.as_of(contents.watermarks()), settings.holdout
        found = overview_answer(backend, question, path, quarantines, share, as_of)
    lines = _lines(store, reports(), question, tell)
    return JobAnswer(orjson.dumps(found | {"slots": lines}), as_of)


def _lines(
    store: Store, reports: Reports, question: OverviewQuestion, tell: Tell
) -> list[dict[str, Any]]:
    """Return the line of each slot."""
    lines, names = [], sorted(store.slots.current())
    for number, name in enumerate(names):
        tell((number + 1) / (len(names) + 1))
        made = reports.make(PerformanceQuestion(name, Period(None, None), zone=question.zone))
        lines.append(slot_line(made.report, question.calendar.label_or_none(made.as_of)))
    return lines
