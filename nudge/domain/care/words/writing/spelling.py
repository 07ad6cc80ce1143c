"""Spelling of English words: words of the lexicon are known with one slip of the finger.

Deletions are indexed as in SymSpell (Garbe, 2012); a word is corrected to one at a distance of one
in the sense of Damerau (1964).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

SHORTEST: Final = 5
"""Letters of the shortest word that is known with a slip; of four only swapped letters are."""
FIRM: Final = 6
"""Letters from which on another letter in place of one is a slip as well."""
_FIGURES: Final = str.maketrans("01345789$@", "oieastbgsa")
_RUN: Final = re.compile(r"(.)\1+")


class Speller:
    """A speller of words.

    Attributes:
        known: words that are spelt rightly, and stay as they are.
    """

    def __init__(self, words: Iterable[str], known: Iterable[str]) -> None:
        own = {word for word in words if len(word) > 3 and word.isalpha()}  # noqa: PLR2004
        self.known = own | set(known)
        self._own = own
        self._runs: dict[str, list[str]] = {}
        self._swaps: dict[str, str] = {}
        self._gaps: dict[str, list[str]] = {}
        for word in sorted(own):
            self._index(word)
        self.resolve = lru_cache(maxsize=20_000)(self._resolve)

    def _index(self, word: str) -> None:
        self._runs.setdefault(_RUN.sub(r"\1", word), []).append(word)
        for place in range(1, len(word) - 1):
            self._swaps.setdefault(
                word[:place] + word[place + 1] + word[place] + word[place + 2 :], word
            )
        if len(word) >= SHORTEST:
            for gap in _gaps(word):
                self._gaps.setdefault(gap, []).append(word)

    def _resolve(self, word: str) -> str:
        """Return the word that is meant; the word itself where it is none of the lexicon."""
        if word in self.known or len(word) < 4:  # noqa: PLR2004 - words of three letters are many
            return word
        plain = word if word.isalpha() else word.translate(_FIGURES)
        if plain in self.known:
            return plain
        if not plain.isalpha():
            return word
        found = self._drawn_out(plain) or self._swaps.get(plain) or self._slip(plain)
        return found or word

    def _drawn_out(self, word: str) -> str | None:
        """Return the word of which letters are repeated, or doubled elsewhere: slooow."""
        for meant in self._runs.get(_RUN.sub(r"\1", word), ()):
            pattern = "".join(f"{letter}+" for letter in meant)
            if re.fullmatch(pattern, word) or len(meant) >= FIRM:
                return meant
        return None

    def _slip(self, word: str) -> str | None:
        """Return the word that differs by one letter more, less or another."""
        if len(word) >= SHORTEST - 1:
            for meant in self._gaps.get(word, ()):  # a letter is missing
                if meant[0] == word[0]:
                    return meant
        for gap in _gaps(word):
            if len(gap) >= SHORTEST and gap in self._own:
                return gap
            for meant in self._gaps.get(gap, ()):
                if (
                    len(meant) == len(word) >= FIRM
                    and meant[0] == word[0]
                    and _one_off(meant, word)
                ):
                    return meant
        return None


def _gaps(word: str) -> Iterator[str]:
    """Yield a word without each of its letters, the first excepted."""
    for place in range(1, len(word)):
        yield word[:place] + word[place + 1 :]


def _one_off(one: str, other: str) -> bool:
    return sum(a != b for a, b in zip(one, other, strict=True)) == 1
