"""The index of phrases with a gap: two parts of one clause, with a few units between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import ahocorasick

from nudge.domain.care.words.token import Token
from nudge.domain.care.words.writing.units import ASK, COMMA, STOP

REACH: Final = 6
"""Units that a gap may hold."""
_BOUNDARIES: Final = frozenset((ASK, COMMA, STOP))


class GapMatch(NamedTuple):
    """A phrase with a gap in a text.

    Attributes:
        token: of the phrase, its gap included.
        start: first unit of the gap.
        end: behind the last one.
    """

    token: Token
    start: int
    end: int


class _Part(NamedTuple):
    """A part of a phrase: its number among the phrases, its size, and whether it is the second."""

    number: int
    size: int
    second: bool


class GapIndex:
    """An index of phrases with a gap."""

    def __init__(self, phrases: Iterable[tuple[str, str, Token]]) -> None:
        """Index phrases, each as the units before and behind its gap with the token it makes."""
        self._tokens: list[Token] = []
        parts: dict[str, list[_Part]] = {}
        for number, (before, behind, token) in enumerate(phrases):
            self._tokens.append(token)
            parts.setdefault(before, []).append(_Part(number, len(before), second=False))
            parts.setdefault(behind, []).append(_Part(number, len(behind), second=True))
        self._automaton = ahocorasick.Automaton()
        for units, found in parts.items():
            self._automaton.add_word(units, tuple(found))
        if parts:
            self._automaton.make_automaton()

    def matches(self, units: str) -> Iterator[GapMatch]:
        """Yield the phrases of a text; of a part that is repeated, the nearest counts."""
        if not self._tokens:
            return
        opened: dict[int, tuple[int, int]] = {}
        for last, parts in self._automaton.iter(units):
            end = last + 1
            for number, size, second in parts:
                if not second:
                    opened[number] = (end - size, end)
                elif number in opened:
                    first, gap = opened[number]
                    if self._near(units, gap, end - size):
                        token = self._tokens[number]._replace(start=first, end=end)
                        yield GapMatch(token, gap, end - size)

    @staticmethod
    def _near(units: str, start: int, end: int) -> bool:
        return 0 <= end - start <= REACH and _BOUNDARIES.isdisjoint(units[start:end])
