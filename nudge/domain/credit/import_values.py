"""Values of a historical log's row: each is read as logs write it, or refused with a cure.

A message names the column and the mistake, and never repeats what stands in the row.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar, cast

from nudge.domain.basics.money import fen_of
from nudge.domain.journal.records import DecisionReason
from nudge.domain.slots.slot import Scalar, SlotAttribute
from nudge.domain.values.cells import parse_cell
from nudge.domain.values.flags import parse_flag
from nudge.domain.values.ids import parse_id
from nudge.domain.values.instants import parse_past
from nudge.domain.values.number_words import is_number
from nudge.domain.values.plain_text import parse_text
from nudge.domain.values.quantities import parse_quantity
from nudge.domain.values.refusal import ValueRefusedError

MOST_FEN: Final = 3_037_000_499
"""Most fen whose square the lake can hold."""
MOST_WHOLE: Final = 2**31 - 1
MOST_DRAW: Final = 2**64 - 1
LONGEST: Final = 200
"""Most characters of an attribute's text."""
Row = Mapping[str, Any]
Value = TypeVar("Value")


class RowError(ValueError):
    """A row that cannot be a decision; the text says why, and what would be right."""


def is_absent(value: object) -> bool:
    """Return True for a cell without a value."""
    return value is None or value == ""


def seconds_of(value: object, name: str, now: float) -> float:
    """Read a time that is not after now, in seconds.

    Raises:
        RowError: it is not a time, or one that no record has.
    """
    return by_door(lambda one: parse_past(one, now), value, name)


def by_door(door: Callable[[object], Value], value: object, name: str) -> Value:
    """Read a value of a column.

    Raises:
        RowError: its door refuses it, or it is missing.
    """
    if is_absent(value):
        raise RowError(f"{name} is missing; give it, or name its column in the mapping")
    try:
        return door(value)
    except ValueRefusedError as error:
        raise RowError(f"{name} {error}") from error


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
    return _no_phone(by_door(parse_quantity, value, name), name)


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
    return int(_no_phone(number, name))


def _no_phone(number: float, name: str) -> float:
    """Refuse a figure that is a phone number: no figure of a log is as large by chance."""
    if is_number(number):
        raise RowError(f"{name} holds a phone number; it is a column of figures")
    return number


def text_of(value: object, name: str) -> str:
    """Read a name, which may be absent.

    Raises:
        RowError: it is too long, or no text.
    """
    return "" if is_absent(value) else by_door(parse_id, value, name)


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


def typed(attribute: SlotAttribute | None, name: str, value: object) -> Scalar:
    """Convert a value by its attribute's kind: a log's text has no types.

    Raises:
        RowError: it cannot be an attribute.
    """
    if not isinstance(value, str):
        return by_door(parse_cell, value, name)
    if attribute is None or attribute.kind == "category":
        return by_door(lambda one: parse_text(one, LONGEST), value, name)
    try:
        return parse_flag(value) if attribute.kind == "flag" else parse_quantity(value)
    except ValueRefusedError:
        return None  # as when deciding: what is not known has a level of its own
