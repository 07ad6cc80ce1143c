"""The index of phrases: tokens of a text by one pass of an automaton (Aho and Corasick, 1975)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import ahocorasick

from nudge.domain.care.words import speech_en, speech_zh
from nudge.domain.care.words.gap_index import GapIndex
from nudge.domain.care.words.lexicon import GAP, Lexicon
from nudge.domain.care.words.matches import SECOND, Match, Matches
from nudge.domain.care.words.token import WEAK, Role, Token
from nudge.domain.care.words.writing.common_words import ENGLISH
from nudge.domain.care.words.writing.shape import ShapeIndex
from nudge.domain.care.words.writing.slip import is_slip
from nudge.domain.care.words.writing.sound import SoundIndex
from nudge.domain.care.words.writing.spelling import Speller
from nudge.domain.care.words.writing.units import (
    ASK,
    COMMA,
    STOP,
    UnitReader,
    UnitText,
    plain_words,
)

_TURNING: Final = frozenset((Role.NEGATOR, Role.REVERSAL, Role.WISH))
"""Roles that make a complaint of praise."""
_COMPLAINING: Final = frozenset((Role.COMPLAINT, Role.SHORT, Role.MISSING)) | WEAK
_HEARD: Final = frozenset((Role.COMPLAINT, Role.PRAISE, Role.SHORT))
"""Roles of phrases that are known with a slip; those of what is missing sound like many words."""
_BLAMED: Final = frozenset((Role.NEGATOR, Role.COMPLAINT, Role.SHORT, Role.BREAK))
_LONG: Final = 3
"""Units of the longest weak sign that is not known with a slip."""
_FIRM: Final = 6
"""Letters of the longest word of a hint that is not."""
_SPLITTING: Final = {role: frozenset((Role.NEGATOR,)) for role in Role} | {
    Role.MISSING: _BLAMED,
    Role.NEUTRAL: _BLAMED - {Role.BREAK},
}
"""Roles that no gap holds: a negator in any, a complaint where the phrase takes it back."""


class PhraseIndex:
    """An index of a lexicon's phrases and of the words that decide what they mean.

    Attributes:
        reader: of texts, with the words of the lexicon.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        phrases = [*_listed(lexicon)]
        words = plain_words(phrase for phrase, *_ in phrases)
        own = plain_words(
            one
            for group in lexicon.groups
            for one in group.complaints + group.praise + group.missing
        )
        own |= {one for one in plain_words(_hints(lexicon)) if len(one) > _FIRM}
        known = words | plain_words(lexicon.spelt) | ENGLISH
        self.reader = UnitReader(words, Speller(own, known))
        tokens = self._tokens(one for one in phrases if GAP not in one[0])
        self._gaps = GapIndex(self._gapped(one for one in phrases if GAP in one[0]))
        self._automaton = ahocorasick.Automaton()
        for units, found in tokens.items():
            self._automaton.add_word(
                units, tuple((-token.end, _rank(token), token) for token in found)
            )
        self._automaton.make_automaton()
        slips = {units: one[0] for units, one in tokens.items() if _is_heard(one[0])}
        self._sounds = SoundIndex(slips.items())
        self._shapes = ShapeIndex(slips.items())

    def _tokens(self, phrases: Iterable[tuple[str, Role, str]]) -> dict[str, list[Token]]:
        """Return units -> tokens; the first listing of the same units counts.

        What is weak may be listed as a word of speech as well: 居然 ends the reach of a negator
        where a text is read for complaints, and hints at one where it is read for weak signs.
        """
        found: dict[str, list[Token]] = {}
        for phrase, role, group in phrases:
            units = phrase if role in {Role.STOP, Role.COMMA} else self.reader.encode(phrase)
            if units:
                listed = found.setdefault(units, [])
                if not listed or (len(listed) == 1 and listed[0].role in SECOND):
                    listed.append(Token(0, len(units), role, phrase, group))
        return found

    def _gapped(self, phrases: Iterable[tuple[str, Role, str]]) -> Iterator[tuple[str, str, Token]]:
        """Yield the units before and behind the gap of each phrase, and its token."""
        for phrase, role, group in phrases:
            before, behind = (self.reader.encode(one) for one in phrase.split(GAP))
            yield before, behind, Token(0, 0, role, phrase, group)

    def matches(self, text: UnitText) -> Matches:
        """Return all that the phrases match in a text; nothing where it says no phrase at all."""
        units = text.units
        raw = [
            (size, rank, last + 1 + size, last + 1, token)
            for last, found in self._automaton.iter(units)
            for size, rank, token in found
        ]
        raw += self._spread(units, raw)
        heard = [
            one
            for one in (*self._sounds.tokens(units), *self._shapes.tokens(units))
            if is_slip(one, units)
        ]
        roles = frozenset([one[4].role for one in raw])
        if not heard and not _may_complain(roles):
            return Matches([], [], 0)
        return Matches(raw, heard, len(units), roles)

    def _spread(self, units: str, raw: Sequence[Match]) -> list[Match]:
        """Return the phrases with a gap in which no word speaks against them."""
        matches = list(self._gaps.matches(units))
        if not matches:
            return []
        against = sorted((one[2], one[3], one[4].role) for one in raw if one[4].role in _BLAMED)
        return [
            (token.start - token.end + end - start, _rank(token), token.start, token.end, token)
            for token, start, end in matches
            if not any(
                last <= end and role in _SPLITTING[token.role]
                for _, last, role in against[
                    bisect_left(against, (start,)) : bisect_left(against, (end,))
                ]
            )
        ]


def _hints(lexicon: Lexicon) -> Iterator[str]:
    """Yield the hints of all groups."""
    for group in lexicon.groups:
        yield from group.hints


def _is_heard(token: Token) -> bool:
    """Tell whether a phrase is known with a slip; weak signs sound like other words when short."""
    return token.role in _HEARD or (token.role in WEAK and token.end > _LONG)


def _listed(lexicon: Lexicon) -> Iterator[tuple[str, Role, str]]:
    """Yield phrase, role and group of all words; those of the lexicon first."""
    for group in lexicon.groups:
        yield from ((one, Role.COMPLAINT, group.name) for one in group.complaints)
        yield from ((one, Role.PRAISE, group.name) for one in group.praise)
        yield from ((one, Role.SHORT, group.name) for one in group.short)
        yield from ((one, Role.MISSING, group.name) for one in group.missing)
        yield from ((one, Role.HINT, group.name) for one in group.hints)
        yield from ((one, Role.TOPIC, group.name) for one in group.topics)
    yield from ((one, Role.NEUTRAL, "") for one in lexicon.neutral)
    yield from ((one, Role.ASKING, "") for one in lexicon.asking)
    for speech in (speech_zh.SPEECH, speech_en.SPEECH):
        yield from ((one, role, "") for one, role in speech.items())
    yield from ((one, Role.NEUTRAL, "") for one in lexicon.spelt if not one.isascii())
    yield from ((one, Role.CALM, "") for one in lexicon.calm)
    yield from ((STOP, Role.STOP, ""), (ASK, Role.STOP, ""), (COMMA, Role.COMMA, ""))


def _may_complain(roles: frozenset[Role]) -> bool:
    """Tell whether tokens hold a complaint, or praise with a word that may turn it round."""
    if not roles.isdisjoint(_COMPLAINING):
        return True
    return Role.PRAISE in roles and not roles.isdisjoint(_TURNING)


def _rank(token: Token) -> int:
    """Return the order of tokens of one length: phrases, what hides them, then other words."""
    if token.hits:
        return int(token.role == Role.MISSING)
    return 2 + (token.role != Role.NEUTRAL)
