"""Free words: a reason of a failed payment, the name of a scene, the group of a benefit."""

from __future__ import annotations

from typing import Final

from nudge.domain.values.plain_text import parse_text

MAX_WORD: Final = 64
"""Characters of a free word."""


def parse_word(value: object, longest: int = MAX_WORD) -> str:
    """Parse a free word: text of one line, trimmed.

    Args:
        value: text.
        longest: most characters.

    Raises:
        ValueRefusedError: no text, an empty or too long one, or one with control characters.
    """
    return parse_text(value, longest)
