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
    Kind.COMMA: "M",
    Kind.STOP: "M",
    Kind.ASK: "M",
    Kind.DOT: "D",
}
_RUNS: Final = re.compile(r"S(?:G*[MD]+G*S){2,}|L+(?:D{2,}L+){2,}|L(?:[MD]L){2,}(?!L)")
"""Three single characters, words or letters with marks between each of them."""
_MARKED: Final = re.compile(r"[^\w\s].*[^\w\s]", re.DOTALL)
"""Two signs in a text that are neither letters nor spaces."""
_GAP: Final = Character(Kind.GAP, " ")
_MARKS: Final = frozenset((Kind.COMMA, Kind.STOP, Kind.ASK, Kind.DOT))
_ITEM: Final = "、"


def undecorated(text: str, forms: list[Character]) -> list[Character]:
    """Return the characters of a text with the marks that are mere decoration as gaps."""
    if not _MARKED.search(text):
        return forms
    kinds = "".join("M" if one.text == _ITEM else _LETTERS[one.kind] for one in forms)
    found = list(forms)
    for run in _RUNS.finditer(kinds):
        for place in range(*run.span()):
            if found[place].kind in _MARKS or found[place].text == _ITEM:
                found[place] = _GAP
    return found
