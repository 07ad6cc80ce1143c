"""The columns that a file's first line, or its schema, names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

LONGEST_NAME: Final = 200
SHOWN: Final = 40
"""Most characters of a name that a message repeats."""
_NUMBER: Final = re.compile(r"[-+(]*\d[-\d\s().,/:]*(e[-+]?\d+)?", re.IGNORECASE)
"""Numbers, telephone numbers and dates: a row where a header belongs."""
_PRIVATE: Final = re.compile(r"\d{5}|@")
"""Text that may be a number or an address of a person."""


def shown_name(name: str, place: int) -> str:
    """Return a column's name for a message, or its place where it may be somebody's data.

    Args:
        name: of the column.
        place: of the column, from 1.
    """
    plain = len(name) <= SHOWN and name.isprintable() and not _PRIVATE.search(name)
    return repr(name) if plain else f"number {place}"


def shown_names(names: Sequence[str]) -> str:
    """Return all names of a file's columns, for a message."""
    return ", ".join(
        name if shown_name(name, 0) == repr(name) else f"(column {place})"
        for place, name in enumerate(names, 1)
    )


def header_problems(names: Sequence[str], *, typed: bool = False) -> list[str]:
    """Return the problems of a file's column names (trimmed), each with its cure.

    Args:
        names: in the file's order.
        typed: the names are those of a schema, which no row can be mistaken for.
    """
    if not names:
        return ["there is no column; the first line has to name the columns"]
    problems: list[str] = []
    for place, name in enumerate(names, 1):
        problem = _problem(name, typed=typed)
        if problem:
            problems.append(f"column {place} {problem}")
    return problems or _doubles(names)


def _problem(name: str, *, typed: bool) -> str:
    if not name:
        return "has no name; name it, or remove it (an index column, for example)"
    if len(name) > LONGEST_NAME or not name.isprintable():
        return f"has a name that is not text of at most {LONGEST_NAME} printable characters"
    if not typed and _NUMBER.fullmatch(name):
        return "is named by a number: the first line has to name the columns, and not to be a row"
    return ""


def _doubles(names: Sequence[str]) -> list[str]:
    first: dict[str, int] = {}
    problems = []
    for place, name in enumerate(names, 1):
        before = first.setdefault(name.casefold(), place)
        if before != place:
            what = f"columns {before} and {place} have the same name, {shown_name(name, place)}"
            problems.append(f"{what}; rename or remove one")
    return problems
