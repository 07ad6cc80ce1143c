"""Clauses: the tokens between two boundaries."""

from __future__ import annotations

from collections.abc import Sequence

from nudge.domain.care.words.token import BOUNDARIES, Token


def clause(tokens: Sequence[Token], place: int) -> tuple[int, int]:
    """Return the first token of a phrase's clause and the one that ends it."""
    first, last = place, place
    while first > 0 and tokens[first - 1].role not in BOUNDARIES:
        first -= 1
    while last < len(tokens) and tokens[last].role not in BOUNDARIES:
        last += 1
    return first, last
