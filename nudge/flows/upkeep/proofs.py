"""Proofs of consent of one person, and the removal of those that were kept long enough."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.identity.sealing import Home
from nudge.domain.people.consent_proof import ConsentProof
from nudge.store.store import Store
from nudge.store.vault.proof_book import merged_proofs

AT_ONCE: Final = 500
"""Books of a partition that one turn looks at."""


@dataclass(frozen=True)
class PersonProofs:
    """The proofs of one person.

    Attributes:
        subject: under which the person is known; empty for nobody.
        proofs: in order of time, of the person and of whoever had the id and was erased.
    """

    subject: str
    proofs: tuple[ConsentProof, ...]


def find_proofs(store: Store, hashed: Home) -> PersonProofs:
    """Find the proofs of whom an id or a number leads to, or led to before an erasure.

    Args:
        store: of the installation.
        hashed: keyed hash of the id or the number, and where it is at home.

    Raises:
        StoreAwayError: no answer.
    """
    past = store.proofs.read_past(hashed)
    subject = store.visitors.subject_of(hashed)
    if subject is None:
        return PersonProofs("", past)
    root = store.visitors.root_of(Home(subject, hashed.partition))
    return PersonProofs(root.subject, merged_proofs(past, *_proofs(store, root)))


def find_subject_proofs(store: Store, root: Home) -> tuple[ConsentProof, ...]:
    """Find the proofs of a known person, by the subject under which the person is known."""
    return merged_proofs(*_proofs(store, root))


def _proofs(store: Store, home: Home) -> Iterator[tuple[ConsentProof, ...]]:
    """Yield the proofs of a subject, and of all who turned out to be it."""
    yield store.proofs.read(home)
    for other in store.visitors.person_of(home).others:
        yield from _proofs(store, other)


@dataclass(frozen=True)
class ProofRemoval:
    """The removal of proofs of consent that were kept long enough.

    Attributes:
        zone: the operator's, in which months are counted.
    """

    store: Store
    zone: str

    def run(self, at: float, months: int) -> int:
        """Remove the proofs that ended so many months ago, or longer; return how many.

        Args:
            at: seconds, now.
            months: behind its end that a proof is kept.

        Raises:
            StoreAwayError: no answer; it is done again.
        """
        before = OperatorCalendar.named(self.zone).earlier(at, months=months)
        every = self.store.keys.every_partition()
        return sum(self.store.proofs.remove_ended(p, before, AT_ONCE) for p in every)
