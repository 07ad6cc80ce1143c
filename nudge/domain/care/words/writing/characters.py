"""Characters as they are compared: width, case, script and decoration are left out."""

from __future__ import annotations

import unicodedata
from enum import IntEnum
from typing import Final, NamedTuple

from nudge.domain.care.words.writing.script_table import SIMPLIFIED


class Kind(IntEnum):
    """The part of a character in its text."""

    DROPPED = 0
    """No part: invisible characters and accents."""
    SIGN = 1
    """A Chinese character: a unit of its own."""
    LETTER = 2
    """A letter or digit of a word."""
    GAP = 3
    """Space, emoji and decoration: it ends a word, and is nothing between Chinese characters."""
    COMMA = 4
    STOP = 5
    ASK = 6
    """A question mark."""
    DOT = 7
    """A full stop of ASCII, which also stands between characters as decoration."""


class Character(NamedTuple):
    """A character as it is compared.

    Attributes:
        kind: part in the text.
        text: the form that is compared; several letters for a ligature.
    """

    kind: Kind
    text: str = ""


_VARIANTS: Final = {
    **SIMPLIFIED,
    "乾": "干",
    "著": "着",
    "妳": "你",
    "佔": "占",
    "餘": "余",
    "祂": "他",
}
_LOOKALIKES: Final = dict(zip("аеорсухѕіјԁһӏαορνι", "aeopcyxsijdhlaopvi", strict=True))
"""Cyrillic and Greek letters that look like Latin ones."""
_MARKS: Final = {
    **dict.fromkeys(",，﹐;；:：—–", Kind.COMMA),
    **dict.fromkeys("。！!；;…｡\n\r\u2028\u2029", Kind.STOP),
    **dict.fromkeys("?？", Kind.ASK),
    ".": Kind.DOT,
}
_SAME: Final = {
    **dict.fromkeys("'’‘ʼ＇`´", Character(Kind.LETTER, "'")),
    "、": Character(Kind.SIGN, "、"),
}
"""Signs that count as letters or signs."""


class CharacterTable(dict[str, Character]):
    """A table of characters that grows with the characters it meets."""

    def __missing__(self, character: str) -> Character:
        """Return the form of a character that was not met before."""
        found = self[character] = _character(character)
        return found


def _character(character: str) -> Character:
    if character in _MARKS:
        return Character(_MARKS[character], character)
    if character in _SAME:
        return _SAME[character]
    text = unicodedata.normalize("NFKD", character).casefold()
    text = "".join(one for one in text if not unicodedata.combining(one))
    text = "".join(_LOOKALIKES.get(one, one) for one in text)
    if not text or unicodedata.category(character) in {"Cf", "Mn", "Me", "Mc", "Cc"}:
        gap = character.isspace()
        return Character(Kind.GAP, " ") if gap else Character(Kind.DROPPED)
    return _written(character, text)


def _written(character: str, text: str) -> Character:
    """Return the form of a character that is seen, from its plain text."""
    if text != character and text in _MARKS:
        return Character(_MARKS[text], text)
    if text.isascii() and text.isalnum():
        return Character(Kind.LETTER, text)
    if len(text) == 1 and unicodedata.category(text) == "Lo":
        return Character(Kind.SIGN, _VARIANTS.get(text, text))
    return Character(Kind.GAP, " ")


CHARACTERS: Final = CharacterTable()
"""The table of this process."""
