"""Filters of a question: dimensions with the values, or ranges of values, that rows may have."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from nudge.domain.basics.calendar import parse_date
from nudge.domain.basics.local_time import date_of, month_range, week_range
from nudge.domain.values.closed_list import ClosedList
from nudge.domain.values.number_words import mask_numbers
from nudge.domain.values.refusal import ValueRefusedError
from nudge.errors import InvalidRequestError

MOST_VALUES: Final = 50
"""Values of one filter, ranges among them."""
SPAN: Final = ".."
"""Sign between the ends of a range."""
TEXTS: Final = ("channel", "page", "cell", "degraded")
"""Dimensions whose values have no order."""
_PIECE: Final = re.compile(r"\\[\\,.]|[^\\,]+|.", re.DOTALL)
_SIGNED: Final = re.compile(r"[<>≤≥]=?\s*-?[0-9]")
_ENDS: Final = "write {0}:100.. for at least, {0}:..300 for at most"
_NUMBER: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")


@dataclass(frozen=True)
class ValueRange:
    """A range of values, its ends included: of numbers, or of dates.

    Attributes:
        low: number or date, as text; empty for no end.
        high: the same.
    """

    low: str = ""
    high: str = ""

    def __str__(self) -> str:
        """Return the range as it is asked for."""
        return f"{self.low}{SPAN}{self.high}"

    @property
    def dated(self) -> bool:
        """True for a range of dates."""
        return parse_date(self.low or self.high) is not None


Where = tuple[tuple[str, str | ValueRange], ...]
"""Dimensions with a value, as text, that the rows have; empty text for an unknown one.

A dimension may come again: any of its values fits.
"""
NameReader = Callable[[str, str], tuple[str, str]]
"""Function of a dimension as it is asked for and the text behind it: returns both as the rows have
them, or refuses an unknown dimension."""


@dataclass(frozen=True)
class ValueForm:
    """The form of a dimension's values.

    Attributes:
        read: returns a value as the rows have it; None for another text.
        right: an example with its dimension.
        span: an example of a range.
    """

    read: Callable[[str], str | None]
    right: str
    span: str


def filter_of(text: str | None, named: NameReader) -> Where:
    r"""Return the filter of a text such as `channel:wap,channel:app,context.amount:100..300`.

    The first colon ends the dimension; later ones are of the value. In a value `\,` is a comma,
    `\\` a backslash and `\.` a point that is not of a range's sign.

    Args:
        text: as it is asked for; None for no filter.
        named: reads a dimension.

    Raises:
        InvalidRequestError: a part is no dimension with a value, or a value is there twice.
    """
    found = [_pair(part, named, plain=plain) for part, plain in _parts(text)] if text else []
    if len(set(found)) < len(found):
        raise wrong_filter("has a value twice; give each value of a dimension once")
    if len(found) > MOST_VALUES:
        raise wrong_filter(f"has too many values; give at most {MOST_VALUES}")
    return in_order(found)


def in_order(pairs: Sequence[tuple[str, str | ValueRange]]) -> Where:
    """Return a filter in the one order in which equal questions share an answer."""
    return tuple(sorted(pairs, key=lambda pair: (pair[0], str(pair[1]), str(type(pair[1])))))


def values_of(where: Where) -> dict[str, list[str | ValueRange]]:
    """Return the values of each dimension, any of which fits."""
    names = dict.fromkeys(name for name, _ in where)
    return {name: [value for one, value in where if one == name] for name in names}


def plain_where(where: Where) -> dict[str, object]:
    """Return a filter as JSON: dimension -> its value or range, or the list of these."""
    every = {name: list(map(_plain, some)) for name, some in values_of(where).items()}
    return {name: some[0] if len(some) == 1 else some for name, some in every.items()}


def filter_text(where: Where) -> str:
    """Return a filter as it is asked for, without backslashes."""
    return ",".join(f"{name}:{value}" for name, value in where)


def read_where(plain: object) -> Where:
    """Read a filter from its form as JSON; jobs of before have none."""
    pairs = plain.items() if isinstance(plain, Mapping) else ()
    return tuple(
        (str(name), _read(value))
        for name, values in pairs
        for value in (values if isinstance(values, list) else [values])
    )


def with_channels(where: Where, channels: ClosedList) -> Where:
    """Return a filter with its channels as they are kept: in any case and width.

    Raises:
        InvalidRequestError: a channel is none of the list.
    """
    try:
        return in_order(
            [
                (name, channels.parse(value) if name == "channel" and value else value)
                for name, value in where
            ]
        )
    except ValueRefusedError as error:
        raise wrong_filter(f"channel {error}") from error


def wrong_filter(what: str) -> InvalidRequestError:
    """Return the refusal of a filter."""
    return InvalidRequestError(f"where: {what}", {"where": [what]})


def _pair(part: str, named: NameReader, *, plain: bool) -> tuple[str, str | ValueRange]:
    name, colon, value = part.partition(":")
    # As in what is stored: a word with a number is found by its masked form.
    name, value = named(mask_numbers(name.strip()), mask_numbers(value.strip()))
    if not colon:
        raise wrong_filter(f"{name} does not fit; write a dimension and its value: {_right(name)}")
    if SPAN in value and not plain:
        return name, _range(name, value)
    if _SIGNED.match(value):
        raise wrong_filter(f"{name} has no sign such as {value[0]}; {_ENDS.format(name)}")
    form = _FORMS.get(name)
    if form is None or not value:
        return name, value
    known = form.read(value)
    if known is None:
        raise wrong_filter(f"{name} does not fit; write a dimension and its value: {form.right}")
    return name, known


def _range(name: str, text: str) -> ValueRange:
    if name in TEXTS or name.startswith("variant:"):
        cure = r"name each value, and write two points in a value as \.\."
        raise wrong_filter(f"{name} has no order, so no range {text}; {cure}")
    form = _FORMS.get(name, ValueForm(_bound, "", f"{name}:100..300, {name}:100.. or {name}:..300"))
    low, _, high = text.partition(SPAN)
    ends = [form.read(end.strip()) if end.strip() else "" for end in (low, high)]
    first, last = ends
    if first is None or last is None or not (first or last):
        cure = f"write a range as {form.span}; numbers or dates, both ends are in it"
        raise wrong_filter(rf"{name} has no range {text}; {cure}; a point in a text is written \.")
    found = ValueRange(first, last)
    if first and last:
        _check_order(name, found)
    return found


def _check_order(name: str, found: ValueRange) -> None:
    low, high = found.low, found.high
    dates = [parse_date(end) is not None for end in (low, high)]
    if dates[0] != dates[1]:
        raise wrong_filter(f"{name}:{found} has a date and a number; give two of a kind")
    if (low > high) if found.dated else (float(low) > float(high)):
        cure = f"write {name}:{high}{SPAN}{low}"
        if name == "hour":
            cure = f"over midnight write {name}:{low}{SPAN}23,{name}:00{SPAN}{high}"
        raise wrong_filter(f"{name}:{found} ends before it begins; {cure}")


def _right(name: str) -> str:
    form = _FORMS.get(name)
    return "channel:wap" if form is None else form.right


def _plain(value: str | ValueRange) -> object:
    if isinstance(value, str):
        return value
    return {"from": value.low or None, "to": value.high or None}


def _read(value: object) -> str | ValueRange:
    if isinstance(value, Mapping):
        return ValueRange(str(value["from"] or ""), str(value["to"] or ""))
    return str(value)


def _parts(text: str) -> list[tuple[str, bool]]:
    """Split a filter at its commas, but for those behind a backslash.

    Returns:
        Each part, and whether a point in it is said to be one: then it has no range.
    """
    parts, plain = [""], [False]
    for found in _PIECE.finditer(text):
        piece = found.group()
        if piece == ",":
            parts.append("")
            plain.append(False)
        elif piece == "\\":
            right = r"write \, for a comma in a value, \\ for a backslash, and \. for a point"
            raise wrong_filter(f"has a backslash alone; {right}")
        else:
            parts[-1] += piece.removeprefix("\\")
            plain[-1] |= piece == r"\."
    return list(zip(parts, plain, strict=True))


def _number(text: str) -> str | None:
    return text if _NUMBER.fullmatch(text) else None


def _bound(text: str) -> str | None:
    """Return an end of a range over an attribute: a number, or a date."""
    return text if parse_date(text) is not None else _number(text)


def _day(text: str) -> str | None:
    return None if parse_date(text) is None else text


def _monday(text: str) -> str | None:
    day = parse_date(text)
    return text if day is not None and week_range(day)[0] == day else None


def _first(text: str) -> str | None:
    day = parse_date(f"{text}-01" if re.fullmatch(r"\d{4}-\d{2}", text) else text)
    return None if day is None or month_range(day)[0] != day else date_of(day).isoformat()


def _count(text: str) -> str | None:
    return str(int(text)) if re.fullmatch(r"[0-9]{1,15}", text) else None


def _hour(text: str) -> str | None:
    return text.zfill(2) if re.fullmatch(r"[01]?[0-9]|2[0-3]", text) else None


def _weekday(text: str) -> str | None:
    return text if re.fullmatch(r"[1-7]", text) else None


def _flag(text: str) -> str | None:
    return text if text in {"true", "false"} else None


_FORMS: Final[Mapping[str, ValueForm]] = {
    "day": ValueForm(_day, "day:2026-11-27", "day:2026-11-20..2026-11-27"),
    "week": ValueForm(
        _monday, "week:2026-11-23, its Monday", "week:2026-11-02..2026-11-23, of Mondays"
    ),
    "month": ValueForm(
        _first, "month:2026-11-01, its first day", "month:2026-09-01..2026-11-01, of first days"
    ),
    "hour": ValueForm(_hour, "hour:09, from 00 to 23", "hour:09..17"),
    "weekday": ValueForm(_weekday, "weekday:1, Monday, to weekday:7", "weekday:1..5"),
    "revision": ValueForm(_count, "revision:3", "revision:3..5"),
    "policy_version": ValueForm(_count, "policy_version:12", "policy_version:12..20"),
    "degraded": ValueForm(_flag, "degraded:false", ""),
}
"""Dimension -> form of its values; others may have any text."""
