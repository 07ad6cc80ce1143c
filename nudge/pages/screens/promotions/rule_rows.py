"""Rows of a form and the rule that they make: attribute, comparison, value. Both ways."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from nudge.domain.basics.duration import parse_duration
from nudge.domain.slots.rule import ALL, ANY, ATTRIBUTE, NOT

NEGATED: Final[Mapping[str, str]] = {"is_not": "is", "not_in": "in"}
"""Comparison of a row -> the rule's, which must not hold."""
KNOWN: Final[Mapping[str, bool]] = {"known": True, "unknown": False}
"""Comparisons of a row that take no value."""
NUMBERS: Final = ("at_least", "at_most", "above", "below")
COMPARISONS: Final = (
    *("is", "is_not", "in", "not_in", *NUMBERS),
    *("between", "matches", "since", *KNOWN),
)
JOINTS: Final = (ALL, ANY)
_SPLIT: Final = re.compile(r"[,，、;；\n]")
_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")
_FLAGS: Final[Mapping[str, bool]] = {"true": True, "是": True, "false": False, "否": False}
_UNITS: Final = (
    *(("周", "w"), ("天", "d"), ("小时", "h"), ("分钟", "m"), ("分", "m")),
    *(("weeks", "w"), ("week", "w"), ("days", "d"), ("day", "d")),
    *(("hours", "h"), ("hour", "h"), ("minutes", "m"), ("minute", "m")),
)
"""How people write a unit of time -> how durations do."""
LEAST: Final = 2
"""Rows from which a group is needed."""


class RowError(ValueError):
    """A value that does not fit its comparison; the text is the comparison's kind of value."""


@dataclass(frozen=True)
class RuleRow:
    """A row of the form.

    Attributes:
        value: as it was typed.
        error: kind of the value that would fit; "" where it does.
    """

    attribute: str = ""
    comparison: str = "is"
    value: str = ""
    error: str = ""

    @property
    def is_empty(self) -> bool:
        """True for a row that nobody has filled in."""
        return not self.attribute and not self.value.strip()

    @property
    def table(self) -> dict[str, object]:
        """The row as a rule.

        Raises:
            RowError: attribute or value do not fit.
        """
        if not self.attribute:
            raise RowError("attribute")
        if self.comparison in KNOWN:
            return {ATTRIBUTE: self.attribute, "known": KNOWN[self.comparison]}
        name = NEGATED.get(self.comparison, self.comparison)
        rule: dict[str, object] = {ATTRIBUTE: self.attribute, name: VALUES[name](self.value)}
        return {NOT: rule} if self.comparison in NEGATED else rule


@dataclass(frozen=True)
class RuleRows:
    """The rows of a rule.

    Attributes:
        joint: `all` or `any` of the rows must hold.
        rows: none for a rule that everybody meets.
    """

    joint: str = ALL
    rows: tuple[RuleRow, ...] = ()

    def checked(self) -> RuleRows:
        """Return the rows that somebody filled in, each with its error."""
        return replace(self, rows=tuple(_checked(one) for one in self.rows if not one.is_empty))

    @property
    def has_errors(self) -> bool:
        """True where a row of `checked` does not fit."""
        return any(one.error for one in self.rows)

    @property
    def table(self) -> dict[str, object] | None:
        """The rule of rows without errors; None where there is none."""
        tables = [one.table for one in self.rows if not one.is_empty]
        if len(tables) < LEAST:
            return tables[0] if tables else None
        return {self.joint: tables}


def rows_of(rule: Mapping[str, Any] | None) -> RuleRows | None:
    """Return the rows of a rule; None where it is nested deeper than rows can show."""
    if rule is None:
        return RuleRows()
    joint = next((one for one in JOINTS if one in rule), None)
    rows = [_row(one) for one in (rule[joint] if joint else [rule])]
    found = tuple(one for one in rows if one is not None)
    return RuleRows(joint or ALL, found) if len(found) == len(rows) else None


def _row(rule: Mapping[str, Any]) -> RuleRow | None:
    inner = rule.get(NOT)
    if isinstance(inner, Mapping):
        row = _row(inner)
        negated = {base: name for name, base in NEGATED.items()}
        if row is None or row.comparison not in negated:
            return None
        return replace(row, comparison=negated[row.comparison])
    if ATTRIBUTE not in rule:
        return None
    ((name, value),) = ((k, v) for k, v in rule.items() if k != ATTRIBUTE)
    if name == "known":
        return RuleRow(rule[ATTRIBUTE], "known" if value else "unknown")
    return RuleRow(rule[ATTRIBUTE], name, _text(value))


def _text(value: object) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_text, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _checked(row: RuleRow) -> RuleRow:
    if row.comparison not in COMPARISONS:
        return replace(row, comparison="is", error="comparison")
    try:
        _ = row.table
    except RowError as error:
        return replace(row, error=str(error))
    return replace(row, error="")


def _scalar(text: str) -> object:
    word = text.strip()
    if not word:
        raise RowError("value")
    return _FLAGS.get(word.lower(), word)


def _list(text: str) -> object:
    words = [word.strip() for word in _SPLIT.split(text) if word.strip()]
    if not words:
        raise RowError("list")
    return [_FLAGS.get(word.lower(), word) for word in words]


def _number(text: str) -> object:
    if not _NUMBER.fullmatch(text.strip()) or len(text) > len("-1234567890.12345678"):
        raise RowError("number")
    return _plain(float(text))


def _range(text: str) -> object:
    found = [_plain(float(one)) for one in re.findall(r"\d+(?:\.\d+)?", text[:100])]
    if len(found) != len(("low", "high")) or found[0] > found[1]:
        raise RowError("range")
    return found


def _pattern(text: str) -> object:
    if not text.strip():
        raise RowError("value")
    return text.strip()


def _span(text: str) -> object:
    word = text.strip().lower().replace(" ", "")
    for long, short in _UNITS:
        word = word.removesuffix(long) + short if word.endswith(long) else word
    try:
        if parse_duration(word) > 0:
            return word
    except ValueError:
        pass
    raise RowError("span")


def _plain(value: float) -> float:
    return int(value) if value.is_integer() else value


VALUES: Final[Mapping[str, Callable[[str], object]]] = {
    "is": _scalar,
    "in": _list,
    **dict.fromkeys(NUMBERS, _number),
    "between": _range,
    "matches": _pattern,
    "since": _span,
}
"""Comparison of a rule -> reader of the value that was typed."""
