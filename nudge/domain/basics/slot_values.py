"""Checks of single values in a slot's table, and suggestions for misspelt words."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from typing import TypeGuard

MAX_DEPTH = 16
CLOSE = 0.65
"""Similarity of two words, from 0 to 1, from which one counts as a slip of the other."""
MAX_INTEGER = 2**63
ATTRIBUTE_FORM = r"[a-z][a-z0-9_]{0,63}"
"""Regular expression of a context attribute's name."""


def suggestion(word: object, known: Iterable[str]) -> str:
    """Name the known word that was probably meant, or list all of them."""
    words = list(dict.fromkeys(known))
    close = difflib.get_close_matches(str(word), words, 1, CLOSE)
    return f"did you mean {close[0]!r}?" if close else f"use one of {', '.join(words)}"


def json_problem(value: object, depth: int = 0) -> str | None:
    """Return why a value is not JSON that every part can carry, or None."""
    if depth > MAX_DEPTH:
        return f"is nested too deeply; nest at most {MAX_DEPTH} levels"
    if isinstance(value, list):
        return _first(json_problem(one, depth + 1) for one in value)
    if isinstance(value, Mapping):
        return _first(json_problem(one, depth + 1) for pair in value.items() for one in pair)
    return scalar_problem(value)


def scalar_problem(value: object) -> str | None:
    """Return why a value is not a JSON scalar, or None."""
    if value is None or isinstance(value, str | bool):
        return None
    if isinstance(value, int):
        return None if abs(value) < MAX_INTEGER else "is too large; use whole numbers of 64 bits"
    if isinstance(value, float):
        return None if math.isfinite(value) else f"{value!r} is not JSON; use a finite number"
    return f"{type(value).__name__} is not allowed here; use text, a number, true or false"


def is_number(value: object) -> TypeGuard[int | float]:
    """Return True for a number; a flag is not a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def text_problem(value: object) -> str | None:
    """Return why a value is not a text, or None."""
    return None if isinstance(value, str) and value else "is not text; write a name in quotes"


def _first(problems: Iterable[str | None]) -> str | None:
    return next((problem for problem in problems if problem is not None), None)
