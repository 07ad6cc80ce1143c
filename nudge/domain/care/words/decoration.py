"""Decoration: marks that stand between all characters of a phrase, and end no clause: 态。度。恶。劣."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from nudge.domain.care.words.characters import Character, Kind

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
_FEWEST: Final = 2
"""Marks of the shortest run."""
_GAP: Final = Character(Kind.GAP, " ")
_MARKS: Final = frozenset((Kind.COMMA, Kind.STOP, Kind.ASK, Kind.DOT))


def undecorated(forms: Sequence[Character]) -> Sequence[Character]:
    """Return characters with the marks that are mere decoration as gaps."""
    if sum(one.kind in _MARKS or one.text == "、" for one in forms) < _FEWEST:
        return forms
    kinds = "".join("M" if one.text == "、" else _LETTERS[one.kind] for one in forms)
    found = list(forms)
    for run in _RUNS.finditer(kinds):
        for place in range(*run.span()):
            if found[place].kind in _MARKS or found[place].text == "、":
                found[place] = _GAP
    return found
