"""Parsing of a campaign log's rows: visitor, context, logged variant, propensity and outcome."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab.replay.mapping import ROW, EventRule, LogMapping
from nudge.domain.slots.slot import Scalar, SlotAttribute
from nudge.errors import InvalidConfigError

TRUE = frozenset({"1", "true", "yes"})
FALSE = frozenset({"0", "false", "no"})

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


@dataclass(frozen=True)
class RowReader:
    """A reader that parses the rows of a campaign log.

    Attributes:
        source: name of the log, for messages.
        kinds: attribute -> kind of its value, a key of `READERS`.
    """

    source: str
    mapping: LogMapping
    kinds: Mapping[str, str]

    def read(self, number: int, row: Row) -> ReplayRow | None:
        """Parse a row; None if its variant is not a variant of the slot.

        Raises:
            InvalidConfigError: a value is invalid; it names row, column and cure.
        """
        mapping = self.mapping
        logged = self._variant(row)
        if logged is None:
            return None
        rules = [
            rule for rule in (mapping.reward, *mapping.events) if self._true(number, row, rule)
        ]
        return ReplayRow(
            row=number,
            name=str(row.get(mapping.visitor_column, number)),
            context=self._context(number, row),
            logged=logged,
            propensity=self._propensity(number, row),
            converted=mapping.reward in rules,
            outcomes=tuple(_outcome(rule, row) for rule in rules),
        )

    def _variant(self, row: Row) -> str | None:
        word = str(row[self.mapping.variant_column])
        names = self.mapping.variant_names
        return names.get(word) if names else word

    def _context(self, number: int, row: Row) -> dict[str, Scalar]:
        pairs = ((name, column, row[column]) for name, column in self.mapping.context.items())
        return {
            name: self._as(number, column, value, READERS[self.kinds[name]])
            for name, column, value in pairs
            if value not in (None, "")
        }

    def _propensity(self, number: int, row: Row) -> float:
        given = self.mapping.propensity
        if isinstance(given, float):
            return given
        found = self._as(number, given, row[given], _probability)
        return float(found or 0)

    def _true(self, number: int, row: Row, rule: EventRule) -> bool:
        return bool(self._as(number, rule.when, row[rule.when], _happened))

    def _as(
        self, number: int, column: str, value: object, read: Callable[[object], Scalar]
    ) -> Scalar:
        try:
            return read(value)
        except ValueError as error:
            text = f"{self.source}: row {number}: {column}: {value!r} {error}"
            raise InvalidConfigError([text]) from error


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
        f"the file has {', '.join(columns)}"
        for name in mapping.columns
        if name not in columns and (name, name) != (mapping.visitor_column, ROW)
    ]
    if wrong:
        raise InvalidConfigError(wrong)
    return RowReader(source, mapping, kinds)


def _outcome(rule: EventRule, row: Row) -> Outcome:
    found = {name: _plain(row[column]) for name, column in rule.fields.items()}
    return {"type": rule.type} | {name: v for name, v in found.items() if v not in (None, "")}


def _plain(value: object) -> Scalar:
    """Convert a value that reads as a number to one; keep other text."""
    if value is None or isinstance(value, bool | int):
        return value
    try:
        return _number(value)
    except ValueError:
        return str(value)


def _number(value: object) -> float:
    try:
        number = float(str(value))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError("is not a number; write one such as 12.5")
    return number


def _flag(value: object) -> bool:
    word = str(value).strip().lower()
    if word not in TRUE | FALSE:
        raise ValueError("is not a flag; write 1, true, yes or 0, false, no")
    return word in TRUE


def _happened(value: object) -> bool:
    if value in (None, ""):
        return False
    word = str(value).strip().lower()
    return word in TRUE or (word not in FALSE and _number(value) != 0)


def _probability(value: object) -> float:
    number = _number(value)
    if not 0 < number <= 1:
        raise ValueError("is not a probability; write a number above 0, at most 1")
    return number


READERS: Mapping[str, Callable[[object], Scalar]] = {
    "flag": _flag,
    "number": _number,
    "category": str,
}
