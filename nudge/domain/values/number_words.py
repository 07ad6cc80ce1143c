"""Phone numbers inside free words: found in every common spelling, and masked before anything else.

A number in a word is somebody's: the word stays, the number does not. Only runs of digits that are
a number by themselves count: a time in milliseconds or an order's number of another length stays.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

MASK: Final = "xxxxxxxxxxx"
"""In place of a number: letters only, so that a page's name is still one."""
FEWEST: Final = 8
"""Characters of the shortest text that holds a number."""
_GAP: Final = r"[\s\u00ad\u200b-\u200f\u2010-\u2015\u2060\u2212\ufe63\ufeff\uff0d-]{0,2}"
"""Characters that people and programs write between any two digits."""
_BREAK: Final = r"[\s\u00ad\u200b-\u200f\u2010-\u2015\u2060\u2212\ufeff\uff0d._/,()·-]{0,3}"
"""Characters that stand between the groups of a number besides: 138.1234.5678."""
_PATTERN: Final = re.compile(
    rf"(?<!\d)(?:(?:\+|00)?86{_BREAK}|0)?\(?1{_GAP}[3-9]"
    rf"(?:(?:{_GAP}\d){{9}}|\d{_BREAK}\d{{4}}{_BREAK}\d{{4}})(?!\d)"
    rf"|(?<!\d)1\.[3-9]\d{{8,9}}[eE]\+?10(?!\d)"
    rf"|\+{_GAP}[1-9](?:{_GAP}\d){{7,14}}(?!\d)"
    r"|(?<![0-9A-Za-z])(?:\(0[1-9]\d{1,2}\)|0[1-9]\d{1,2}[\s-])\s?[2-8]\d{6,7}(?![0-9A-Za-z])",
    re.ASCII,
)
"""Mobile numbers of China, any number with a plus, and its fixed lines, written apart."""
_PRETEXT: Final = re.compile(r"\d(?:\D{0,3}\d){6}|\d[eE]\+?10")
"""The digits that every number has: looked for first, since hardly any word has them."""
_MOBILES: Final = (13_000_000_000, 20_000_000_000)
_WITH_COUNTRY: Final = (8_613_000_000_000, 8_620_000_000_000)
_CHINESE: Final = dict(zip("〇零一二三四五六七八九幺两", "0012345678912", strict=True))

Scalar = str | int | float | bool | None


class MaskedTable(NamedTuple):
    """A table of values without numbers, and how many there were."""

    table: dict[str, Scalar]
    numbers: int


def replace_numbers(text: str, by: Callable[[str], str]) -> tuple[str, int]:
    """Return a text with every number replaced, and how many there were.

    Args:
        text: of any length.
        by: makes the replacement of a number as it is written.
    """
    if len(text) < FEWEST:
        return text, 0
    plain = text if text.isascii() else "".join(map(_plain, text))
    if not _PRETEXT.search(plain):
        return text, 0
    parts, end, count = [], 0, 0
    for found in _PATTERN.finditer(plain):
        parts += [text[end : found.start()], by(text[found.start() : found.end()])]
        end, count = found.end(), count + 1
    return ("".join([*parts, text[end:]]), count) if count else (text, 0)


def mask_numbers(text: str) -> str:
    """Return a text with every number masked."""
    return replace_numbers(text, _mask)[0]


def has_number(text: str) -> bool:
    """Return whether a text holds a number."""
    return replace_numbers(text, _mask)[1] > 0


def mask_deep(value: object) -> Any:  # noqa: ANN401 (of the form that was given)
    """Return a JSON value with the numbers masked in all of its texts, names of fields included."""
    if isinstance(value, str):
        return mask_numbers(value)
    if isinstance(value, Mapping):
        return {mask_deep(key): mask_deep(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [mask_deep(one) for one in value]
    return MASK if is_number(value) else value


def is_number(value: object) -> bool:
    """Return whether a number of any type is a phone number: 13812345678, 13812345678.0."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    size = abs(value)
    return _MOBILES[0] <= size < _MOBILES[1] or _WITH_COUNTRY[0] <= size < _WITH_COUNTRY[1]


def mask_table(table: Mapping[str, Scalar]) -> MaskedTable | None:
    """Return a table without numbers in its names and values; None where there are none.

    Pages send such tables with every call: what can hold no number costs no call.
    """
    if not any(
        (len(value) >= FEWEST if isinstance(value, str) else is_number(value))
        or len(name) >= FEWEST
        for name, value in table.items()
    ):
        return None
    count, masked = 0, {}
    for name, value in table.items():
        key, in_name = replace_numbers(name, _mask)
        masked[key], in_value = _masked(value)
        count += in_name + in_value
    return MaskedTable(masked, count) if count else None


def _masked(value: Scalar) -> tuple[Scalar, int]:
    if isinstance(value, str):
        return replace_numbers(value, _mask)
    return (MASK, 1) if is_number(value) else (value, 0)


def _mask(_written: str) -> str:
    return MASK


@lru_cache(maxsize=4096)
def _plain(char: str) -> str:
    """Return a digit of any script as an ASCII digit, a full-width sign as its plain form."""
    if char in _CHINESE:
        return _CHINESE[char]
    digit = unicodedata.digit(char, None)
    if digit is not None:
        return str(digit)
    plain = unicodedata.normalize("NFKC", char)
    return plain if len(plain) == 1 else char
