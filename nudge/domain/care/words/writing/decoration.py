"""Decoration: marks between all characters of a phrase, which end no clause: 态。度。恶。劣."""

from __future__ import annotations

import re
from typing import Final

from nudge.domain.values.characters import Character, Kind

_LETTERS: Final = {
    Kind.DROPPED: "-",
    Kind.SIGN: "S",
    Kind.LETTER: "L",
    Kind.GAP: "G",
    Kind.COMMA: "C",
    Kind.STOP: "M",
    Kind.ASK: "M",
    Kind.DOT: "D",
}
_RUNS: Final = re.compile(
    r"S(?:G*[MDC]+G*S){2,}"  # 态。度。恶。劣
    r"|L(?:[MDC]L){2,}(?!L)"  # s.l.o.w
    r"|L+(?:D{2,}L+){2,}"  # I paid...and got...nothing
    r"|L+(?:[MD]+L+){2,}"  # where!is!my!money
    r"|^L+(?:CG*L+){2,}$"  # They, double, charged
    r"|L+(?:[MD]+G+L+){2,}(?![GL])"  # Still... no... internet
)
"""Three single characters, words or letters with marks between each of them."""
_MARKED: Final = re.compile(r"[^\w\s].*[^\w\s]", re.DOTALL)
"""Two signs in a text that are neither letters nor spaces."""
_FIGURES: Final = {"@": "a", "$": "s"}
"""Signs that stand for letters."""
_GAP: Final = Character(Kind.GAP, " ")
_MARKS: Final = frozenset((Kind.COMMA, Kind.STOP, Kind.ASK, Kind.DOT))
_ITEM: Final = "、"


def undecorated(text: str, forms: list[Character]) -> list[Character]:
    """Return the characters of a text with the marks that are mere decoration as gaps."""
    if "@" in text or "$" in text:
        forms = _spelt(text, forms)
    if not _MARKED.search(text):
        return forms
    kinds = "".join("M" if one.text == _ITEM else _LETTERS[one.kind] for one in forms)
    found = list(forms)
    for run in _RUNS.finditer(kinds):
        for place in range(*run.span()):
            if found[place].kind in _MARKS or found[place].text == _ITEM:
                found[place] = _GAP
    return found


def _spelt(text: str, forms: list[Character]) -> list[Character]:
    """Return characters with the signs that stand for letters inside a word: g@rbage."""
    found = list(forms)
    for place in range(1, len(forms) - 1):
        letter = _FIGURES.get(text[place])
        beside = (forms[place - 1].kind, forms[place + 1].kind)
        if letter and beside == (Kind.LETTER, Kind.LETTER):
            found[place] = Character(Kind.LETTER, letter)
    return found
