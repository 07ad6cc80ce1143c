"""Answers of the report worker for the overview: the last hours' visits, a month's payments."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import orjson

from bandits.units import DAY
from nudge.config.documents.configuration import Configuration
from nudge.domain.overview.overview_question import OverviewQuestion
from nudge.lake.files.reader import Lake
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.workers.reports.report_loop import JobAnswer, QuestionKind, Tell

OVERVIEW: Final = "overview"
KEPT: Final = float(DAY)
"""Seconds: in the morning the page shows yesterday's figures until it has newer ones."""


def overview_kind(store: Store, settings: Settings) -> QuestionKind:
    """Return the kind of questions of the overview."""
    return QuestionKind(OVERVIEW, partial(_answer, store, settings), KEPT)


def _answer(store: Store, settings: Settings, plain: Mapping[str, Any], tell: Tell) -> JobAnswer:
    # The engine takes a second and 100 MB to import: it is loaded with the first question.
    from nudge.flows.reports.overview import overview_answer  # noqa: PLC0415
    from nudge.lake.engine.engines import named_engine  # noqa: PLC0415

    path = Configuration(settings, store.documents.current()).funnel
    question = OverviewQuestion.read(plain)
    caught_up = store.freshness.read()  # before the lake is looked at
    slots, quarantines = store.slots.current(), store.quarantines.current().values()
    tell(0.0)
    lake, spill = Lake(settings.lake_dir), settings.data_dir / "reports"
    with named_engine(lake, settings.lake_engine, spill) as (backend, contents):
        as_of = caught_up.as_of(contents.watermarks())
        share = settings.holdout
        found = overview_answer(backend, question, path, slots, quarantines, share, as_of)
        return JobAnswer(orjson.dumps(found), as_of)
