"""Plain text in columns of a terminal, in which a Chinese character takes two."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

WIDTH: Final = 100
"""Most columns of a line."""
_PIECE: Final = re.compile(r"[!-~]+|\s|.")


def width_of(text: str) -> int:
    """Return the columns that a text takes."""
    return sum(2 if unicodedata.east_asian_width(one) in "WFA" else 1 for one in text)


def wrap(text: str, indent: str, most: int) -> list[str]:
    """Break a text into at most `most` lines; one that is cut ends in three points."""
    lines = [indent]
    for piece in _PIECE.findall(text):
        if width_of(lines[-1] + piece) > WIDTH:
            lines.append(indent)
        if piece.strip() or lines[-1] != indent:
            lines[-1] = cut(lines[-1] + piece)
    if len(lines) > most:
        lines = [*lines[: most - 1], cut(lines[most - 1].rstrip() + "...", "...")]
    return [one.rstrip() for one in lines]


def cut(text: str, tail: str = "") -> str:
    """Cut a text to the width of a line; a tail stays at its end."""
    while width_of(text) > WIDTH:
        text = text[: len(text) - len(tail) - 1] + tail
    return text
