"""Split: takes two visitors apart who had been taken for one. See docs/decisions/0017.

Each step can be repeated. The side that leaves is set first, so that no refusal is ever missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from nudge import clock, faults
from nudge.domain.credit.parting_sides import PartingPoint, PartingSides, SideRecords, state_of
from nudge.domain.identity.sealing import Home, Sealer
from nudge.domain.journal.event import VIA, text_name
from nudge.domain.journal.records import Event, JournalEntry
from nudge.domain.people.facts import DEVICE, NUMBER
from nudge.domain.people.merging import INTO, LEFT, merge_states
from nudge.domain.people.parting import PARTED, leaving_record, limits_of, staying_record
from nudge.domain.people.visitor import VisitorState
from nudge.domain.prefill.numbers import LAST, OWN
from nudge.errors import ChangedMeanwhileError, NotFoundError
from nudge.flows.upkeep.split_history import SplitHistory, Tell
from nudge.lake.files.history import History
from nudge.store.store import Store
from nudge.store.vault.people import IDENTIFIED

TRIES: Final = 200
"""How often a state is made anew that a newer record made old."""
PAUSE: Final = 0.02


@dataclass(frozen=True)
class SplitResult:
    """The result of a split.

    Attributes:
        apart: the two were apart already; nothing was done.
        leaves: 0 where the first visitor leaves the other one, 1 where the second does.
        merged_at: seconds, when the two were made one; None where the lake no longer has it.
        records: of the side that leaves, and of the side that stays.
        untold: records of which the journal does not tell for whom they came: they stay.
        refusals: of these, those that count for both.
        numbers: that each side has in its book.
    """

    apart: bool = False
    leaves: int = 0
    merged_at: float | None = None
    records: tuple[int, int] = (0, 0)
    untold: int = 0
    refusals: int = 0
    numbers: tuple[int, int] = (0, 0)


@dataclass
class _Work:
    """A split under way.

    Attributes:
        sides: whose a record is.
        leaves: home of the subject that leaves.
        under: home of the subject under which it was listed; None where it was taken out already.
        root: home of the subject that stays.
        people: home of each subject.
        read: the records.
    """

    sides: PartingSides
    leaves: Home
    under: Home | None
    root: Home
    people: dict[str, Home]
    read: SplitHistory


@dataclass(frozen=True)
class PeopleSplit:
    """The split of visitors: takes a wrong merge apart.

    Attributes:
        history: where records come from.
        sealer: hashes ids.
        patience: seconds to wait for the fold.
        tell: is told how many entries were read.
    """

    store: Store
    history: History
    sealer: Sealer
    patience: float
    tell: Tell = lambda _: None

    def split(self, one: str, other: str, *, dry: bool = False) -> SplitResult:
        """Take two visitors apart; idempotent, and after a break the same call does the rest.

        Args:
            one: external id of a visitor.
            other: external id of another one.
            dry: only tell what would be done.

        Raises:
            NotFoundError: nobody has one of the ids.
            FoldBehindError: no worker runs.
            ChangedMeanwhileError: records of the two came faster than they could be read.
            StoreAwayError: no answer; do it again.
        """
        paths = [list(self._path(self._subject(name))) for name in (one, other)]
        if paths[0][-1] == paths[1][-1]:
            work, which = self._begun(paths)
        else:
            found = self._resumed(paths)
            if found is None:
                return SplitResult(apart=True)
            work, which = found
        if dry:
            return self._told(work, which)
        if self.store.partings.parted_at(work.leaves) == 0:
            self._leave(work)
        faults.point("split.after_leaving")
        self._stay(work)
        faults.point("split.after_staying")
        self._share_books(work)
        leaving = work.sides.leaving
        self.store.withdrawals.give_back(work.root, work.leaves, leaving, clock.now())
        told = self._told(work, which)
        faults.point("split.before_end")
        self.store.partings.forget(work.leaves, work.root)
        return told

    # --- which merging is cut

    def _subject(self, visitor_id: str) -> Home:
        hashed = self.sealer.visitor_hash(visitor_id)
        home = self.sealer.partition(hashed, self.store.keys.partitions)
        subject = self.store.visitors.subject_of(Home(hashed, home))
        if subject is None:
            raise NotFoundError("nobody has one of the two ids; give ids as the events gave them")
        return Home(subject, home)

    def _path(self, home: Home) -> Iterator[Home]:
        """Yield the subject and those that it turned out to be, the last one last."""
        yield home
        into = self.store.visitors.person_of(home).into
        if into is not None:
            yield from self._path(into)

    def _below(self, home: Home) -> Iterator[Home]:
        """Yield the subject and all that turned out to be it."""
        yield home
        for other in self.store.visitors.person_of(home).others:
            yield from self._below(other)

    def _begun(self, paths: list[list[Home]]) -> tuple[_Work, int]:
        """Return the split that cuts the latest merging between two visitors who are one."""
        common = {home.subject for home in paths[0]} & {home.subject for home in paths[1]}
        # On the way to the root mergings are made one after the other: the last one is the latest.
        edges = []
        for which, path in enumerate(paths):
            own = sum(home.subject not in common for home in path)
            if own:
                edges.append((path[own - 1], path[own], which))
        if not edges:
            raise NotFoundError("the two ids lead to one visitor from the first: there is no merge")
        root = paths[0][-1]
        people = {home.subject: home for home in self._below(root)}
        read = self._history(people, root)
        read.further()
        cuts = [(_cut_of(read.entries, leaves), leaves, under, w) for leaves, under, w in edges]
        cut, leaves, under, which = max(cuts, key=lambda one: (one[0].stamp, one[1].subject))
        leaving = frozenset(home.subject for home in self._below(leaves))
        staying = frozenset(people) - leaving
        sides = PartingSides(leaving, staying, root.subject, cut)
        return _Work(sides, leaves, under, root, people, read), which

    def _resumed(self, paths: list[list[Home]]) -> tuple[_Work, int] | None:
        """Return a split of the two that was broken off, if there is one."""
        roots = [path[-1] for path in paths]
        for which, (leaves, root) in enumerate((roots, roots[::-1])):
            person = self.store.visitors.person_of(leaves)
            if person.parting != root or not self.store.partings.parted_at(leaves):
                continue
            mine = {home.subject: home for home in self._below(leaves)}
            rest = {home.subject: home for home in self._below(root)}
            people = rest | mine
            read = self._history(people, root)
            read.further()
            cut = _cut_of(read.entries, leaves)
            staying = frozenset(people) - frozenset(mine)
            sides = PartingSides(frozenset(mine), staying, root.subject, cut)
            under = next((h for h in rest.values() if self._lists(h, leaves)), None)
            return _Work(sides, leaves, under, root, people, read), which
        return None

    def _lists(self, home: Home, other: Home) -> bool:
        return other in self.store.visitors.person_of(home).others

    def _history(self, people: dict[str, Home], root: Home) -> SplitHistory:
        partitions = frozenset(home.partition for home in people.values())
        return SplitHistory(
            self.store,
            self.history,
            frozenset(people),
            partitions,
            root.partition,
            self.patience,
            self.tell,
        )

    # --- the states

    def _leave(self, work: _Work) -> None:
        """Set the side that leaves, and take it out of the other one, in one step."""
        self.store.partings.note(work.leaves, work.root)
        faults.point("split.after_note")

        def attempt() -> int:
            limits = work.read.further()
            leaves, _ = work.sides.sort(work.read.entries, limits)
            p, subject = work.leaves.partition, work.leaves.subject
            if any(_is_own(e, subject) and e.position > limits.upto[p] for e in work.read.entries):
                return 0
            self._remember(work, leaves)
            name = f"{PARTED}:{work.root.partition}:{limits.root}"
            state = self._leaving_state(work, leaves)
            event = leaving_record(subject, name, state, work.root.subject, limits)
            return self.store.partings.part(work.leaves, event, work.read.read[p], leaves=True)

        self._until(attempt)

    def _stay(self, work: _Work) -> None:
        """Set the side that stays, and send on what came late for the other one."""
        left = self._left(work)
        before = limits_of(left)

        def attempt() -> int:
            limits = work.read.further()
            if self._has_stayed(work, before.root):
                return 1
            _, stays = work.sides.sort(work.read.entries, limits)
            late = work.sides.late(work.read.entries, before, limits)
            self._remember(work, SideRecords(late))
            state = state_of(work.read.opening(work.sides.staying), stays.entries)
            name = f"{PARTED}:{work.leaves.partition}:{self.store.partings.parted_at(work.leaves)}"
            to = (work.leaves.partition, state_of(VisitorState(), late) if late else None)
            event = staying_record(work.root.subject, name, state, left, to)
            return self.store.partings.part(work.root, event, limits.root, leaves=False)

        self._until(attempt)
        if work.under is not None:
            self.store.partings.unlist(list(self._path(work.under)), work.leaves)

    def _until(self, attempt: Callable[[], int]) -> None:
        for _ in range(TRIES):
            if attempt():
                return
            clock.sleep(PAUSE)
        raise ChangedMeanwhileError("records of the two come faster than they can be read")

    def _leaving_state(self, work: _Work, leaves: SideRecords) -> VisitorState:
        opening = work.read.opening(work.sides.leaving)
        if work.sides.cut.stamp < 0:
            # The merging itself is no longer in the lake: nobody knows whose a refusal was.
            merged = work.read.opening([work.root.subject])
            refused = tuple(one for one in merged.consents if not one.given)
            said = VisitorState(
                watermark=opening.watermark, consents=refused, complained_at=merged.complained_at
            )
            opening = merge_states(opening, said)
        return state_of(opening, [*leaves.entries, *leaves.refusals])

    def _left(self, work: _Work) -> Event:
        """Return the record by which the one side left."""
        p, position = work.leaves.partition, self.store.partings.parted_at(work.leaves)
        found = [e.record for e in self.history.entries(p, position - 1, position)]
        if not found or not isinstance(found[0], Event):
            raise NotFoundError(f"position {position} of partition {p} holds no record of a split")
        return found[0]

    def _has_stayed(self, work: _Work, since: int) -> bool:
        """Return True where the record of the side that stays was appended before a break."""
        p, position = work.leaves.partition, self.store.partings.parted_at(work.leaves)
        name = f"{PARTED}:{p}:{position}"
        return any(
            isinstance(e.record, Event)
            and (e.record.subject, e.record.type) == (work.root.subject, PARTED)
            and e.record.event_id == name
            and e.position > since
            for e in work.read.entries
        )

    def _remember(self, work: _Work, mine: SideRecords) -> None:
        """Remember ids of events that came to the root with the subject whose they are."""
        found = [
            (e.record, e.stamp)
            for e in mine.entries
            if isinstance(e.record, Event) and e.record.subject == work.root.subject
        ]
        self.store.partings.remember(work.leaves, found)

    # --- the vault

    def _share_books(self, work: _Work) -> None:
        """Give each number and text to the side whose records name it."""
        leaves, stays = self._books(work)
        was = self._fields(work.root)
        gone = {family: set(fields) - set(stays[family]) for family, fields in was.items()}
        self.store.partings.set_books(work.leaves, leaves, {})
        self.store.partings.set_books(work.root, {}, gone)

    def _fields(self, home: Home) -> dict[str, dict[str, bytes]]:
        return {
            "numbers": self.store.visitors.book(home),
            "texts": self.store.visitors.texts(home),
        }

    def _books(self, work: _Work) -> tuple[dict[str, dict[str, bytes]], ...]:
        """Return what belongs in the book of each side's subject."""
        limits = work.read.further()
        sides = work.sides.sort(work.read.entries, limits)
        mine, was = self._fields(work.leaves), self._fields(work.root)
        named = [_named(side.entries) for side in sides]
        shared: list[dict[str, dict[str, bytes]]] = [{"numbers": {}, "texts": {}} for _ in sides]
        for family, fields in was.items():
            for name, value in fields.items():
                own = [name in of for of in named]
                if name.startswith(f"{OWN}:"):
                    leaving = name.removeprefix(f"{OWN}:") in work.sides.leaving
                    own = [leaving, not leaving]
                elif name.startswith(f"{LAST}:"):
                    label = value.split(b" ")[0].decode()
                    field = f"{name.removeprefix(f'{LAST}:')}:{label}"
                    own = [field in of for of in named]
                if not any(own):
                    own = [name in mine[family], name not in mine[family]]
                for of, has in zip(shared, own, strict=True):
                    if has:
                        of[family][name] = value
        return tuple(shared)

    def _told(self, work: _Work, which: int) -> SplitResult:
        leaves, stays = work.sides.sort(work.read.entries, work.read.further())
        books = self._books(work)
        stamp = work.sides.cut.stamp
        return SplitResult(
            leaves=which,
            merged_at=stamp if stamp > 0 else None,
            records=(len(leaves.entries), len(stays.entries)),
            untold=work.sides.untold(stays.entries),
            refusals=len(leaves.refusals),
            numbers=tuple(sum(not n.startswith(f"{LAST}:") for n in b["numbers"]) for b in books),  # type: ignore[arg-type]
        )


def _cut_of(entries: list[JournalEntry], leaves: Home) -> PartingPoint:
    """Return the latest merging by which a subject turned out to be another one."""
    found = [
        entry
        for entry in entries
        if isinstance(entry.record, Event)
        and entry.record.subject == leaves.subject
        and INTO in entry.record.fields
        and entry.record.type == IDENTIFIED
    ]
    if not found:
        return PartingPoint(leaves.subject, -1.0, told=False)
    last = max(found, key=lambda entry: entry.position)
    told = isinstance(last.record, Event) and VIA in last.record.fields
    return PartingPoint(leaves.subject, last.stamp, told)


def _is_own(entry: JournalEntry, subject: str) -> bool:
    record = entry.record
    return record.subject == subject and not (isinstance(record, Event) and record.type == LEFT)


def _named(entries: list[JournalEntry]) -> set[str]:
    """Return the fields of books that events name: numbers by device, texts by event."""
    found: set[str] = set()
    for entry in entries:
        record = entry.record
        if not isinstance(record, Event):
            continue
        if NUMBER in record.fields and DEVICE in record.fields:
            found.add(f"{record.fields[DEVICE]}:{record.fields[NUMBER]}")
        if record.fields.get("has_text"):
            # An earlier version named a text by the event's id alone.
            found |= {text_name(record.source, record.type, record.event_id), record.event_id}
    return found
