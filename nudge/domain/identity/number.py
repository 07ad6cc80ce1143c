"""Phone numbers: parsed, written and masked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import phonenumbers

from nudge.errors import InvalidRequestError

LONGEST: Final = 32
"""Characters of a number as people write it."""
HEAD: Final = 3
TAIL: Final = 4


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


class InvalidNumberError(InvalidRequestError):
    """A text that is not a rechargeable phone number; the message does not repeat it."""

    code = "invalid_number"


def parse_number(text: str, region: str) -> Number:
    """Parse a phone number as people write it.

    Args:
        text: with or without the country, with spaces, dashes or brackets.
        region: two letters, of the country where none is given.

    Raises:
        InvalidNumberError: no such number can exist.
    """
    right = f"give a phone number of {region}, or one with its country: +86 138 1234 5678"
    try:
        found = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        raise InvalidNumberError(f"msisdn: {right}", {"msisdn": [right]}) from None
    if found.extension or not phonenumbers.is_valid_number(found):
        raise InvalidNumberError(f"msisdn: {right}", {"msisdn": [right]})
    e164 = phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)
    home = phonenumbers.country_code_for_region(region) == found.country_code
    return Number(e164, phonenumbers.national_significant_number(found) if home else e164)


def number_from_seal(text: str) -> Number:
    """Return the number of a text that the vault sealed."""
    return Number(*text.split(" "))
