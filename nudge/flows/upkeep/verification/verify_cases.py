"""Verification of cases: compares each with what its records come to, without rules and words.

The journal is replayed in memory, one partition after the other. Cases are read a few at a time,
each few at one position, and the replay goes up to just that: so it may run while the service does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from itertools import islice
from typing import Final, NamedTuple

from bandits.units import DAY
from nudge.domain.care.case import KEEP, Case, CaseState
from nudge.domain.care.case_replay import CaseReplay
from nudge.domain.journal.fold_name import FoldName
from nudge.domain.reports.difference import Difference
from nudge.flows.folds.care import WATERMARK
from nudge.flows.upkeep.verification.one_position import read_at_one_position
from nudge.lake.files.history import History
from nudge.store.folds.case_store import CaseListing
from nudge.store.folds.folds import GENERATION
from nudge.store.store import Store

CHUNK: Final = 500
"""Cases that are read at one position."""

Tell = Callable[[int], object]
"""Is told how many entries were taken."""


class CareHead(NamedTuple):
    """The head of the fold `care` in a partition: each commit changes it.

    Attributes:
        position: of the last entry that it has read.
        watermark: seconds.
        generation: of cases.
    """

    position: int
    watermark: float
    generation: int


@dataclass
class _Reading:
    """The records of a partition, as far as they are read.

    Attributes:
        since: second before which cases were opened whose records the lake removed.
        position: up to which `replay` has read.
    """

    history: History
    partition: int
    tell: Tell
    replay: CaseReplay = field(init=False)
    since: float = field(init=False)
    position: int = field(init=False)

    def __post_init__(self) -> None:
        """Begin behind the entries that were removed by age."""
        left = self.history.opening(self.partition)
        self.replay = CaseReplay(self.partition)
        self.since, self.position = left.until, left.position

    def to(self, position: int) -> None:
        """Read every entry up to a position."""
        for entry in self.history.entries(self.partition, self.position, position):
            self.replay.take(entry)
            self.tell(1)
        self.position = max(self.position, position)

    def counts(self, case: Case, watermark: float) -> bool:
        """Return whether a case can be made anew, and is young enough to be kept for sure."""
        return case.opened >= max(self.since, watermark - (KEEP - 1) * DAY)


def verify_cases(store: Store, history: History, tell: Tell) -> Iterator[Difference]:
    """Compare cases with a replay of their records; yield the differences.

    Args:
        store: of the installation.
        history: where entries come from.
        tell: see `Tell`.

    Raises:
        DaysRemovedError: days were removed from the lake meanwhile; begin again.
        JournalGapError: neither lake nor journal holds a position.
        StoreAwayError: no answer.
    """
    for p in store.keys.every_partition():
        reading = _Reading(history, p, tell)
        there = set(store.cases.names(p, _head(store, p).generation))
        # Behind the listing, so that a case that was opened meanwhile is in the replay.
        reading.to(_head(store, p).position)
        rest = iter(sorted(reading.replay.cases.keys() | there))
        while chunk := list(islice(rest, CHUNK)):
            yield from _compared(store, reading, chunk)


def _compared(store: Store, reading: _Reading, chunk: Sequence[str]) -> Iterator[Difference]:
    p = reading.partition
    moment = read_at_one_position(partial(_head, store, p), partial(_read, store, p, chunk))
    if moment is None:
        yield Difference(p, "cases", "a moment without a commit", "none in many tries")
        return
    head, (cases, listings, unqueued) = moment
    reading.to(head.position)
    for name in chunk:
        due, found = reading.replay.cases.get(name), cases.get(name)
        if all(one is None or reading.counts(one, head.watermark) for one in (due, found)):
            yield from _differences(p, name, due, found)
        if found is not None and listings[name] != (wanted := _listing_of(found)):
            yield Difference(p, f"lists of case {name}", f"{wanted}", f"{listings[name]}")
        elif name in unqueued:
            yield Difference(p, f"work list of case {name}", "in its queues", "missing in one")


def _differences(p: int, name: str, due: Case | None, found: Case | None) -> Iterator[Difference]:
    if due != found:
        yield Difference(p, f"case {name}", _told(due, found), _told(found, due))


def _listing_of(case: Case) -> CaseListing:
    return CaseListing(case.opened, None if case.state is CaseState.CLOSED else case.opened)


def _told(case: Case | None, other: Case | None) -> str:
    """Return the fields in which a case differs from another form of it."""
    if case is None:
        return "none"
    if other is None:
        return f"one that was opened at {case.opened}"
    names = [one.name for one in fields(Case)]
    unlike = [name for name in names if getattr(case, name) != getattr(other, name)]
    return ", ".join(f"{name} {getattr(case, name)}" for name in unlike)


def _read(
    store: Store, partition: int, names: Sequence[str], head: CareHead
) -> tuple[Mapping[str, Case], Mapping[str, CaseListing], set[str]]:
    cases = store.cases.read_each(partition, names, head.generation)
    listings = store.cases.listings(partition, cases, head.generation)
    return cases, listings, store.cases.unqueued(partition, cases.values(), head.generation)


def _head(store: Store, partition: int) -> CareHead:
    names = ("position", WATERMARK, GENERATION)
    position, watermark, number = store.folds.read_fields(partition, FoldName.CARE, *names)
    return CareHead(int(position or 0), float(watermark or 0.0), int(number or 0))
