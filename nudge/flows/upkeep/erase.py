"""Erasure of a visitor. The journal keeps the subject's records, which then belong to nobody.

The order is such that a call which died can be repeated: what leads to the rest goes last. The
state is emptied by its fold, which reads `erased` in the journal; a rebuild reads it as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from nudge import clock, faults
from nudge.domain.identity.number import Number, number_from_seal
from nudge.domain.identity.sealing import NUMBERS, Home, Sealer, new_label, new_subject
from nudge.domain.journal.event import ERASED
from nudge.domain.journal.fold_name import FoldName
from nudge.domain.journal.records import Event, JournalEntry
from nudge.domain.people.consent_proof import ConsentProof, proof_of
from nudge.domain.people.consents import BY, ERASURE
from nudge.domain.people.facts import state_with_event
from nudge.domain.people.merging import JOINED, LEFT, content_of, merge_states
from nudge.domain.people.visitor import VisitorState
from nudge.domain.prefill.numbers import LAST
from nudge.domain.slots.slot import Scalar
from nudge.errors import CorruptRecordError, InvalidRequestError
from nudge.store.journal.appends import Append
from nudge.store.plans.plan_book import decode_rows
from nudge.store.plans.withdrawals import withdrawn_plan
from nudge.store.store import Store
from nudge.store.vault.proof_book import merged_proofs
from nudge.store.vault.suppressions import Refusals
from nudge.store.vault.visitors import Person

LOOK: Final = 0.02
TAIL: Final = 10_000
"""Entries of the journal that are read at once."""


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
        if subject is None or self.store.suppressions.is_untouched(first, subject):
            return Erasure(found=False)
        raw = Home(subject, first.partition)
        root = self.store.visitors.root_of(raw)
        people = list(self._people(root))
        self._check_whole(people)
        refusals = self._refusals(raw, people)
        ids = {name for person in people for name in person.ids} | {first.subject}
        self._keep_proofs(ids, people)
        self._say(root, by)
        numbers, texts = self._forget(people)
        mine = [person.home.subject for person in people]
        for name in ids - {first.subject}:
            self._end_id(name, mine, refusals)
            faults.point("erase.after_id")
        chain = [home for home in self._chain(raw) if home != raw]
        kept = {raw.subject, *(home.subject for home in chain)}
        self._delete_people([p.home for p in people if p.home.subject not in kept])
        self._delete_people(reversed(chain))
        self._end_id(first.subject, [*mine, raw.subject], refusals, forgotten=raw.subject)
        self._delete_people([raw])
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

    def _check_whole(self, people: list[Person]) -> None:
        """Refuse to erase somebody who is just being taken apart from another visitor.

        Raises:
            InvalidRequestError: the split must come to its end first.
        """
        if any(person.parting for person in people):
            text = "this visitor is being taken apart from another one"
            raise InvalidRequestError(f"{text}; do `nudge people split` to its end, then this")

    def _refusals(self, raw: Home, people: list[Person]) -> Refusals:
        """Return what the person refused, and note it: the state is about to be emptied."""
        found = self.store.suppressions.noted(raw)
        for person in people:
            # A call by another of the person's ids may have died: its note is with that subject.
            found = found.with_more(self.store.suppressions.noted(person.home))
            found = found.with_more(self._refused(person.home))
        if found != Refusals():
            self.store.suppressions.note(raw, found)
            faults.point("erase.after_note")
        return found

    def _refused(self, home: Home) -> Refusals:
        """Return the refusals of a subject, those that its fold has not read yet among them.

        What is on its way to another subject is in the records `left` and `joined`.
        """
        p = home.partition
        generation = self.store.folds.generation_of(p, FoldName.ATTRIBUTE)
        unread = list(self._unread(home))
        blob = self.store.visitor_states.read_each(p, [home.subject], generation)[home.subject]
        state = self.store.state_reader.person(blob)
        for entry, event in unread:
            state = _with_entry(state, entry, event)
        refused = tuple((one.channel, one.at) for one in state.consents if not one.given)
        return Refusals(refused, state.complained_at)

    def _unread(self, home: Home) -> Iterator[tuple[JournalEntry, Event]]:
        """Yield the events of a subject that its fold has not read yet."""
        p = home.partition
        after = self.store.folds.position_of(p, FoldName.ATTRIBUTE)
        while found := self.store.journal.read(p, after, TAIL):
            for entry in found:
                if isinstance(entry.record, Event) and entry.record.subject == home.subject:
                    yield entry, entry.record
            after = found[-1].position

    def _keep_proofs(self, ids: set[str], people: list[Person]) -> None:
        """Copy the person's proofs of consent to the hash of each id: the books are about to go."""
        found = merged_proofs(*(self._proofs(person.home) for person in people))
        at = clock.now()
        for name in ids:
            self.store.proofs.keep_past(self._home(name), found, at)
        faults.point("erase.after_proofs")

    def _proofs(self, home: Home) -> tuple[ConsentProof, ...]:
        """Return the proofs of a subject, those that its fold has not written yet among them."""
        # The journal first: what the fold writes meanwhile is then in both, and counts once.
        unread = [proof_of(entry.at, event) for entry, event in self._unread(home)]
        return merged_proofs(self.store.proofs.read(home), filter(None, unread))

    def _end_id(
        self, hashed: str, mine: list[str], refusals: Refusals, forgotten: str = ""
    ) -> None:
        """Remove the entry of an id; where something was refused, its hash keeps the refusals."""
        if refusals == Refusals():
            self._delete_entry(hashed)
            return
        home = self._home(hashed)
        subject = self.store.visitors.subject_of(home) or ""
        new = new_label() if subject.startswith(NUMBERS) else new_subject()
        self.store.suppressions.suppress(home, new, mine, list(_kept(refusals)), forgotten)

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
            self.store.proofs.forget(home)
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


def _with_entry(state: VisitorState, entry: JournalEntry, event: Event) -> VisitorState:
    if event.type in {LEFT, JOINED}:
        return merge_states(state, content_of(event))
    return state_with_event(state, entry.at, event)


def _kept(refusals: Refusals) -> Iterator[Event]:
    """Yield the records of the refusals that stay; their subject is that of the id's own."""
    for channel, at in refusals.channels:
        fields: dict[str, Scalar] = {"channel": channel, "given": False, BY: ERASURE}
        yield Event("", f"kept:{channel}", "consent", "server", fields=fields, at=at)
    if refusals.complained_at is not None:
        told: dict[str, Scalar] = {BY: ERASURE}
        at = refusals.complained_at
        yield Event("", "kept:complaint", "complaint", "server", fields=told, at=at)
