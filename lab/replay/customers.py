"""A row of the log as a customer: who, in what context, what was given, what came of it."""

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
"""An event without ids."""


@dataclass(frozen=True)
class ReplayRow:
    """One row.

    Attributes:
        row: number of the data row, from 1.
        name: identifies the customer in the file.
        context: attributes for the decision.
        logged: the variant that the customer was given.
        propensity: with which it was drawn.
        converted: the outcome happened.
        outcomes: the row's events, the reward's first.
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
    """Turns rows into customers.

    Attributes:
        source: of the log, for messages.
        mapping: of the log.
        kinds: attribute -> how its text is read.
    """

    source: str
    mapping: LogMapping
    kinds: Mapping[str, str]

    def read(self, number: int, row: Row) -> ReplayRow | None:
        """The customer of a row, or None where its variant is none of the slot's.

        Raises:
            InvalidConfigError: a value cannot be read; row, column and cure.
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
    """A reader, after a check that mapping, slot and file fit together.

    Args:
        source: of the log, for messages.
        mapping: of the log.
        attributes: the slot's.
        columns: the file's.

    Raises:
        InvalidConfigError: each attribute or column that does not exist.
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
    """What reads as a number is one."""
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
        raise ValueError("is no number; write one such as 12.5")
    return number


def _flag(value: object) -> bool:
    word = str(value).strip().lower()
    if word not in TRUE | FALSE:
        raise ValueError("is neither true nor false; write 1, true, yes or 0, false, no")
    return word in TRUE


def _happened(value: object) -> bool:
    if value in (None, ""):
        return False
    word = str(value).strip().lower()
    return word in TRUE or (word not in FALSE and _number(value) != 0)


def _probability(value: object) -> float:
    number = _number(value)
    if not 0 < number <= 1:
        raise ValueError("is no probability; write a number above 0, at most 1")
    return number


READERS: Mapping[str, Callable[[object], Scalar]] = {
    "flag": _flag,
    "number": _number,
    "category": str,
}
