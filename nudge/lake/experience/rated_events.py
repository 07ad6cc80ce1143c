"""Rated events: feedback with a score, in the periods of a question."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import ibis
from ibis.expr.types import Table

from nudge.domain.care.experience.experience_counts import LOW, MOST_SCORE, PARTS
from nudge.domain.care.experience.experience_query import ExperienceQuestion, FeedbackPeriod
from nudge.domain.funnel.funnel import UNKNOWN
from nudge.lake.reports.local_dates import timestamp

FEEDBACK: Final = "feedback"
OWN_FIELDS: Final = ("scene", "touch_point")
"""Fields of the event that are dimensions."""


def rated_events(events: Table, question: ExperienceQuestion) -> Table:
    """Select the feedback with a score that a question is about.

    Args:
        events: table of the lake.
        question: whose period, and that before, are meant.

    Returns:
        One row an event: `subject, partition, position, at, event_id, source, scene, touch_point,
        texted` (it came with a text), `score` in parts of a point, `low` (0 or 1), `now` and
        `before` (0 or 1: in the period, and in the one before).
    """
    rows = _within(events, FeedbackPeriod(question.first, question.period.end))
    rows = rows.filter(rows.type == FEEDBACK)
    nothing = ibis.null("string")
    rows = rows.select(
        *("subject", "partition", "position", "at", "event_id", "source"),
        **{name: rows.fields.get(name, nothing) for name in OWN_FIELDS},
        texted=rows.fields.get("has_text", nothing).fill_null(UNKNOWN) == "true",
        points=rows.fields.get("score", nothing).try_cast("float64"),
    )
    rows = rows.filter(rows.points.between(0.0, float(MOST_SCORE)))
    return rows.mutate(
        score=(rows.points * PARTS).round().cast("int64"),
        low=(rows.points <= LOW).cast("int64"),
        now=_is_in(rows, question.period),
        before=_is_in(rows, question.before),
    ).drop("points")


def _within(events: Table, span: FeedbackPeriod) -> Table:
    # What happened on a day was logged on that day or later: earlier files need not be opened.
    day = datetime.fromtimestamp(span.start, UTC).date()
    found = events.filter(events.date >= ibis.date(day))
    return found.filter(found["at"] >= timestamp(span.start), found["at"] < timestamp(span.end))


def _is_in(rows: Table, span: FeedbackPeriod | None) -> ibis.Value:
    if span is None:
        return ibis.literal(0, "int64")
    inside = (rows["at"] >= timestamp(span.start)) & (rows["at"] < timestamp(span.end))
    return inside.cast("int64")
