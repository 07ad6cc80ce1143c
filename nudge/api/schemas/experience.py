"""Schema of the experience report, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, validate
from marshmallow import fields as ma

from nudge.api.operation import query_parameter
from nudge.api.schemas.figure_fields import (
    FILTER,
    TIME,
    LakeSchema,
    TranslatedSchema,
    definition_field,
    hidden_field,
)
from nudge.domain.care.experience.experience_query import COMPARES, DIMENSIONS
from nudge.domain.reports.questions import FORMATS

_VERDICT: Final = validate.OneOf(("better", "worse", "unclear"))


def _interval(*, unknown: bool = False) -> ma.List[Any]:
    return ma.List(ma.Float(), required=True, allow_none=unknown)


class ScoreFiguresSchema(Schema):
    """The scores that people gave in a period."""

    scores = ma.Integer(required=True)
    people = ma.Integer(required=True)
    mean = ma.Float(required=True, metadata={"description": "points, 0 to 10"})
    interval = _interval()
    low_share = ma.Float(required=True, metadata={"description": "share of scores `low` and below"})
    low_interval = _interval()


class FigureChangeSchema(Schema):
    """The change of a figure, judged together with all others of the report."""

    value = ma.Float(required=True, allow_none=True)
    interval = _interval(unknown=True)
    level = ma.Float(
        required=True, allow_none=True, metadata={"description": "of the interval and the verdict"}
    )
    verdict = ma.String(required=True, validate=_VERDICT)


class ExperienceChangeSchema(TranslatedSchema):
    """The change of a cell's figures against the time before, in words, too."""

    verdict = ma.String(required=True, validate=_VERDICT)
    score = ma.Nested(FigureChangeSchema, required=True)
    low_share = ma.Nested(FigureChangeSchema, required=True)


class ScoreCellSchema(Schema):
    """The scores of a cell: of all of them, or of those with the same values."""

    values = ma.Dict(
        keys=ma.String(),
        values=ma.String(),
        required=True,
        metadata={"description": "dimension -> value; empty: unknown"},
    )
    name = ma.Nested(TranslatedSchema, required=True)
    hidden = hidden_field()
    scores = ma.Integer()
    people = ma.Integer()
    mean = ma.Float(metadata={"description": "points, 0 to 10"})
    interval = ma.List(ma.Float())
    low_share = ma.Float(metadata={"description": "share of scores `low` and below"})
    low_interval = ma.List(ma.Float())
    before = ma.Nested(
        ScoreFiguresSchema,
        allow_none=True,
        metadata={"description": "null: nothing is compared, or too few people scored then"},
    )
    change = ma.Nested(
        ExperienceChangeSchema,
        allow_none=True,
        metadata={"description": "null: nothing is compared"},
    )


class ComparedScoresSchema(Schema):
    """The time that scores are compared with."""

    compare = ma.String(required=True, data_key="with", validate=validate.OneOf(COMPARES[:-1]))
    start = ma.String(required=True, data_key="from", metadata={"format": "date-time"})
    end = ma.String(required=True, data_key="to", metadata={"format": "date-time"})
    cells_with = ma.String(
        required=True,
        metadata={"description": "day, week or month: each cell with that before it; or as `with`"},
    )


class LowPhraseSchema(Schema):
    """A phrase that comes with low scores."""

    phrase = ma.String(required=True, metadata={"description": "# stands for any number"})
    people = ma.Integer(
        required=True, metadata={"description": "who wrote it beside a low score; at least 20"}
    )
    share_low = ma.Float(required=True)
    share_other = ma.Float(required=True)
    log_odds = ma.Float(required=True)
    interval = _interval()


class LowWordsSchema(TranslatedSchema):
    """The words that come with low scores."""

    answerable = ma.Boolean(required=True)
    why = ma.String(required=True, validate=validate.OneOf(("", "few_people", "store_away")))
    people_low = ma.Integer(required=True, allow_none=True)
    people_other = ma.Integer(required=True, allow_none=True)
    phrases = ma.List(ma.Nested(LowPhraseSchema), required=True)


class ExperienceSchema(Schema):
    """The experience report: scores by cell, what changed, and the words of low scores."""

    as_of = ma.String(
        required=True,
        metadata={"format": "date-time", "description": "time until which the log is included"},
    )
    start = ma.String(required=True, data_key="from", metadata={"format": "date-time"})
    end = ma.String(required=True, data_key="to", metadata={"format": "date-time"})
    lake = ma.Nested(LakeSchema, required=True)
    definition = definition_field()
    by = ma.List(ma.String(), required=True, metadata={"description": "dimensions; none: no cells"})
    where = ma.Dict(
        required=True,
        metadata={"description": "dimension -> value that all scores have, or a list; see `where`"},
    )
    compare = ma.Nested(
        ComparedScoresSchema,
        required=True,
        allow_none=True,
        metadata={"description": "null where nothing is compared"},
    )
    interval_level = ma.Float(required=True)
    low = ma.Integer(required=True, metadata={"description": "the highest score that is low"})
    headline = ma.Nested(TranslatedSchema, required=True)
    whole = ma.Nested(ScoreCellSchema, required=True)
    cells = ma.List(
        ma.Nested(ScoreCellSchema), required=True, metadata={"description": "most scores first"}
    )
    number_of_cells = ma.Integer(
        required=True, metadata={"description": "there are; the largest 100 are told"}
    )
    words = ma.Nested(LowWordsSchema, required=True)


PARAMETERS: Final = (
    query_parameter(
        "from", f"only scores given then or later; by default 4 weeks before `to`; {TIME}"
    ),
    query_parameter("to", f"only scores given before; by default now; {TIME}"),
    query_parameter(
        "by",
        f"up to three dimensions with commas between: {DIMENSIONS}, a context attribute, or none; "
        "by default scene",
    ),
    query_parameter(
        "where",
        "only scores with these values, as `by` shows them: scene:recharge,channel:app; "
        f"{FILTER}; dimensions are those of `by`, and variant:SLOT:VARIANT",
    ),
    query_parameter(
        "compare",
        "time to compare with: the one of the same length right before (before, the default), or "
        "the same time a week, month or quarter earlier, or none",
        enum=list(COMPARES),
    ),
    query_parameter("format", "json, or csv for spreadsheets", enum=list(FORMATS[:2])),
)
