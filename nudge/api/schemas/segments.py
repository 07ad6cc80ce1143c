"""Schemas of segments, their members and their offers, for the OpenAPI document."""

from __future__ import annotations

from marshmallow import Schema, validate
from marshmallow import fields as ma

from nudge.api.schemas.figure_fields import definition_field
from nudge.domain.offers.segment_offers import Eligible


def _words(text: str) -> ma.Dict:
    return ma.Dict(
        keys=ma.String(), values=ma.String(), required=True, metadata={"description": text}
    )


def _as_of() -> ma.String:
    text = "moment up to which everybody is judged; null before anything is known"
    return ma.String(
        required=True, allow_none=True, metadata={"format": "date-time", "description": text}
    )


class SegmentSchema(Schema):
    """A segment, its rule, and how many belong to it now."""

    segment = ma.String(required=True, metadata={"description": "`KIND.NAME`"})
    kind = ma.String(required=True)
    name = ma.String(required=True)
    title = _words("by language; empty where it has none")
    rule = ma.Dict(required=True)
    words = _words("the rule in words: `zh`, `en`")
    count = ma.Integer(required=True, metadata={"description": "members now"})


class SegmentsSchema(Schema):
    """All segments, by kind, in the order in which they are asked."""

    as_of = _as_of()
    definition = definition_field()
    segments = ma.List(ma.Nested(SegmentSchema), required=True)


class SegmentDaySchema(Schema):
    """The members of a segment at the end of a day."""

    date = ma.String(required=True, metadata={"format": "date"})
    count = ma.Integer(required=True)
    joined = ma.Integer(required=True)
    left = ma.Integer(required=True)


class SegmentDetailSchema(SegmentSchema):
    """A segment with its counts over time."""

    as_of = _as_of()
    definition = definition_field()
    days = ma.List(
        ma.Nested(SegmentDaySchema),
        required=True,
        metadata={"description": "by day of the operator's calendar; the last may go on"},
    )


class SegmentMemberSchema(Schema):
    """A member of a segment."""

    subject = ma.String(
        required=True, metadata={"description": "of the visitor, as GET /v1/visitors/{id} tells it"}
    )
    since = ma.String(required=True, metadata={"format": "date-time"})
    because = ma.Dict(required=True, metadata={"description": "attribute of the rule -> value"})


class SegmentMembersSchema(Schema):
    """A page of members, in the order of their subjects."""

    segment = ma.String(required=True)
    as_of = _as_of()
    members = ma.List(ma.Nested(SegmentMemberSchema), required=True)
    next = ma.String(
        required=True, allow_none=True, metadata={"description": "`after` of the next page"}
    )


class OfferChannelSchema(Schema):
    """A channel by which an offer may go out."""

    channel = ma.String(required=True)
    consent = ma.String(
        required=True, allow_none=True, metadata={"description": "that it needs; null for pages"}
    )
    capacity = ma.Integer(
        required=True, allow_none=True, metadata={"description": "contacts in an hour"}
    )


class OfferFiguresSchema(Schema):
    """The figures of an offer among a segment's visitors."""

    exposures = ma.Integer(allow_none=True)
    conversions = ma.Integer(allow_none=True)
    rate = ma.Float(allow_none=True)
    revenue = ma.Float(allow_none=True)
    revenue_per_exposure = ma.Float(allow_none=True)
    interval = ma.Raw(allow_none=True)


class SegmentOfferSchema(Schema):
    """An offer, the part of the segment that may get it, its channels, and what it brought."""

    slot = ma.String(required=True)
    variant = ma.String(required=True)
    title = _words("by language; empty where it has none")
    eligible = ma.String(required=True, validate=validate.OneOf([str(one) for one in Eligible]))
    reason = ma.String(required=True, metadata={"description": "`open`, `person`, `rule`, ..."})
    sentence = _words("the reason in words: `zh`, `en`")
    channels = ma.List(ma.Nested(OfferChannelSchema), required=True)
    brought = ma.Nested(
        OfferFiguresSchema,
        required=True,
        allow_none=True,
        metadata={"description": "null: the slot's records lack the segment, or nothing is there"},
    )


class SegmentOffersSchema(Schema):
    """The table of offers and channels of a segment."""

    segment = ma.String(required=True)
    definition = definition_field()
    offers = ma.List(ma.Nested(SegmentOfferSchema), required=True)
    waiting = ma.List(
        ma.String(),
        required=True,
        metadata={"description": "slots whose figures are still being made; ask again"},
    )
    unrecorded = ma.List(
        ma.String(),
        required=True,
        metadata={"description": "slots whose [[context]] lacks the segment's kind"},
    )
