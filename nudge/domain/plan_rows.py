"""A file of customers to plan, and the rows that come out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from nudge.domain.loading import customer
from nudge.domain.planning import ZONE, Wish

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
"""Of the file that comes out; the last but one three are JSON."""
TABLES: Final = frozenset({"blocked", "decisions", "displaces"})


def wish_of(row: Mapping[str, object], purpose: str, slots: tuple[str, ...]) -> Wish | str:
    """The question of a row, or what is wrong with it; the message repeats nothing of the row.

    Args:
        row: column -> value; text where the file is CSV. What is neither `visitor_id`, `zone` nor
            `purpose` is context.
        purpose: where the row has none.
        slots: what else is chosen.
    """
    told = {name: value for name, value in row.items() if name != "msisdn"}
    found = customer(told, "")
    if isinstance(found, str):
        return found
    context = dict(found.known)
    zone, own = context.pop(ZONE, None), context.pop(PURPOSE, None)
    return Wish(
        visitor_id=found.visitor_id,
        slots=slots,
        context=context,
        purpose=str(own) if own else purpose,
        zone=str(zone) if zone else None,
    )


def refused(visitor_id: object, message: str) -> dict[str, Any]:
    """What comes out for a row that could not be read."""
    named = visitor_id if isinstance(visitor_id, str) else ""
    return {"visitor_id": named, "reason": INVALID, "message": message}


def flat(line: Mapping[str, Any]) -> dict[str, Any]:
    """An answer as a row of text and numbers, with every column."""
    row = {name: line.get(name) for name in COLUMNS}
    for name in TABLES:
        row[name] = orjson.dumps(row[name]).decode() if row[name] else None
    return row
