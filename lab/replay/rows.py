"""Parsing of a campaign log's rows: visitor, context, logged variant, propensity and outcome."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab.replay.mapping import ROW, EventRule, LogMapping
from nudge.domain.slots.slot import Scalar, SlotAttribute
from nudge.domain.values.amounts import parse_amount
from nudge.domain.values.flags import parse_flag
from nudge.domain.values.ids import parse_id
from nudge.domain.values.refusal import ValueRefusedError
from nudge.domain.values.words import parse_word
from nudge.errors import InvalidConfigError
from nudge.lake.intake.header import shown_names

LONGEST_NAME = 80
"""Most characters of a visitor's id in the file: prefix, run and event's number come to it."""
LONGEST_WORD = 200
LARGEST = 1e15
AMOUNT = "amount"

Row = Mapping[str, object]
Outcome = Mapping[str, Any]
"""Event without ids."""


@dataclass(frozen=True)
class ReplayRow:
    """A parsed row of a campaign log: one visitor with the logged variant and its outcome.

    Attributes:
        row: number of the data row, from 1.
        name: id of the visitor in the file.
        context: attributes for the decision.
        logged: variant that the visitor really got.
        propensity: probability with which it was drawn, in (0, 1].
        converted: the outcome happened.
        outcomes: events of the row, the reward's first.
    """

    row: int
    name: str
    context: Mapping[str, Scalar]
    logged: str
    propensity: float
    converted: bool
    outcomes: tuple[Outcome, ...]


class ReplayRowError(ValueError):
    """A row that cannot be replayed; the text says why, and what would be right."""


@dataclass(frozen=True)
class RowReader:
    """A reader that parses the rows of a campaign log.

    Attributes:
        kinds: attribute -> kind of its value, a key of `READERS`.
    """

    mapping: LogMapping
    kinds: Mapping[str, str]

    def read(self, number: int, row: Row) -> ReplayRow | None:
        """Parse a row; None if its variant is not a variant of the slot.

        Args:
            number: of the row, from 1: the visitor's id where the file has none.
            row: column -> value.

        Raises:
            ReplayRowError: a value is invalid; it names column and cure and nothing of the row.
        """
        mapping = self.mapping
        logged = self._variant(row)
        if logged is None:
            return None
        rules = [rule for rule in (mapping.reward, *mapping.events) if self._true(row, rule)]
        return ReplayRow(
            row=number,
            name=self._name(number, row),
            context=self._context(row),
            logged=logged,
            propensity=self._propensity(row),
            converted=mapping.reward in rules,
            outcomes=tuple(_outcome(rule, row) for rule in rules),
        )

    def _name(self, number: int, row: Row) -> str:
        column = self.mapping.visitor_column
        if column not in row:
            return str(number)
        return str(_parsed(column, row[column], lambda value: parse_id(value, LONGEST_NAME)))

    def _variant(self, row: Row) -> str | None:
        value = row[self.mapping.variant_column]
        word = "" if value is None else str(value).strip()
        names = self.mapping.variant_names
        return names.get(word) if names else word

    def _context(self, row: Row) -> dict[str, Scalar]:
        pairs = ((name, column, row[column]) for name, column in self.mapping.context.items())
        return {
            name: _parsed(column, value, READERS[self.kinds[name]])
            for name, column, value in pairs
            if value not in (None, "")
        }

    def _propensity(self, row: Row) -> float:
        given = self.mapping.propensity
        if isinstance(given, float):
            return given
        return float(_parsed(given, row[given], _probability) or 0)

    def _true(self, row: Row, rule: EventRule) -> bool:
        return bool(_parsed(rule.when, row[rule.when], _happened))


def _parsed(column: str, value: object, read: Callable[[object], Scalar]) -> Scalar:
    try:
        return read(value)
    except ValueError as error:
        raise ReplayRowError(f"{column}: {error}") from error


def reader(
    source: str,
    mapping: LogMapping,
    attributes: Sequence[SlotAttribute],
    columns: Sequence[str],
) -> RowReader:
    """Make a row reader, after a check that mapping, slot and file fit together.

    Args:
        source: name of the log, for messages.
        mapping: mapping of the log.
        attributes: attributes of the slot.
        columns: columns of the file.

    Raises:
        InvalidConfigError: attributes or columns do not exist; it lists them all.
    """
    kinds: dict[str, str] = {attribute.name: attribute.kind for attribute in attributes}
    wrong = [
        f"{mapping.source}: context.{name}: the slot {mapping.slot} has no such attribute; "
        f"use one of {', '.join(kinds) or 'none'}"
        for name in mapping.context
        if name not in kinds
    ]
    wrong += [
        f"{source}: no column {name!r}, which {mapping.source} names; "
        f"the file has {shown_names(columns)}"
        for name in mapping.columns
        if name not in columns and (name, name) != (mapping.visitor_column, ROW)
    ]
    if wrong:
        raise InvalidConfigError(wrong)
    return RowReader(mapping, kinds)


def _outcome(rule: EventRule, row: Row) -> Outcome:
    found = {name: _field(name, column, row[column]) for name, column in rule.fields.items()}
    return {"type": rule.type} | {name: v for name, v in found.items() if v not in (None, "")}


def _field(name: str, column: str, value: object) -> Scalar:
    if value in (None, ""):
        return None
    return _parsed(column, value, parse_amount if name == AMOUNT else _plain)


def _plain(value: object) -> Scalar:
    """Convert a value that reads as a number to one; keep other text."""
    if isinstance(value, bool | int):
        return value
    try:
        return _number(value)
    except ValueError:
        return _word(value)


def _word(value: object) -> str:
    return parse_word(str(value), LONGEST_WORD)


def _number(value: object) -> float:
    try:
        number = float(str(value))
    except ValueError:
        number = math.nan
    if not abs(number) <= LARGEST:
        raise ValueError("is not a number; write one such as 12.5")
    return number


def _happened(value: object) -> bool:
    if value in (None, ""):
        return False
    try:
        return parse_flag(value)
    except ValueRefusedError:
        return _number(value) != 0


def _probability(value: object) -> float:
    number = _number(value)
    if not 0 < number <= 1:
        raise ValueError("is not a probability; write a number above 0, at most 1")
    return number


READERS: Mapping[str, Callable[[object], Scalar]] = {
    "flag": parse_flag,
    "number": _number,
    "category": _word,
}
