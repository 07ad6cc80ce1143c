"""Values of a historical log's row: each is read as logs write it, or refused with a cure.

A message names the column and the mistake, and never repeats what stands in the row.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, cast

from nudge.domain.basics.money import fen_of
from nudge.domain.basics.slot_values import instant
from nudge.domain.journal.records import DecisionReason
from nudge.domain.slots.slot import Scalar, SlotAttribute

FLAGS: Final = {"true": True, "1": True, "false": False, "0": False}
FIRST: Final = 946_684_800.0
MOST_FEN: Final = 3_037_000_499
"""Most fen whose square the lake can hold."""
MOST_WHOLE: Final = 2**31 - 1
MOST_DRAW: Final = 2**64 - 1
LONGEST: Final = 200
"""Most characters of a name."""
Row = Mapping[str, Any]


class RowError(ValueError):
    """A row that cannot be a decision; the text says why, and what would be right."""


def is_absent(value: object) -> bool:
    """Return True for a cell without a value."""
    return value is None or value == ""


def seconds_of(value: object, name: str, now: float) -> float:
    """Read a time as logs write it, in seconds.

    Raises:
        RowError: it is not a time, or lies before 2000 or after now.
    """
    if isinstance(value, datetime) and value.tzinfo is None:
        value = value.replace(tzinfo=UTC)  # the lake's timestamps are UTC
    if isinstance(value, str) and value.replace(".", "", 1).isdigit():
        value = float(value)
    found = instant(value)
    if found is None:
        raise RowError(f"{name} is not a time; write 2026-09-21T00:00:00+08:00")
    if not FIRST <= found <= now:
        raise RowError(f"{name} is not between 2000 and now; write 2026-09-21T00:00:00+08:00")
    return found


def worth(known_columns: Row, objective: str) -> tuple[int | None, int]:
    """Return conversions and fen; None where the decision was not exposed: it has no reward at all.

    Raises:
        RowError: the reward is not a number from 0 on.
    """
    conversions, value, reward = (
        known_columns["conversions"],
        known_columns["value_fen"],
        known_columns["reward"],
    )
    if not (is_absent(conversions) or is_absent(value)):
        hit = whole_of(conversions, "conversions", most=1)
        return hit, whole_of(value, "value_fen", most=MOST_FEN)
    if is_absent(reward):
        return None, 0
    number = number_of(reward, "reward")
    if number < 0:
        raise RowError("reward is not a number from 0 on")
    fen = fen_of(number) if objective == "revenue" else 0
    return int(number > 0), whole_of(fen, "reward in fen", most=MOST_FEN)


def reason_of(value: object) -> DecisionReason:
    """Return the reason of a row; `policy` where the row has none.

    Raises:
        RowError: the reason is unknown.
    """
    if is_absent(value):
        return DecisionReason.POLICY
    found = next((one for one in DecisionReason if one == value), None)
    if found is None:
        raise RowError(f"reason is unknown; use one of {', '.join(DecisionReason)}")
    return found


def number_of(value: object, name: str) -> float:
    """Read a finite number.

    Raises:
        RowError: it is none.
    """
    try:
        number = float(cast("str", value))
    except (TypeError, ValueError) as error:
        raise RowError(f"{name} is not a number") from error
    if not math.isfinite(number):
        raise RowError(f"{name} is not a finite number")
    return number


def whole_of(value: object, name: str, least: int = 0, most: int = MOST_WHOLE) -> int:
    """Read a whole number within bounds, also one that a tool wrote as 3.0.

    Raises:
        RowError: it is none.
    """
    text = value.strip() if isinstance(value, str) else ""
    if isinstance(value, int) or (text.isascii() and text.isdigit()):
        number = int(cast("str", value))
    else:
        real = number_of(value, name)
        if not real.is_integer():
            raise RowError(f"{name} is not a whole number")
        number = int(real)
    if not least <= number <= most:
        raise RowError(f"{name} is not between {least} and {most:,}")
    return number


def text_of(value: object, name: str) -> str:
    """Read a name, which may be absent.

    Raises:
        RowError: it is too long, or no text.
    """
    text = "" if value is None else str(value).strip()
    if len(text) > LONGEST or not text.isprintable():
        raise RowError(f"{name} is no plain text of at most {LONGEST} characters")
    return text


def table_of(value: object) -> dict[str, object]:
    """Read a table of names and values, or the pairs of a map; JSON text of either.

    Raises:
        RowError: it is none.
    """
    if is_absent(value):
        return {}
    try:
        found: Any = json.loads(value) if isinstance(value, str) else value
        return dict(found)
    except (TypeError, ValueError) as error:
        raise RowError("context is not a table of names and values") from error


def list_of(value: object, name: str) -> list[Any]:
    """Read a list that is not empty, or JSON text of one.

    Raises:
        RowError: it is none.
    """
    try:
        found = json.loads(value) if isinstance(value, str) and value else value
    except ValueError as error:
        raise RowError(f"{name} is not a list") from error
    if not isinstance(found, list | tuple) or not found:
        raise RowError(f"{name} is not a list")
    return list(found)


def typed(attribute: SlotAttribute | None, value: object) -> Scalar:
    """Convert a value by its attribute's kind: a log's text has no types."""
    if not isinstance(value, str) or attribute is None or attribute.kind == "category":
        return cast("Scalar", value)
    if attribute.kind == "flag":
        return FLAGS.get(value.lower())
    try:
        return float(value)
    except ValueError:
        return None
