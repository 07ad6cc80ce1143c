"""The forms of reports, evaluations and jobs, for the OpenAPI document."""

from __future__ import annotations

from typing import Final

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
from nudge.api.schemas.slots import (
    FiguresSchema,
    GuardLookSchema,
    PolicySchema,
    VariantFiguresSchema,
)
from nudge.config.slot_fields import StrictTable, field_texts
from nudge.domain.changes.compared_questions import COMPARES
from nudge.domain.reports.questions import DIMENSIONS, FORMATS, TARGETS
from nudge.store.keeping.work_figures import JOB_KINDS


class JobSchema(Schema):
    """A question that a worker answers."""

    job_id = ma.String(required=True)
    kind = ma.String(required=True, validate=validate.OneOf(JOB_KINDS))
    state = ma.String(
        required=True, validate=validate.OneOf(("waiting", "running", "done", "failed"))
    )
    progress = ma.Float(required=True, metadata={"description": "from 0 to 1"})
    question = ma.Dict(required=True)
    asked_at = ma.String(required=True, metadata={"format": "date-time"})
    finished_at = ma.String(required=True, allow_none=True, metadata={"format": "date-time"})
    as_of = ma.String(required=True, allow_none=True, metadata={"format": "date-time"})
    code = ma.String(required=True, metadata={"description": "of the error; empty without one"})
    message = ma.String(required=True)
    result = ma.Dict(
        required=True,
        allow_none=True,
        metadata={"description": "the answer once it is done; null for a file: ask for it again"},
    )


class NeedSchema(Schema):
    """A segment's need for a variant that does not lead on average."""

    variant = ma.String(required=True)
    segment = ma.Dict(
        keys=ma.String(),
        values=ma.String(),
        required=True,
        metadata={"description": "dimension and value; other: all values without a segment"},
    )
    leads = ma.Boolean(
        required=True, metadata={"description": "it is seen to lead there; false: it may"}
    )


class SentenceSchema(TranslatedSchema):
    """A verdict in words."""

    kind = ma.String(required=True, validate=validate.OneOf(("winner", "too_early", "cannot_tell")))
    reason = ma.String(required=True)
    winner = ma.String(required=True, allow_none=True)
    leader = ma.String(required=True, allow_none=True)
    second = ma.String(required=True, allow_none=True)
    since = ma.String(
        required=True,
        allow_none=True,
        metadata={
            "format": "date",
            "description": "first day from which on the verdict has held without a break, by the "
            "exposures of the period up to each day's end; null while it is open",
        },
    )
    lead = ma.Dict(
        required=True,
        allow_none=True,
        metadata={"description": "of the leader over the second, as a share: value, low, high"},
    )
    can_be_stopped = ma.List(
        ma.String(),
        required=True,
        metadata={"description": "variants that no segment of the slot's context needs"},
    )
    personal_gain = ma.Dict(
        required=True,
        allow_none=True,
        metadata={
            "description": "of a policy that chooses by context over the best single variant, as "
            "a share, for one look: value, low, high; null for other policies and in segments"
        },
    )
    gain_over_fallback = ma.Dict(
        required=True,
        allow_none=True,
        metadata={"description": "of the same policy over each page's fallback: value, low, high"},
    )
    needed_by = ma.List(
        ma.Nested(NeedSchema),
        required=True,
        metadata={"description": "variants that do not lead on average, and who needs them"},
    )


class SectionSchema(Schema):
    """Figures, estimates and the verdict of a slot or of a segment of it."""

    hidden = hidden_field()
    exposures = ma.Integer(required=True, metadata={"description": "that the policy drew"})
    conversions = ma.Integer(metadata={"description": "so far"})
    expected_conversions = ma.Float(metadata={"description": "when all windows have closed"})
    rate = ma.Float(allow_none=True)
    revenue = ma.Float(metadata={"description": "yuan"})
    revenue_per_exposure = ma.Float(allow_none=True)
    open = ma.Integer(metadata={"description": "exposures whose window has not closed"})
    degraded = ma.Integer(metadata={"description": "exposures without the visitor's state"})
    left_out = ma.Integer(
        metadata={"description": "exposures in which some compared variant was not possible"}
    )
    by_reason = ma.Dict(metadata={"description": "reason -> figures"})
    variants = ma.List(
        ma.Dict(),
        metadata={
            "description": "`title` (zh, en), figures, `estimate` (AIPW; one look), `always` (at "
            "every look), "
            "`chance_to_be_best`, `expected_loss`, `lift` over the holdout, `share`"
        },
    )
    change = ma.Dict(
        metadata={
            "description": "with `compare`: figures `now` and `before` of exposures whose reward "
            "is final, and the change of rate and revenue; so in `variants`"
        }
    )
    lift = ma.Dict(
        allow_none=True,
        metadata={
            "description": "policy over holdout, as a share; `hidden`, without figures, where one "
            "of them has fewer than 20 people, and so with the lifts below"
        },
    )
    lift_usual = ma.Dict(
        allow_none=True,
        metadata={
            "description": "policy over the group `usual`, which got the operator's own rule, as "
            "a share, with a sentence in `zh` and `en`; null without such a group"
        },
    )
    usual_over_holdout = ma.Dict(
        allow_none=True, metadata={"description": "the group `usual` over the holdout, as a share"}
    )
    lift_usual_since_revision = ma.Integer(
        allow_none=True,
        metadata={
            "description": "first revision whose exposures are in `lift_usual`: the rule was "
            "another one before; null where all are"
        },
    )
    capped = ma.Dict(
        allow_none=True,
        metadata={
            "description": "yuan above `cap` of one exposure, which estimates, lifts and verdict "
            "leave out, and of how many `exposures`; null where yuan are not compared"
        },
    )
    lift_since_revision = ma.Integer(
        allow_none=True,
        metadata={
            "description": "first revision whose exposures are in `lift`: the holdout was shown "
            "another variant before; null where all are"
        },
    )
    matured = ma.Dict(metadata={"description": "the same, of exposures whose rewards are final"})
    mismatch = ma.Dict(metadata={"description": "do shares contradict the propensities"})
    verdict = ma.Nested(SentenceSchema, required=True)
    preliminary = ma.Nested(SentenceSchema, allow_none=True)


class SegmentSectionSchema(SectionSchema):
    """A section of one segment."""

    segment = ma.Dict(required=True, metadata={"description": "dimension -> value, null: unknown"})
    other = ma.Boolean(required=True, metadata={"description": "all values not told apart"})


class FloorRangeSchema(Schema):
    """The floors with which the policy drew; null where no decision of the report has one."""

    lowest = ma.Float(required=True, allow_none=True)
    highest = ma.Float(required=True, allow_none=True)


class PrefillQualitySchema(Schema):
    """Exposures of a variant whose number was kept or typed over; null for fewer than 20 people."""

    prefill_kept = ma.Integer(required=True, allow_none=True)
    prefill_edited = ma.Integer(required=True, allow_none=True)


class ComparedSchema(TranslatedSchema):
    """The comparison of a report with the period or the revision before, in words too."""

    compare = ma.String(required=True, data_key="with", validate=validate.OneOf(COMPARES))
    start = ma.String(
        required=True, data_key="from", allow_none=True, metadata={"format": "date-time"}
    )
    end = ma.String(required=True, data_key="to", allow_none=True, metadata={"format": "date-time"})
    revision = ma.Integer(
        required=True, allow_none=True, metadata={"description": "that is compared with"}
    )
    until = ma.String(
        required=True,
        allow_none=True,
        metadata={
            "format": "date-time",
            "description": "exposures from then on are not compared, as their rewards may still "
            "come; null where all are compared",
        },
    )
    interval_level = ma.Float(required=True)


class QuarantinedSchema(Schema):
    """A quarantine that leaves exposures out of a report."""

    id = ma.String(required=True)
    start = ma.String(required=True, data_key="from", metadata={"format": "date-time"})
    end = ma.String(required=True, data_key="to", metadata={"format": "date-time"})
    scope = ma.Dict(
        keys=ma.String(),
        values=ma.String(),
        required=True,
        metadata={"description": "`channel` or `method`; empty for everything"},
    )
    status = ma.String(required=True, metadata={"description": "`marked` or `discarded`"})
    why = ma.String(required=True)
    exposures = ma.Integer(required=True)


class ReportSchema(Schema):
    """A slot's report, made from the lake."""

    slot = ma.String(required=True)
    revision = ma.Integer(required=True)
    as_of = ma.String(
        required=True,
        metadata={"format": "date-time", "description": "all that was logged by then is in it"},
    )
    start = ma.String(
        required=True, data_key="from", allow_none=True, metadata={"format": "date-time"}
    )
    end = ma.String(required=True, data_key="to", allow_none=True, metadata={"format": "date-time"})
    where = ma.Dict(
        required=True,
        metadata={
            "description": "dimension -> value that all exposures have, a range (from, to; null "
            "for no end), or a list of these"
        },
    )
    lake = ma.Nested(LakeSchema, required=True)
    compare = ma.Nested(
        ComparedSchema, metadata={"description": "only where the question has `compare`"}
    )
    objective = ma.String(required=True)
    interval_level = ma.Float(required=True)
    verdict_alpha = ma.Float(required=True)
    comparisons = ma.Integer(required=True)
    by = ma.List(ma.String(), required=True)
    whole = ma.Nested(SectionSchema, required=True)
    segments = ma.List(ma.Nested(SegmentSectionSchema), required=True)
    allocation = ma.Dict(required=True, metadata={"description": "exposures over time"})
    floor = ma.Nested(FloorRangeSchema, required=True)
    delay = ma.Dict(required=True, metadata={"description": "of conversions"})
    quarantined = ma.Integer(required=True, metadata={"description": "exposures in outages"})
    quarantines = ma.List(
        ma.Nested(QuarantinedSchema),
        required=True,
        metadata={"description": "what left them out, and why"},
    )
    prefilled = ma.Dict(
        keys=ma.String(),
        values=ma.Nested(PrefillQualitySchema),
        required=True,
        metadata={"description": "by variant; empty for slots that fill nothing in"},
    )


class GuardStandsSchema(Schema):
    """The state of a slot's harm guard."""

    mode = ma.String(required=True, metadata={"description": "of the slot"})
    last = ma.Nested(GuardLookSchema, required=True, allow_none=True)


class PerformanceSchema(Schema):
    """Figures of a slot: counts of this second, and all that is inferred from its newest report.

    `variants`, `total` and `by_reason` are there where nothing is asked. Their exposures,
    conversions and revenue are totals of all time at `counted_at`; every other figure of theirs
    is that of `report`, null until there is one. `report` is made from the lake.
    """

    slot = ma.String(required=True)
    revision = ma.Integer(required=True)
    objective = ma.String(required=True)
    policy = ma.Nested(PolicySchema, required=True)
    definition = definition_field()
    as_of = ma.String(
        allow_none=True,
        metadata={
            "format": "date-time",
            "description": "of the report, and so of all that is inferred; null until there is one",
        },
    )
    counted_at = ma.String(
        metadata={"format": "date-time", "description": "when the totals were read"}
    )
    interval_level = ma.Float()
    variants = ma.List(ma.Nested(VariantFiguresSchema))
    total = ma.Nested(FiguresSchema)
    by_reason = ma.Dict(keys=ma.String(), values=ma.Nested(FiguresSchema))
    guard = ma.Nested(
        GuardStandsSchema, metadata={"description": "of slots with a guard: what it saw last"}
    )
    report = ma.Nested(ReportSchema, required=True, allow_none=True)
    job = ma.Nested(
        JobSchema,
        required=True,
        allow_none=True,
        metadata={"description": "makes a newer report; null where there is none"},
    )


class EvaluationSchema(Schema):
    """An estimate of what another policy would have got."""

    slot = ma.String(required=True)
    target = ma.String(required=True)
    as_of = ma.String(required=True, metadata={"format": "date-time"})
    start = ma.String(
        required=True, data_key="from", allow_none=True, metadata={"format": "date-time"}
    )
    end = ma.String(required=True, data_key="to", allow_none=True, metadata={"format": "date-time"})
    lake = ma.Nested(LakeSchema, required=True)
    definition = definition_field()
    n = ma.Integer(required=True)
    ess = ma.Float(required=True, allow_none=True)
    max_weight = ma.Float(required=True, allow_none=True)
    answerable = ma.Boolean(required=True)
    why = ma.String(required=True, allow_none=True)
    sentence = ma.Nested(
        TranslatedSchema,
        required=True,
        metadata={"description": "the answer in words, or why there is none"},
    )
    on_policy = ma.Float(required=True, allow_none=True)
    estimators = ma.Dict(required=True)
    left_out = ma.Dict(required=True, metadata={"description": "why rows do not count -> rows"})


AskedSchema: Final = StrictTable.from_dict(
    {
        "target": ma.String(required=True, **field_texts(f"use {TARGETS}")),
        "from": ma.Raw(allow_none=True, metadata={"description": TIME}),
        "to": ma.Raw(allow_none=True, metadata={"description": TIME}),
    },
    name="AskedEvaluation",
)
"""An evaluation's question: the other policy, and the decisions to judge it on."""


PARAMETERS: Final = (
    query_parameter("from", f"exposures from then on: {TIME}"),
    query_parameter("to", f"exposures before then: {TIME}"),
    query_parameter(
        "by", f"one or two of {', '.join(DIMENSIONS)}, context.NAME; with commas between"
    ),
    query_parameter(
        "where",
        "only exposures with these values, as `by` shows them: channel:wap,channel:app,page:home; "
        f"{FILTER}; dimensions are {', '.join(DIMENSIONS)}, context.NAME",
    ),
    query_parameter(
        "compare",
        "with the week, month or quarter before (without `from`: of the calendar's one in which "
        "the period ends), or the revision before",
        enum=list(COMPARES),
    ),
    query_parameter("format", "of the report", enum=list(FORMATS)),
)
