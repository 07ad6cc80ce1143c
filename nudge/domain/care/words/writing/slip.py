"""Slips of the pen in Chinese: characters that are written for others, and belong to no word."""

from __future__ import annotations

from nudge.domain.care.words.token import Token
from nudge.domain.care.words.writing.common_words import CHINESE


def is_slip(token: Token, units: str) -> bool:
    """Tell whether a phrase is written with a slip, and not with the characters of other words.

    Args:
        token: of a phrase that sounds or looks like what is written.
        units: of the text.
    """
    written = units[token.start : token.end]
    if written in CHINESE:
        return False
    if len(written) != len(token.phrase):
        return True
    slips = (place for place, sign in enumerate(token.phrase) if sign != written[place])
    return not any(_in_word(units, token.start + place) for place in slips)


def _in_word(units: str, place: int) -> bool:
    """Tell whether a character makes a common word with one of its neighbours."""
    pairs = (units[max(0, place - 1) : place + 1], units[place : place + 2])
    return not CHINESE.isdisjoint(pairs)
