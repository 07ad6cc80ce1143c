"""The book of proofs of consent: by subject while the visitor is known, by hashed id afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import msgpack

from nudge.domain.identity.sealing import Home
from nudge.domain.people.consent_proof import ConsentProof, outlived, with_ends
from nudge.store.folds.folds import FoldWrite
from nudge.store.wire.client import Arg, Client
from nudge.store.wire.keys import Keys, proof_book

PROOFS: Final = "proofs"
PAST: Final = "past_proofs"


class ProofOwner(NamedTuple):
    """The owner of proofs, as a walk through all books finds it.

    Attributes:
        subject: who said it; empty where the visitor was erased.
        hashed: keyed hash of an id or a number of an erased visitor; else empty.
        proofs: in order of time, each with its end.
    """

    subject: str
    hashed: str
    proofs: tuple[ConsentProof, ...]


@dataclass(frozen=True)
class ProofBook:
    """Proofs of consent in the vault.

    `put` and `drop` are writes of the fold `attribute`, which commits them with the state that the
    same records make; an erasure copies to the hashed ids what it removes.
    """

    client: Client
    keys: Keys

    def read(self, home: Home) -> tuple[ConsentProof, ...]:
        """Return the proofs of a subject, in order of time."""
        return self._read(self.keys.proofs(home.partition, home.subject))

    def read_past(self, hashed: Home) -> tuple[ConsentProof, ...]:
        """Return the proofs of an erased visitor by the hash of an id or a number."""
        return self._read(self.keys.past_proofs(hashed.partition, hashed.subject))

    def known(self, partition: int, subjects: Sequence[str]) -> set[str]:
        """Return those of some subjects that have proofs already."""
        asked = [("EXISTS", self.keys.proofs(partition, one)) for one in subjects]
        found = self.client.call_each(asked) if asked else []
        return {one for one, there in zip(subjects, found, strict=True) if there}

    def put(
        self, partition: int, subject: str, proofs: Sequence[ConsentProof], *, first: bool
    ) -> Iterator[FoldWrite]:
        """Yield the writes of new proofs of a subject; repeated, they change nothing.

        Args:
            partition: of the subject.
            subject: who said it.
            proofs: at least one.
            first: the subject has no others, of which one may have ended now.
        """
        pairs = tuple(part for one in proofs for part in (one.name, _pack(one)))
        yield FoldWrite("HSET", self.keys.proofs(partition, subject), pairs)
        if not first or len(proofs) > 1:
            # At the earliest: the worker's loop looks, and sets the exact one.
            end = repr(min(one.at for one in proofs))
            member = proof_book(PROOFS, subject)
            yield FoldWrite("ZADD", self.keys.proof_ends(partition), ("LT", end, member))

    def drop(self, partition: int, subject: str) -> Iterator[FoldWrite]:
        """Yield the writes that remove a subject's book: the visitor was erased."""
        yield FoldWrite("DEL", self.keys.proofs(partition, subject))
        member = proof_book(PROOFS, subject)
        yield FoldWrite("ZREM", self.keys.proof_ends(partition), (member,))

    def keep_past(self, hashed: Home, proofs: Sequence[ConsentProof], erased_at: float) -> None:
        """Keep the proofs of a visitor who is being erased, for the hash of an id or a number.

        Args:
            hashed: the id, and where it is at home.
            proofs: of the visitor.
            erased_at: seconds, when the last words end.
        """
        if not proofs:
            return
        ended = with_ends(proofs, erased_at)
        pairs = [part for one in ended for part in (one.name, _pack(one))]
        p = hashed.partition
        first = min(one.ended or erased_at for one in ended)
        # First what finds them again: a book without an end would stay for ever.
        self.client.call(
            "ZADD", self.keys.proof_ends(p), "LT", repr(first), proof_book(PAST, hashed.subject)
        )
        self.client.call("HSET", self.keys.past_proofs(p, hashed.subject), *pairs)

    def forget(self, home: Home) -> None:
        """Remove a subject's book; idempotent."""
        for write in self.drop(home.partition, home.subject):
            self.client.call(write.command, write.key, *write.args)

    def remove_ended(self, partition: int, before: float, most: int) -> int:
        """Remove the proofs of a partition that ended by a time; return how many.

        Args:
            partition: whose books are looked at.
            before: seconds.
            most: books.
        """
        key = self.keys.proof_ends(partition)
        due = self.client.call("ZRANGEBYSCORE", key, "-inf", repr(before), "LIMIT", 0, most)
        return sum(self._remove_ended(partition, name.decode(), before) for name in due)

    def walk(self) -> Iterator[ProofOwner]:
        """Yield every owner of proofs, those who were erased among them: a walk over all keys.

        Raises:
            StoreAwayError: no answer.
        """
        for name in (PROOFS, PAST):
            for key in self.client.scan(f"{self.keys.namespace}:{{p*}}:{name}:*"):
                owner = key.partition(f":{name}:")[2]
                proofs = self._read(key)
                if proofs:
                    yield ProofOwner(*((owner, "") if name == PROOFS else ("", owner)), proofs)

    def _remove_ended(self, partition: int, book: str, before: float) -> int:
        key = self.keys.prefix(partition) + book
        found = self._read(key)
        gone, later = outlived(found, before)
        end = "" if later is None else repr(later)
        args: list[Arg] = [book, len(found), end, *gone]
        keys = [key, self.keys.proof_ends(partition)]
        return max(0, int(self.client.run("end_proofs", keys, args)))

    def _read(self, key: str) -> tuple[ConsentProof, ...]:
        found: Mapping[bytes, bytes] = self.client.read_hash(key)
        return with_ends(_unpack(name.decode(), packed) for name, packed in found.items())


def merged_proofs(*several: Iterable[ConsentProof]) -> tuple[ConsentProof, ...]:
    """Return the proofs of several books of one visitor, each event's once."""
    by_name = {one.name: one for proofs in several for one in proofs}
    return with_ends(by_name.values())


def _pack(one: ConsentProof) -> bytes:
    packed: bytes = msgpack.packb(list(one[1:]))
    return packed


def _unpack(name: str, packed: bytes) -> ConsentProof:
    """Return a proof; what a later version added behind is left out."""
    return ConsentProof(name, *msgpack.unpackb(packed)[: len(ConsentProof._fields) - 1])
