"""Phone numbers: parsed, written and masked."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Final

import phonenumbers

from nudge.domain.values.plain_text import trim
from nudge.domain.values.refusal import ValueRefusedError

LONGEST: Final = 32
"""Characters of a number as people write it."""
HEAD: Final = 3
TAIL: Final = 4
ANY: Final = "x"
"""Any digit, in a range of numbers."""
_SHEET: Final = re.compile(r"\d{1,20}(\.\d{1,20})?([eE]\+?\d{1,2})?\Z", re.ASCII)
"""A number as spreadsheets and columns of decimals write it."""


_CHINA: Final = "CN"
_MOBILE: Final = re.compile(r"1[3-9]\d{9}\Z", re.ASCII)
"""A mobile number of China as it is dialled there."""
_TELLING: Final = 5
"""Digits by which the library tells whether such a number exists."""


@dataclass(frozen=True, slots=True)
class Number:
    """A valid phone number. No representation shows its text, so that no log can hold it.

    Attributes:
        e164: with its country, such as +8613812345678.
        dialled: as its owner writes it: without the country if that is the operator's.
    """

    e164: str = field(repr=False)
    dialled: str = field(repr=False)

    @property
    def to_seal(self) -> str:
        """The plain text that the vault seals."""
        return f"{self.e164} {self.dialled}"

    @property
    def masked(self) -> str:
        """The number as others may see it: 138****5678."""
        length = len(self.dialled)
        tail = min(TAIL, (length - 1) // 2)
        head = min(HEAD, (length - tail) // 2)
        return self.dialled[:head] + "*" * (length - head - tail) + self.dialled[-tail:]


class InvalidNumberError(ValueRefusedError):
    """A text that is not a rechargeable phone number; the message does not repeat it."""

    code = "invalid_number"


def parse_number(value: object, region: str, ranges: Sequence[str] = ()) -> Number:
    """Parse a phone number, as people, programs and spreadsheets write it.

    Args:
        value: text with or without the country, with spaces, dashes or brackets; or a number, as a
            column of numbers holds it: 13812345678.0 and 1.3812345678E+10 are 13812345678.
        region: two letters, of the country where none is given.
        ranges: national numbers that exist besides those of the library, one `x` for any digit:
            `149xxxxxxxx`.

    Raises:
        InvalidNumberError: no such number can exist, or a spreadsheet took its last digits.
    """
    plain = region == _CHINA and isinstance(value, str) and _MOBILE.match(value)
    # Files have them by the million: whether such a number exists is told by its first digits.
    if plain and _exists(str(value)[:_TELLING]):
        return Number(f"+86{value}", str(value))
    text = _digits_of(value)
    right = f"is no phone number of {region}; give one, or one with its country: +86 138 1234 5678"
    try:
        found = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        raise InvalidNumberError(right) from None
    home = phonenumbers.country_code_for_region(region) == found.country_code
    national = phonenumbers.national_significant_number(found)
    if found.extension or not (
        phonenumbers.is_valid_number(found) or (home and _in_ranges(national, ranges))
    ):
        raise InvalidNumberError(right)
    e164 = phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)
    return Number(e164, national if home else e164)


@lru_cache(maxsize=1 << 14)
def _exists(head: str) -> bool:
    """Return whether the mobile numbers of China exist that begin with these digits."""
    found = phonenumbers.parse(head + "0" * (11 - len(head)), _CHINA)
    return phonenumbers.is_valid_number(found)


def _digits_of(value: object) -> str:
    """Return a number as text; a decimal or shortened one with the digits that it stands for."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise InvalidNumberError("is of the wrong type; give a phone number as text")
    text = unicodedata.normalize("NFKC", trim(str(value)))
    if not 1 <= len(text) <= LONGEST:
        raise InvalidNumberError("is empty or too long; give a phone number")
    shape = _SHEET.match(text)
    if shape is None:
        return text
    exact = Decimal(text)
    if int(exact.as_tuple().exponent) > 0:  # digits stand before the point that nobody wrote
        raise InvalidNumberError(
            "is a number that lost its last digits; format the column as text in the spreadsheet "
            "and export it again"
        )
    if exact != exact.to_integral_value():
        raise InvalidNumberError("is not a whole number; give a phone number as text")
    return f"{exact:.0f}"


def _in_ranges(national: str, ranges: Sequence[str]) -> bool:
    return any(
        len(one) == len(national) and all(x in (ANY, y) for x, y in zip(one, national, strict=True))
        for one in ranges
    )


def number_from_seal(text: str) -> Number:
    """Return the number of a text that the vault sealed."""
    return Number(*text.split(" "))
