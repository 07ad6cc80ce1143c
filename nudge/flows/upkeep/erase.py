"""Erase: forget a person. What the journal says of the subject stays, and belongs to nobody.

The order is such that a call which died can be repeated: what leads to the rest goes last. The
state is emptied by its fold, which reads `erased` in the journal; a rebuild reads it as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from nudge import clock
from nudge.domain.identity.number import Number, from_sealed
from nudge.domain.identity.sealing import Home, Sealer
from nudge.domain.journal.records import Event
from nudge.domain.people.numbers import LAST
from nudge.errors import CorruptRecordError
from nudge.store.folds.folds import generation_of, position_of
from nudge.store.journal import journal
from nudge.store.journal.journal import Append
from nudge.store.keeping.rewriting import want_rewrite
from nudge.store.plans.plans import forget_plans
from nudge.store.vault.visitors import ATTRIBUTE, Person, person_of, root_of
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys

LOOK: Final = 0.02


@dataclass(frozen=True)
class Erasure:
    """What was forgotten.

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
    """Forgets people.

    Attributes:
        client: of the store.
        keys: of the installation.
        sealer: hashes ids, and opens numbers to find their entries.
    """

    client: Client
    keys: Keys
    sealer: Sealer

    def erase(self, visitor_id: str, by: str, patience: float) -> Erasure:
        """Forget a visitor under all of their ids; the second time there is nobody to forget.

        Args:
            visitor_id: any of the visitor's external ids.
            by: who asked for it.
            patience: seconds to wait until the state is empty.

        Raises:
            StoreAwayError: no answer; do it again.
        """
        return self._erase(self._home(self.sealer.visitor_hash(visitor_id)), by, patience)

    def erase_number(self, number: Number, by: str, patience: float) -> Erasure:
        """Forget whoever is known by a number of their own, under all of their ids.

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
        """Forget the person to whom a hashed id leads."""
        entry = self.client.call("HGET", self.keys.vault(first.partition, first.subject), "s")
        if entry is None:
            return Erasure(found=False)
        raw = Home(entry.decode(), first.partition)
        root = root_of(self.client, self.keys, raw)
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
        want_rewrite(self.client, self.keys)
        folded = self._folded(root.partition, patience)
        return Erasure(True, len(people), len(ids), numbers, texts, folded)

    def _home(self, hashed: str) -> Home:
        return Home(hashed, self.sealer.partition(hashed, self.keys.partitions))

    def _people(self, home: Home) -> Iterator[Person]:
        """The subject and all that turned out to be it."""
        person = person_of(self.client, self.keys, home)
        yield person
        for other in person.others:
            yield from self._people(other)

    def _chain(self, home: Home) -> Iterator[Home]:
        """From a subject to whom it turned out to be."""
        yield home
        into = person_of(self.client, self.keys, home).into
        if into is not None:
            yield from self._chain(into)

    def _say(self, root: Home, by: str) -> None:
        name = f"erased:{clock.now()}"
        event = Event(root.subject, name, "erased", "server", fields={"by": by})
        groups = {root.partition: [Append("", event)]}
        journal.append_followed(self.client, self.keys, groups, closes=False)

    def _forget(self, people: list[Person]) -> tuple[int, int]:
        """Remove what is kept of the subjects; how many numbers and texts there were."""
        mine = {person.home.subject for person in people}
        numbers = texts = 0
        for person in people:
            p, subject = person.home.partition, person.home.subject
            book = self.client.call("HGETALL", self.keys.numbers(p, subject))
            for name, sealed in book.items():
                device, label = name.decode().split(":", 1)
                if device != LAST:
                    numbers += 1
                    self._delete_number(sealed, device, label, mine)
            texts += self.client.call("HLEN", self.keys.texts(p, subject))
            names = (self.keys.numbers, self.keys.texts, self.keys.assigned, self.keys.seen)
            self.client.call("DEL", *(name(p, subject) for name in names))
            forget_plans(self.client, self.keys, p, subject, clock.now())
        return numbers, texts

    def _delete_number(self, sealed: bytes, device: str, label: str, mine: set[str]) -> None:
        """Remove the entry of a number that leads to nobody: it was typed, and no more is known."""
        try:
            number = from_sealed(self.sealer.vault.open(sealed, device))
        except CorruptRecordError:
            return  # its key is gone, and with it the number
        home = self._home(self.sealer.number_hash(number))
        if label in mine or self._is_somebody(Home(label, home.partition)):
            return
        self._delete_entry(home.subject)
        self._delete_people([Home(label, home.partition)])

    def _is_somebody(self, home: Home) -> bool:
        p = home.partition
        generation = generation_of(self.client, self.keys, p, ATTRIBUTE)
        state = self.client.call("EXISTS", self.keys.visitor(p, home.subject, generation))
        person = person_of(self.client, self.keys, home)
        return bool(state) or person.into is not None or bool(person.others)

    def _delete_entry(self, hashed: str) -> None:
        home = self._home(hashed)
        self.client.call("DEL", self.keys.vault(home.partition, hashed))

    def _delete_people(self, homes: Iterator[Home] | list[Home]) -> None:
        for home in homes:
            self.client.call("DEL", self.keys.person(home.partition, home.subject))

    def _folded(self, partition: int, patience: float) -> bool:
        """Whether the fold came to the end of what there is now."""
        last = journal.last_position(self.client, self.keys, partition)
        until = clock.monotonic() + patience
        while position_of(self.client, self.keys, partition, ATTRIBUTE) < last:
            if clock.monotonic() > until:
                return False
            clock.sleep(LOOK)
        return True
