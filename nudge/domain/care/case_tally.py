"""Tallies of the fold `care`: counts that are committed with its state, for figures. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from nudge.domain.care.case import Case, CaseState
from nudge.domain.care.warning_rule import CaseKind, CaseLevel

TEXTS: Final = "texts"
"""Texts that came by feedback."""
HEARD: Final = "heard"
"""Texts in which words or a complaint were found."""
_OPENED: Final = "opened."
_UNCLOSED: Final = "unclosed."

CaseTally = Mapping[str, int]
"""Name of a count -> count."""


def opened_name(kind: str, level: str) -> str:
    """Return the name of the count of cases of a kind that were opened at a level."""
    return f"{_OPENED}{_of_kind(kind, level)}"


def _of_kind(kind: str, level: str) -> str:
    """Return the end of a name: a warning's is its level alone, as before there were kinds."""
    return level if kind == CaseKind.WARNING else f"{kind}.{level}"


def unclosed_change(before: Case | None, after: Case | None) -> CaseTally:
    """Return by how much a case changes the counts of cases that are not closed.

    Args:
        before: the case as it was; None for a new one.
        after: the case as it is; None for one that was forgotten.
    """
    found = Counter[str]()
    for case, sign in ((before, -1), (after, 1)):
        if case is not None and case.state is not CaseState.CLOSED:
            found[f"{_UNCLOSED}{_of_kind(case.kind, case.level)}"] += sign
    return found


def added_tallies(tallies: Iterable[CaseTally]) -> CaseTally:
    """Return the sum of tallies, without counts of 0."""
    found = Counter[str]()
    for one in tallies:
        found.update(one)
    return {name: count for name, count in sorted(found.items()) if count}


def tally_text(tally: CaseTally) -> str:
    """Return a tally as one text, for a field of the store."""
    return " ".join(f"{name}:{count}" for name, count in tally.items())


def tally_of(text: str) -> CaseTally:
    """Return the tally of a text that `tally_text` made."""
    rows = (one.split(":") for one in text.split())
    return {name: int(count) for name, count in rows}


def opened_by_level(tally: CaseTally) -> dict[str, int]:
    """Return how many warnings were opened, by level."""
    names = {level: opened_name(CaseKind.WARNING, level) for level in CaseLevel}
    return {level.value: tally.get(name, 0) for level, name in names.items()}


def unclosed_by_level(tally: CaseTally) -> dict[str, int]:
    """Return how many warnings are not closed, by level."""
    return {level.value: max(tally.get(f"{_UNCLOSED}{level.value}", 0), 0) for level in CaseLevel}
