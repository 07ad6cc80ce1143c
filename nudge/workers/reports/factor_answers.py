"""Answers of the report worker about factors of leaving."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import orjson

from nudge.config.documents.configuration import Configuration
from nudge.domain.care.factors.factor_query import FactorQuestion
from nudge.domain.reports.report_time import lake_of
from nudge.lake.files.reader import Lake
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.workers.reports.report_loop import JobAnswer, QuestionKind, Tell

FACTORS: Final = "factors"
KEPT: Final = 3_600.0


def factor_kind(store: Store, settings: Settings) -> QuestionKind:
    """Return the kind of questions about factors of leaving."""
    return QuestionKind(FACTORS, partial(_answer, store, settings), KEPT)


def _answer(store: Store, settings: Settings, plain: Mapping[str, Any], tell: Tell) -> JobAnswer:
    # The engine takes a second and 100 MB to import: it is loaded with the first question.
    from nudge.flows.care.factor_lake import factor_answer  # noqa: PLC0415
    from nudge.lake.engine.engines import named_engine  # noqa: PLC0415

    attributes = Configuration(settings, store.documents.current()).funnel.dimensions
    question = FactorQuestion.read(plain)
    caught_up = store.freshness.read()  # before the lake is looked at
    tell(0.0)
    lake, spill = Lake(settings.lake_dir), settings.data_dir / "reports"
    with named_engine(lake, settings.lake_engine, spill) as (backend, contents):
        head = lake_of(contents.since(), question.calendar)
        found = head | factor_answer(backend, question, attributes)
        return JobAnswer(orjson.dumps(found), caught_up.as_of(contents.watermarks()))
