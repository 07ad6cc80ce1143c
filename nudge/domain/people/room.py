"""Room in a visitor's state: which rows leave where there are too many, and how many left. Pure.

What pages say has its own room, and each kind of row its share of it: whoever sends much of one
kind pushes out that kind, the oldest first, and nothing else (decision 0022).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple, TypeVar

SERVER: Final = "server"
PAGE: Final = "page"
EITHER: Final = "either"
"""Source of decisions that were dropped: pages and servers ask for them alike."""

T = TypeVar("T")


class Dropped(NamedTuple):
    """A count of the rows of a kind that left a visitor's state before their time.

    Attributes:
        what: type of the event, `exposure`, `waiting` for a decision that was not shown, or
            `amount`.
        source: `page`, `server` or `either`.
    """

    what: str
    source: str
    times: int


def with_dropped(dropped: Iterable[Dropped], news: Iterable[Dropped]) -> tuple[Dropped, ...]:
    """Add up counts, by kind and source; the order does not matter."""
    found = Counter[tuple[str, str]]()
    for one in (*dropped, *news):
        found[one.what, one.source] += one.times
    return tuple(Dropped(*name, count) for name, count in sorted(found.items()) if count)


def dropped_text(dropped: Iterable[Dropped]) -> str:
    """Return counts as one text, for a field of the store."""
    return " ".join(f"{one.what}:{one.source}:{one.times}" for one in dropped)


def dropped_of(text: str) -> tuple[Dropped, ...]:
    """Return the counts of a text that `dropped_text` made."""
    rows = (one.split(":") for one in text.split())
    return tuple(Dropped(what, source, int(count)) for what, source, count in rows)


def newly_dropped(before: Iterable[Dropped], after: Iterable[Dropped]) -> tuple[Dropped, ...]:
    """Return by how much counts grew."""
    was = {(one.what, one.source): one.times for one in before}
    rows = (one._replace(times=one.times - was.get(one[:2], 0)) for one in after)
    return tuple(one for one in rows if one.times > 0)


def quotas(kinds: Iterable[str], most: int) -> dict[str, int]:
    """Return how many rows of each kind leave so that `most` stay: of the most frequent kinds."""
    counts = Counter(kinds)
    leaving = Counter[str]()
    for _ in range(counts.total() - most):
        largest = max(counts, key=lambda kind: (counts[kind], kind))
        counts[largest] -= 1
        leaving[largest] += 1
    return dict(leaving)


def without_first(
    rows: Sequence[T], kind: Callable[[T], str], leaving: dict[str, int]
) -> tuple[T, ...]:
    """Return the rows without so many of the first ones of some kinds."""
    if not leaving:
        return tuple(rows)
    left, kept = dict(leaving), list[T]()
    for row in rows:
        name = kind(row)
        if left.get(name, 0) > 0:
            left[name] -= 1
        else:
            kept.append(row)
    return tuple(kept)


def fair(rows: Sequence[T], kind: Callable[[T], str], most: int) -> tuple[T, ...]:
    """Return at most so many rows: the first ones of the most frequent kinds leave."""
    if len(rows) <= most:
        return tuple(rows)
    return without_first(rows, kind, quotas(map(kind, rows), most))
