"""Text from outside: trimmed, and without halves of characters."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from nudge.domain.values.refusal import ValueRefusedError

_BLANK: Final = re.compile(r"^[\s\u200b\u2060\ufeff]+|[\s\u200b\u2060\ufeff]+$")
"""Blanks at either end, those without width included: editors and spreadsheets leave them."""
_HALF: Final = re.compile("[\ud800-\udfff]")
"""Half of a surrogate pair: no encoding can carry it."""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
REPLACEMENT: Final = "\ufffd"


def trim(text: str) -> str:
    """Return a text without blanks at its ends; half a character becomes U+FFFD."""
    if text.isascii():
        return text.strip()
    return _BLANK.sub("", _HALF.sub(REPLACEMENT, text))


def fold_case(text: str) -> str:
    """Return the form by which words are compared: trimmed, NFKC, without case."""
    return unicodedata.normalize("NFKC", trim(text)).casefold().strip()


def parse_text(value: object, longest: int) -> str:
    """Parse a text of one line.

    Args:
        value: text; anything else is refused.
        longest: most characters after trimming.

    Raises:
        ValueRefusedError: no text, an empty or too long one, or one with control characters.
    """
    if not isinstance(value, str):
        raise ValueRefusedError(f"is of the wrong type; give text of 1 to {longest} characters")
    text = trim(value)
    if not 1 <= len(text) <= longest:
        wrong = "is empty" if not text else "is too long"
        raise ValueRefusedError(f"{wrong}; give 1 to {longest} characters")
    if _CONTROL.search(text):
        raise ValueRefusedError("has control characters; leave control characters out")
    return text
