"""Answers of the report worker about what sends brought by day and hour."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import orjson

from nudge.config.documents.configuration import Configuration
from nudge.domain.reports.report_time import lake_of
from nudge.domain.sms.effect_question import EffectQuestion
from nudge.lake.files.reader import Lake
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.workers.reports.report_loop import JobAnswer, QuestionKind, Tell

SEND_EFFECTS: Final = "sms_effects"
KEPT: Final = 600.0


def send_kind(store: Store, settings: Settings) -> QuestionKind:
    """Return the kind of questions about sends."""
    return QuestionKind(SEND_EFFECTS, partial(_answer, store, settings), KEPT)


def _answer(store: Store, settings: Settings, plain: Mapping[str, Any], tell: Tell) -> JobAnswer:
    # The engine takes a second and 100 MB to import: it is loaded with the first question.
    from nudge.flows.reports.send_effects import effects_answer  # noqa: PLC0415
    from nudge.lake.engine.engines import named_engine  # noqa: PLC0415

    rhythm = Configuration(settings, store.documents.current()).rhythm
    question = EffectQuestion.read(plain)
    caught_up = store.freshness.read()  # before the lake is looked at
    tell(0.0)
    lake, spill = Lake(settings.lake_dir), settings.data_dir / "reports"
    with named_engine(lake, settings.lake_engine, spill) as (backend, contents):
        head = lake_of(contents.since(), question.calendar)
        found = head | effects_answer(backend, question, rhythm)
        return JobAnswer(orjson.dumps(found), caught_up.as_of(contents.watermarks()))
