"""Units of a text: Chinese characters and whole words, as they are compared.

A unit is one character of a string, so that an automaton of characters finds phrases of both
languages: each word that the lexicon knows has a private character of its own.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from nudge.domain.care.words.writing.decoration import undecorated
from nudge.domain.care.words.writing.spelling import Speller
from nudge.domain.values.characters import CHARACTERS, Character, Kind

COMMA: Final = ","
STOP: Final = "."
ASK: Final = "?"
UNKNOWN: Final = "\ufffd"
"""The unit of a word that the lexicon does not know."""
_FIRST: Final = 0xF0000
_SPELT_OUT: Final = 3
"""Single letters in a row that are read as a word: s l o w."""
_PREFIXES: Final = frozenset(("un", "over", "dis", "mis", "under"))
"""Words that are one with the next where the two are known: over charged."""
_LONGEST_WORD: Final = 16
"""Letters of the longest word that is read from single ones."""
_NONE: Final = -1
"""Place of no sign: no row of them is being read."""
_HYPHENS: Final = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)+")
_MARKS: Final = {Kind.COMMA: COMMA, Kind.STOP: STOP, Kind.ASK: ASK}


class UnitText(NamedTuple):
    """A text in units.

    Attributes:
        units: one character each.
        starts: of each unit in the text as it was written.
        ends: behind each of them.
    """

    units: str
    starts: list[int]
    ends: list[int]


class UnitReader:
    """A reader of texts as units.

    Attributes:
        words: word -> its unit.
    """

    def __init__(self, words: Iterable[str], speller: Speller) -> None:
        self.words = {word: chr(_FIRST + place) for place, word in enumerate(sorted(set(words)))}
        self._speller = speller

    def read(self, text: str) -> UnitText:
        """Read a text."""
        return _Reading(text, self).read()

    def encode(self, phrase: str) -> str:
        """Return the units of a phrase."""
        return self.read(phrase).units

    def unit(self, word: str) -> str:
        """Return the unit of a word, with a slip of the finger put right."""
        found = self.words.get(word)
        return found or self.words.get(self._speller.resolve(word), UNKNOWN)

    def spelt_out(self, letters: str) -> list[str]:
        """Return the words that letters in a row spell; none where no longer word is known.

        The longest words are preferred; letters that are left over stand alone.
        """
        best: list[tuple[int, int]] = [(0, 0)]
        for end in range(1, len(letters) + 1):
            starts = range(max(0, end - _LONGEST_WORD), end)
            best.append(max((best[at][0] + self._worth(letters[at:end]), at) for at in starts))
        found: list[str] = []
        end = len(letters)
        while end:
            found.append(letters[best[end][1] : end])
            end = best[end][1]
        known = any(len(one) >= _SPELT_OUT and one in self.words for one in found)
        return found[::-1] if known else []

    def _worth(self, word: str) -> int:
        """Return how good a word is among spelt letters; an unknown one is none."""
        size = len(word)
        return size * size if size > 1 and word in self.words else (0 if size == 1 else -size)


def plain_words(phrases: Iterable[str]) -> set[str]:
    """Return the words of letters in phrases, as they are compared."""
    found: set[str] = set()
    for phrase in phrases:
        forms = [CHARACTERS[one] for one in phrase]
        text = "".join(one.text if one.kind == Kind.LETTER else " " for one in forms)
        found |= {word.replace("'", "") for word in text.split()}
    return found - {""}


def _rejoined(text: str, forms: list[Character], words: Collection[str]) -> list[Character]:
    """Return characters without the hyphens inside of a word that is known: un-ac-cept-able."""
    if "-" not in text:
        return forms
    found = list(forms)
    for run in _HYPHENS.finditer(text):
        pieces = run.group().casefold().split("-")
        if "".join(pieces) in words and not all(one in words for one in pieces):
            for place in range(*run.span()):
                if text[place] == "-":
                    found[place] = Character(Kind.DROPPED)
    return found


class _Reading:
    """A reading of one text, unit by unit."""

    def __init__(self, text: str, reader: UnitReader) -> None:
        self._reader = reader
        forms = undecorated(text, [CHARACTERS[one] for one in text])
        self._forms = _rejoined(text, forms, reader.words)
        self._units: list[str] = []
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._word = ""
        self._from = 0
        self._singles: list[str] = []
        self._split: tuple[str, int] | None = None

    def read(self) -> UnitText:
        """Read it: signs in a row at once, and all else one by one."""
        signs = _NONE
        for place, (kind, text) in enumerate(self._forms):
            if kind is Kind.SIGN:
                if signs == _NONE:
                    self._close()
                    self._join_singles()
                    signs = place
                continue
            if signs != _NONE:
                self._add_signs(signs, place)
                signs = _NONE
            if kind is Kind.LETTER:
                if not self._word:
                    self._from = place
                self._word += text
            elif kind is not Kind.DROPPED and (self._word or kind is not Kind.GAP):
                self._mark(kind, place)
        if signs != _NONE:
            self._add_signs(signs, len(self._forms))
        self._close()
        self._join_singles()
        return UnitText("".join(self._units), self._starts, self._ends)

    def _add_signs(self, start: int, end: int) -> None:
        """Add the signs of a row, each of which is a unit."""
        self._units += [text for _, text in self._forms[start:end]]
        self._starts += range(start, end)
        self._ends += range(start + 1, end + 1)

    def _add(self, unit: str, start: int, end: int | None = None) -> None:
        self._units.append(unit)
        self._starts.append(start)
        self._ends.append(start + 1 if end is None else end)

    def _mark(self, kind: Kind, place: int) -> None:
        word = self._word
        self._close(place)
        if kind == Kind.GAP or (kind in {Kind.DOT, Kind.COMMA} and self._decorates(place, word)):
            return
        self._join_singles()
        self._add(_MARKS.get(kind, STOP), place)

    def _decorates(self, place: int, word: str) -> bool:
        """Tell whether a dot or comma stands inside a word: 3.5, s.l.o.w, 垃.圾."""
        before, after = self._form(place - 1), self._form(place + 1)
        if word and after.kind == Kind.LETTER:
            return (word[-1].isdigit() and after.text.isdigit()) or len(word) == 1
        if self._forms[place].kind != Kind.DOT or (before.kind, after.kind) != (Kind.SIGN,) * 2:
            return False
        return Kind.SIGN not in {self._form(place - 2).kind, self._form(place + 2).kind} or (
            self._form(place + 2).kind != Kind.SIGN and self._form(place - 2).kind == Kind.DOT
        )

    def _form(self, place: int) -> Character:
        return self._forms[place] if 0 <= place < len(self._forms) else Character(Kind.GAP)

    def _close(self, place: int | None = None) -> None:
        """End the word that is being read."""
        if not self._word:
            return
        word = self._word.replace("'", "")
        self._word = ""
        if not word:
            return
        end = self._last(place)
        if len(word) == 1 and word.isalpha():
            self._singles.append(word)
        else:
            self._join_singles()
        self._add_word(word, end)

    def _add_word(self, word: str, end: int) -> None:
        """Add a word; with the unknown one before it, where the two are one that is known."""
        split, self._split = self._split, (word, len(self._units))
        if split is not None and len(word) > 1 and split[1] == len(self._units) - 1:
            unit = self._reader.words.get(split[0] + word)
            if unit is not None and (self._units[-1] == UNKNOWN or split[0] in _PREFIXES):
                self._units[-1], self._ends[-1] = unit, end
                return
        self._add(self._reader.unit(word), self._from, end)

    def _last(self, place: int | None) -> int:
        end = len(self._forms) if place is None else place
        start = self._from
        while end > start and self._forms[end - 1].kind != Kind.LETTER:
            end -= 1
        if place is None:  # a sign follows, or the text ends
            end = start
            while end < len(self._forms) and self._forms[end].kind in {Kind.LETTER, Kind.DROPPED}:
                end += 1
        return end

    def _join_singles(self) -> None:
        """Read single letters in a row as the words that they spell."""
        if not self._singles:
            return
        letters, self._singles = self._singles, []
        if len(letters) < _SPELT_OUT:
            return
        words = self._reader.spelt_out("".join(letters))
        first = len(self._units) - len(letters)
        if not words or first < 0:
            return
        starts, ends = self._starts[first:], self._ends[first:]
        del self._units[first:], self._starts[first:], self._ends[first:]
        at = 0
        for word in words:
            self._units.append(self._reader.unit(word))
            self._starts.append(starts[at])
            at += len(word)
            self._ends.append(ends[at - 1])
