"""Answers of the report worker about what win-back added."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import orjson

from nudge.config.documents.configuration import Configuration
from nudge.config.documents.loop_terms import loop_terms
from nudge.domain.loop.loop_question import LoopQuestion
from nudge.domain.reports.report_time import lake_of
from nudge.lake.files.reader import Lake
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.workers.reports.report_loop import JobAnswer, QuestionKind, Tell

WINBACK: Final = "winback_effect"
KEPT: Final = 3_600.0


def effect_kind(store: Store, settings: Settings) -> QuestionKind:
    """Return the kind of questions about the effect of win-back."""
    return QuestionKind(WINBACK, partial(_answer, store, settings), KEPT)


def _answer(store: Store, settings: Settings, plain: Mapping[str, Any], tell: Tell) -> JobAnswer:
    # The engine takes a second and 100 MB to import: it is loaded with the first question.
    from nudge.flows.winback.live_effect import live_effect_answer  # noqa: PLC0415
    from nudge.lake.engine.engines import named_engine  # noqa: PLC0415

    terms = loop_terms(Configuration(settings, store.documents.current()))
    question = LoopQuestion.read(plain)
    caught_up = store.freshness.read()  # before the lake is looked at
    tell(0.0)
    lake, spill = Lake(settings.lake_dir), settings.data_dir / "reports"
    with named_engine(lake, settings.lake_engine, spill) as (backend, contents):
        as_of = caught_up.as_of(contents.watermarks())
        head = lake_of(contents.since(), question.calendar)
        found = head | live_effect_answer(backend, question, terms, as_of)
        return JobAnswer(orjson.dumps(found), as_of)
