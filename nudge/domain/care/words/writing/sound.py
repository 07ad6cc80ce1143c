"""Sound of Chinese phrases: a phrase is known with a homophone or a doubled character in it.

Input methods offer characters by their syllable: most slips write another one of the same sound.
Syllables that southern speakers write alike (zh and z, -ng and -n) count as the same in phrases of
three characters and more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import ahocorasick

from nudge.domain.care.words.token import Token
from nudge.domain.care.words.writing.sound_table import SYLLABLES

_DOUBLE: Final = re.compile(r"([\u4e00-\u9fff])\1+")
_SHORT: Final = 2
_LONG: Final = 4
_FIRST: Final = 0xE000
_COMMON: Final = frozenset(
    "不没无是在有人时了的用一可能上大会就我你他这那好到得着过来去要也都很还太"
)
"""Characters of so many words that a pair with one of them is heard in other words."""


def _flat(syllable: str) -> str:
    plain = re.sub(r"^([zcs])h", r"\1", syllable)
    return re.sub(r"(?<=[aei])ng$", "n", plain)


_CODES: Final = {
    syllable: chr(_FIRST + place)
    for place, syllable in enumerate(sorted({_flat(one) for one in SYLLABLES.values()}))
}
_SOUNDS: Final = {ord(sign): _CODES[_flat(one)] for sign, one in SYLLABLES.items()}


class _Spoken(NamedTuple):
    """A phrase by its sound: single characters, and the token that it makes."""

    signs: str
    token: Token


class SoundIndex:
    """An index of phrases by their sound."""

    def __init__(self, phrases: Iterable[tuple[str, Token]]) -> None:
        """Index phrases, each as its units with the token that it makes."""
        self._automaton = ahocorasick.Automaton()
        found: dict[str, list[_Spoken]] = {}
        for units, token in phrases:
            signs = _DOUBLE.sub(r"\1", units)
            if (
                len(signs) >= _SHORT
                and (len(signs) > _SHORT or signs == units)
                and all(one in SYLLABLES for one in signs)
            ):
                found.setdefault(signs.translate(_SOUNDS), []).append(_Spoken(signs, token))
        for sound, spoken in found.items():
            self._automaton.add_word(sound, (len(sound), spoken))
        self._empty = not found
        if found:
            self._automaton.make_automaton()

    def tokens(self, units: str) -> Iterator[Token]:
        """Yield the phrases that units say with a slip."""
        if self._empty:
            return
        places: list[int] | None = None
        signs = units
        if _DOUBLE.search(units):
            places = [at for at, one in enumerate(units) if at == 0 or one != units[at - 1]]
            signs = "".join(units[at] for at in places)
            places.append(len(units))
        for last, (length, spoken) in self._automaton.iter(signs.translate(_SOUNDS)):
            start = last + 1 - length
            for one in spoken:
                ends = (start, last + 1) if places is None else (places[start], places[last + 1])
                written = signs[start : last + 1]
                plain = one.signs == written and ends[1] - ends[0] == one.token.end
                if not plain and _same(one.signs, written):
                    yield one.token._replace(start=ends[0], end=ends[1])
                    break


def _same(phrase: str, written: str) -> bool:
    """Tell whether characters that sound alike are a phrase with one slip, or two in four."""
    slips = [(a, b) for a, b in zip(phrase, written, strict=True) if a != b]
    if len(slips) > (1 if len(phrase) < _LONG else 2):
        return False
    if any(b not in SYLLABLES for _, b in slips):
        return False
    if len(phrase) > _SHORT or not slips:
        return True
    common = _COMMON.intersection(written)
    return not common and all(SYLLABLES[a] == SYLLABLES[b] for a, b in slips)
