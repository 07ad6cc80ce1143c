"""Shape of Chinese phrases: a phrase is known with one character that looks like the right one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import ahocorasick

from nudge.domain.care.words.token import Token
from nudge.domain.care.words.writing.common_words import SIGNS
from nudge.domain.care.words.writing.shape_table import ALIKE

_SHORTEST: Final = 2
_LONGEST: Final = 5
"""Characters of the longest phrase that is looked for with a slip; longer ones hold others."""


class ShapeIndex:
    """An index of phrases in which one character is written as another that looks like it."""

    def __init__(self, phrases: Iterable[tuple[str, Token]]) -> None:
        """Index phrases, each as its units with the token that it makes."""
        listed = dict(phrases)
        self._automaton = ahocorasick.Automaton()
        for units, token in listed.items():
            if _SHORTEST <= len(units) <= _LONGEST:
                for written, slip in _slips(units):
                    rare = len(units) > _SHORTEST or slip not in SIGNS
                    if rare and written not in listed:
                        self._automaton.add_word(written, token)
        self._empty = not len(self._automaton)
        if not self._empty:
            self._automaton.make_automaton()

    def tokens(self, units: str) -> Iterator[Token]:
        """Yield the phrases that units hold with a slip."""
        if self._empty:
            return
        for last, token in self._automaton.iter(units):
            end = last + 1
            yield token._replace(start=end - token.end, end=end)


def _slips(units: str) -> Iterator[tuple[str, str]]:
    """Yield a phrase with each of its characters as one that looks alike, and that one."""
    for place, sign in enumerate(units):
        for other in ALIKE.get(sign, ""):
            yield units[:place] + other + units[place + 1 :], other
