"""Proofs of consent that a batch of the fold `attribute` leaves, as writes of its commit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from nudge.domain.journal.event import ERASED
from nudge.domain.journal.records import Event, JournalEntry
from nudge.domain.people.consent_proof import ConsentProof, proof_of
from nudge.store.folds.folds import FoldWrite
from nudge.store.store import Store


def proof_writes(
    store: Store, partition: int, entries: Iterable[JournalEntry]
) -> Iterator[FoldWrite]:
    """Yield the writes of the proofs of a batch; a batch without consents reads and writes nothing.

    A rebuild yields them too: each has the name of its event, so it takes the place of itself.

    Args:
        store: of the installation.
        partition: of the entries.
        entries: in order.

    Raises:
        StoreAwayError: no answer.
    """
    said: dict[str, list[ConsentProof]] = defaultdict(list)
    erased: list[str] = []
    for entry in entries:
        event = entry.record
        if not isinstance(event, Event):
            continue
        if event.type == ERASED:
            said.pop(event.subject, None)
            erased.append(event.subject)
        elif (proof := proof_of(entry.at, event)) is not None:
            said[event.subject].append(proof)
    for subject in erased:
        yield from store.proofs.drop(partition, subject)
    known = store.proofs.known(partition, list(said)) if said else set()
    for subject, proofs in said.items():
        yield from store.proofs.put(partition, subject, proofs, first=subject not in known)
