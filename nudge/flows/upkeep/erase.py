"""Erasure of a visitor. The journal keeps the subject's records, which then belong to nobody.

The order is such that a call which died can be repeated: what leads to the rest goes last. The
state is emptied by its fold, which reads `erased` in the journal; a rebuild reads it as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from nudge import clock
from nudge.domain.identity.number import Number, number_from_seal
from nudge.domain.identity.sealing import Home, Sealer
from nudge.domain.journal.fold_name import FoldName
from nudge.domain.journal.records import Event
from nudge.domain.people.numbers import LAST
from nudge.errors import CorruptRecordError
from nudge.store.journal.appends import Append
from nudge.store.plans.plan_book import decode_rows
from nudge.store.plans.withdrawals import withdrawn_plan
from nudge.store.store import Store
from nudge.store.vault.visitors import Person

LOOK: Final = 0.02
ERASED: Final = "erased"
"""Type of the event, and the reason for which plans are withdrawn."""


@dataclass(frozen=True)
class Erasure:
    """The result of an erasure: counts of what was forgotten.

    Attributes:
        found: the visitor was known.
        subjects: that the visitor had.
        ids: that led to them, numbers among them.
        numbers: that were kept.
        texts: that were kept.
        folded: the visitor's state is empty; otherwise it will be as soon as the fold comes to it.
    """

    found: bool
    subjects: int = 0
    ids: int = 0
    numbers: int = 0
    texts: int = 0
    folded: bool = True


@dataclass(frozen=True)
class Eraser:
    """The eraser of visitors: removes them from the vault and from the folds' state.

    Attributes:
        sealer: hashes ids, and opens numbers to find their entries.
    """

    store: Store
    sealer: Sealer

    def erase(self, visitor_id: str, by: str, patience: float) -> Erasure:
        """Forget a visitor under all their ids; idempotent.

        Args:
            visitor_id: any of the visitor's external ids.
            by: who asked for it.
            patience: seconds to wait until the state is empty.

        Raises:
            StoreAwayError: no answer; do it again.
        """
        return self._erase(self._home(self.sealer.visitor_hash(visitor_id)), by, patience)

    def erase_number(self, number: Number, by: str, patience: float) -> Erasure:
        """Forget the visitor to whom a number belongs, under all their ids.

        Where others typed it, it stays in their books: see `take_out`.

        Args:
            number: of the person.
            by: who asked for it.
            patience: seconds to wait until the state is empty.

        Raises:
            StoreAwayError: no answer; do it again.
        """
        return self._erase(self._home(self.sealer.number_hash(number)), by, patience)

    def _erase(self, first: Home, by: str, patience: float) -> Erasure:
        """Forget the visitor to whom a hashed id leads."""
        subject = self.store.visitors.subject_of(first)
        if subject is None:
            return Erasure(found=False)
        raw = Home(subject, first.partition)
        root = self.store.visitors.root_of(raw)
        people = list(self._people(root))
        self._say(root, by)
        ids = {name for person in people for name in person.ids} | {first.subject}
        numbers, texts = self._forget(people)
        for name in ids - {first.subject}:
            self._delete_entry(name)
        chain = {home.subject for home in self._chain(raw)}
        self._delete_people([p.home for p in people if p.home.subject not in chain])
        self._delete_people(reversed(list(self._chain(raw))))
        self._delete_entry(first.subject)
        self.store.log_rewrite.want_rewrite()
        folded = self._folded(root.partition, patience)
        return Erasure(True, len(people), len(ids), numbers, texts, folded)

    def _home(self, hashed: str) -> Home:
        return Home(hashed, self.sealer.partition(hashed, self.store.keys.partitions))

    def _people(self, home: Home) -> Iterator[Person]:
        """Yield the subject and all subjects that were merged into it."""
        person = self.store.visitors.person_of(home)
        yield person
        for other in person.others:
            yield from self._people(other)

    def _chain(self, home: Home) -> Iterator[Home]:
        """Yield the subjects from this one to the one that it was merged into at last."""
        yield home
        into = self.store.visitors.person_of(home).into
        if into is not None:
            yield from self._chain(into)

    def _say(self, root: Home, by: str) -> None:
        name = f"erased:{clock.now()}"
        event = Event(root.subject, name, ERASED, "server", fields={"by": by})
        groups = {root.partition: [Append("", event)]}
        self.store.journal.append_followed(groups, closes=False)

    def _forget(self, people: list[Person]) -> tuple[int, int]:
        """Remove the vault's entries of the subjects; return the counts of numbers and texts."""
        mine = {person.home.subject for person in people}
        numbers = texts = 0
        for person in people:
            home = person.home
            for name, sealed in self.store.visitors.book(home).items():
                device, label = name.split(":", 1)
                if device != LAST:
                    numbers += 1
                    self._delete_number(sealed, device, label, mine)
            texts += self.store.removal.remove_books(home)
            self._withdraw_plans(home)
        return numbers, texts

    def _withdraw_plans(self, home: Home) -> None:
        """List the visitor's plans as withdrawn, then forget them."""
        p, at = home.partition, clock.now()
        for plans in self.store.withdrawals.read_books(p, [home.subject], at).values():
            standing = decode_rows(plans.rows, p, home.subject)
            gone = [withdrawn_plan(one, ERASED) for one in standing]
            self.store.withdrawals.add(p, [one for one in gone if one.due > at])
        self.store.plans.forget_plans(p, home.subject, at)

    def _delete_number(self, sealed: bytes, device: str, label: str, mine: set[str]) -> None:
        """Remove the vault entry of a number that belongs to no visitor and was only typed."""
        try:
            number = number_from_seal(self.sealer.vault.open(sealed, device))
        except CorruptRecordError:
            return  # its key is gone, and with it the number
        home = self._home(self.sealer.number_hash(number))
        if label in mine or self._is_somebody(Home(label, home.partition)):
            return
        self._delete_entry(home.subject)
        self._delete_people([Home(label, home.partition)])

    def _is_somebody(self, home: Home) -> bool:
        p = home.partition
        generation = self.store.folds.generation_of(p, FoldName.ATTRIBUTE)
        state = self.store.visitor_states.has(p, home.subject, generation)
        person = self.store.visitors.person_of(home)
        return state or person.into is not None or bool(person.others)

    def _delete_entry(self, hashed: str) -> None:
        self.store.removal.remove_entry(self._home(hashed))

    def _delete_people(self, homes: Iterator[Home] | list[Home]) -> None:
        for home in homes:
            self.store.removal.remove_person(home)

    def _folded(self, partition: int, patience: float) -> bool:
        """Return whether the fold has read the journal up to its present end."""
        last = self.store.journal.last_position(partition)
        until = clock.monotonic() + patience
        while self.store.folds.position_of(partition, FoldName.ATTRIBUTE) < last:
            if clock.monotonic() > until:
                return False
            clock.sleep(LOOK)
        return True
