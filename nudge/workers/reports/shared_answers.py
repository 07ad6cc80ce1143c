"""Answers of the report worker about payments that several slots were credited with."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import orjson

from nudge.domain.reports.report_time import lake_of
from nudge.domain.sharing.month_question import MonthQuestion
from nudge.lake.files.reader import Lake
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.workers.reports.report_loop import JobAnswer, QuestionKind, Tell

SHARED: Final = "shared"
KEPT: Final = 600.0


def shared_kind(store: Store, settings: Settings) -> QuestionKind:
    """Return the kind of questions about shared payments."""
    return QuestionKind(SHARED, partial(_answer, store, settings), KEPT)


def _answer(store: Store, settings: Settings, plain: Mapping[str, Any], tell: Tell) -> JobAnswer:
    # The engine takes a second and 100 MB to import: it is loaded with the first question.
    from nudge.flows.reports.shared import shared_answer  # noqa: PLC0415
    from nudge.lake.engine.engines import named_engine  # noqa: PLC0415

    question = MonthQuestion.read(plain)
    caught_up = store.freshness.read()  # before the lake is looked at
    tell(0.0)
    lake, spill = Lake(settings.lake_dir), settings.data_dir / "reports"
    with named_engine(lake, settings.lake_engine, spill) as (backend, contents):
        found = lake_of(contents.since(), question.calendar) | shared_answer(backend, question)
        return JobAnswer(orjson.dumps(found), caught_up.as_of(contents.watermarks()))
