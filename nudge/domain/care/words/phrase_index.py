"""The index of phrases: tokens of a text by one pass of an automaton (Aho and Corasick, 1975)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import ahocorasick

from nudge.domain.care.words import speech_en, speech_zh
from nudge.domain.care.words.lexicon import Lexicon
from nudge.domain.care.words.sound import SoundIndex
from nudge.domain.care.words.spelling import Speller
from nudge.domain.care.words.token import Role, Token
from nudge.domain.care.words.units import ASK, COMMA, STOP, UnitReader, UnitText, plain_words

_PAIR: Final = 2
"""Units of the shortest phrase that is known with a slip."""


class PhraseIndex:
    """An index of a lexicon's phrases and of the words that decide what they mean.

    Attributes:
        reader: of texts, with the words of the lexicon.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        phrases = [*_listed(lexicon)]
        words = plain_words(phrase for phrase, *_ in phrases)
        own = plain_words(
            one for group in lexicon.groups for one in group.complaints + group.praise
        )
        self.reader = UnitReader(words, Speller(own, words | plain_words(lexicon.spelt)))
        tokens = self._tokens(phrases)
        self._automaton = ahocorasick.Automaton()
        for units, token in tokens.items():
            self._automaton.add_word(units, token)
        self._automaton.make_automaton()
        self._sounds = SoundIndex((units, one) for units, one in tokens.items() if one.hits)

    def _tokens(self, phrases: Iterable[tuple[str, Role, str]]) -> dict[str, Token]:
        """Return units -> token; the first listing of the same units counts."""
        found: dict[str, Token] = {}
        for phrase, role, group in phrases:
            units = phrase if role in {Role.STOP, Role.COMMA} else self.reader.encode(phrase)
            if units:
                found.setdefault(units, Token(0, len(units), role, phrase, group))
        return found

    def tokens(self, text: UnitText) -> list[Token]:
        """Return the tokens of a text in their order; none where it says no phrase at all.

        The longest token wins; of equally long ones a phrase of the lexicon, then the first.
        """
        found = [
            token._replace(start=last + 1 - token.end, end=last + 1)
            for last, token in self._automaton.iter(text.units)
        ]
        heard = [one for one in self._sounds.tokens(text.units)]
        if not heard and not any(one.hits for one in found):
            return []
        taken = bytearray(len(text.units))
        kept = list(_longest(found, taken))
        kept = [*_heard(heard, kept), *kept] if heard else kept
        kept = _without_overlap(kept) if heard else kept
        kept.sort()
        return kept


def _listed(lexicon: Lexicon) -> Iterator[tuple[str, Role, str]]:
    """Yield phrase, role and group of all words; those of the lexicon first."""
    for group in lexicon.groups:
        yield from ((one, Role.COMPLAINT, group.name) for one in group.complaints)
        yield from ((one, Role.PRAISE, group.name) for one in group.praise)
        yield from ((one, Role.SHORT, group.name) for one in group.short)
    yield from ((one, Role.NEUTRAL, "") for one in lexicon.neutral)
    for speech in (speech_zh.SPEECH, speech_en.SPEECH):
        yield from ((one, role, "") for one, role in speech.items())
    yield from ((one, Role.NEUTRAL, "") for one in lexicon.spelt if not one.isascii())
    yield from ((STOP, Role.STOP, ""), (ASK, Role.STOP, ""), (COMMA, Role.COMMA, ""))


def _longest(found: Iterable[Token], taken: bytearray) -> Iterator[Token]:
    order = sorted(found, key=lambda one: (one.start - one.end, _rank(one), one.start))
    for one in order:
        if not any(taken[one.start : one.end]):
            taken[one.start : one.end] = b"\1" * (one.end - one.start)
            yield one


def _rank(token: Token) -> int:
    """Return the order of tokens of one length: phrases, what hides them, then other words."""
    return 0 if token.hits else 1 + (token.role != Role.NEUTRAL)


def _heard(heard: Iterable[Token], kept: list[Token]) -> Iterator[Token]:
    """Yield the phrases with a slip where no longer word was written rightly."""
    for one in heard:
        over = [other for other in kept if other.start < one.end and one.start < other.end]
        inside = all(one.start <= other.start and other.end <= one.end for other in over)
        if one.end - one.start > _PAIR:
            fits = inside and all(other.end - other.start < one.end - one.start for other in over)
        else:
            fits = not any(other.end - other.start > 1 or other.hits for other in over)
        if fits:
            yield one


def _without_overlap(tokens: list[Token]) -> list[Token]:
    """Return tokens without those that a longer one covers; a phrase comes first."""
    found: list[Token] = []
    for one in sorted(tokens, key=lambda one: one.start - one.end):
        if all(one.end <= other.start or other.end <= one.start for other in found):
            found.append(one)
    return found
