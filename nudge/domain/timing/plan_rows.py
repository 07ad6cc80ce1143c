"""Rows of a file of visitors to plan, and of the file that comes out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Final

import orjson

from nudge.domain.people.loading import MSISDN, visitor_row
from nudge.domain.timing.plan_request import ZONE, PlanAnswer, PlanRequest, format_send_time

PURPOSE: Final = "purpose"
INVALID: Final = "invalid"
"""Reason of a row that could not be read."""
COLUMNS: Final = (
    "visitor_id",
    "send_at",
    "window",
    "decision_id",
    "propensity",
    "reason",
    "link_token",
    "sticky",
    "blocked",
    "decisions",
    "displaces",
    "message",
)
"""Columns of the file that comes out; `blocked`, `decisions` and `displaces` are JSON."""


def wish_of(row: Mapping[str, object], purpose: str, slots: tuple[str, ...]) -> PlanRequest | str:
    """Return the question of a row, or the error in it; the message repeats nothing of the row.

    Args:
        row: column -> value; text where the file is CSV. What is neither `visitor_id`, `zone` nor
            `purpose` is context.
        purpose: used where the row has none.
        slots: other slots that are decided.
    """
    if MSISDN in row:
        row = {name: value for name, value in row.items() if name != MSISDN}
    found = visitor_row(row, "")
    if isinstance(found, str):
        return found
    context = dict(found.known)
    zone, own = context.pop(ZONE, None), context.pop(PURPOSE, None)
    return PlanRequest(
        visitor_id=found.visitor_id,
        slots=slots,
        context=context,
        purpose=str(own) if own else purpose,
        zone=str(zone) if zone else None,
    )


Row = tuple[object, ...]
"""A value for each of `COLUMNS`."""


def refusal_row(visitor_id: object, message: str) -> Row:
    """Return the row that comes out for one that could not be read."""
    named = visitor_id if isinstance(visitor_id, str) else ""
    nothing = (None,) * (len(COLUMNS) - 3)
    return (named, *nothing[:4], INVALID, *nothing[4:], message)


def row_of(timing: PlanAnswer) -> Row:
    """Return the row of an answer: text and numbers."""
    decisions = {name: asdict(given) for name, given in timing.decisions.items()}
    return (
        timing.visitor_id,
        format_send_time(timing),
        timing.window,
        timing.decision_id,
        timing.propensity,
        timing.reason,
        timing.link_token,
        timing.sticky,
        _json(timing.blocked),
        _json(decisions),
        _json(timing.displaces),
        None,
    )


def _json(value: object) -> str | None:
    return orjson.dumps(value).decode() if value else None
