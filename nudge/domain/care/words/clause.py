"""Clauses: the tokens between two boundaries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from nudge.domain.care.words.token import BOUNDARIES, Token

LONGEST: Final = 60
"""Tokens of a clause on either side of a phrase: long texts are read in linear time."""


def clause(tokens: Sequence[Token], place: int) -> tuple[int, int]:
    """Return the first token of a phrase's clause and the one that ends it."""
    first, last = place, place
    start, end = max(0, place - LONGEST), min(len(tokens), place + LONGEST)
    while first > start and tokens[first - 1].role not in BOUNDARIES:
        first -= 1
    while last < end and tokens[last].role not in BOUNDARIES:
        last += 1
    return first, last
