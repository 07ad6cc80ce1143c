"""Hits of the lexicon in a text."""

from __future__ import annotations

from typing import NamedTuple


class WordHit(NamedTuple):
    """A phrase of the lexicon that a text says, with its negation read.

    Attributes:
        phrase: as the lexicon spells it.
        group: of the lexicon that lists it, such as "speed".
        start: first character in the text as it was written.
        end: behind the last one; `text[start:end]` is what was written, negators included.
    """

    phrase: str
    group: str
    start: int
    end: int
