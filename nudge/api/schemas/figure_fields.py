"""Fields that all answers with figures share: definitions, hidden groups, sentences, the lake."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema
from marshmallow import fields as ma

from nudge.domain.reports.report_time import FEWEST

TIME: Final = (
    "seconds since the epoch, a date and time with its zone, or a date: a day of the operator's "
    "zone, which is in the period as `from` and as `to`"
)
"""The text about an end of a period."""
FILTER: Final = (
    "of a dimension that is named again any value fits; a range of numbers or dates is written "
    "100..300, 100.. or ..300, its ends included; a comma in a value is written \\, a point "
    "\\. and a backslash \\\\"
)
"""The form of a filter, for the document."""


class TranslatedSchema(Schema):
    """A sentence in Chinese and English."""

    zh = ma.String(required=True)
    en = ma.String(required=True)


class LakeSchema(Schema):
    """The part of the log that the lake behind an answer still holds."""

    start = ma.String(
        required=True,
        data_key="from",
        allow_none=True,
        metadata={
            "format": "date-time",
            "description": "all that was logged later is there; older days were removed. "
            "null: nothing was",
        },
    )


def definition_field() -> ma.Dict:
    """Make the field of an answer that tells where its figures are defined."""
    about = "figure -> path of the paragraph that defines it; a part is defined with its figure"
    return ma.Dict(
        keys=ma.String(),
        values=ma.String(),
        required=True,
        metadata={"description": about},
    )


def hidden_field(of: str = "people") -> ma.Boolean:
    """Make the field of a group that tells whether it is too small for figures.

    Args:
        of: what is counted: the people, or what no more people can be behind.
    """
    about = f"fewer than {FEWEST} {of}: no figures are told"
    return ma.Boolean(required=True, metadata={"description": about})
