"""A fold's lease and its commits: state, records and position in one atomic write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from nudge import faults
from nudge.domain.journal.fold_name import FOLDS, FoldName
from nudge.domain.journal.records import Event, Record
from nudge.domain.people.room import Dropped, dropped_of, with_dropped
from nudge.store.wire.client import Arg, Client
from nudge.store.wire.codec import encode
from nudge.store.wire.keys import Keys

GENERATION: Final = "generation"
"""The field of a fold's hash that says which generation of its state counts."""

DROPPED: Final = "dropped"
"""The field of the hash of `attribute` that counts what left visitors' states for lack of room."""

TALLY: Final = "tally"
"""The field of the hash of `care` that counts cases and texts."""


@dataclass(frozen=True)
class Lease:
    """The right to commit for a fold in a partition.

    Attributes:
        owner: who holds it.
        token: the fencing token; rises with every new owner.
        position: up to which the fold has committed.
    """

    partition: int
    fold: str
    owner: str
    token: int
    position: int


@dataclass(frozen=True)
class FoldWrite:
    """One command on one key of the fold's partition (`HINCRBY`, `SET`, `ZADD`, ...).

    Attributes:
        command: of the server.
        key: that it writes.
        args: behind the key.
    """

    command: str
    key: str
    args: tuple[Arg, ...] = ()


@dataclass(frozen=True)
class Commit:
    """The commit of one batch: state, records and position.

    Attributes:
        position: of the last entry that it includes.
        records: to append to the same partition.
        writes: to the fold's state, in order.
        sends: records for other partitions, each with its partition: they are appended before the
            commit, so that each must have an id under which a second time changes nothing.
    """

    position: int
    records: Sequence[Record] = ()
    writes: Sequence[FoldWrite] = ()
    sends: Sequence[tuple[int, Event]] = ()


@dataclass(frozen=True)
class Folds:
    """State of the folds: leases, commits, positions."""

    client: Client
    keys: Keys

    def acquire(self, partition: int, fold: str, owner: str, ttl: float) -> Lease | None:
        """Take the lease for `ttl` seconds, or renew one's own; None while another has it."""
        args: list[Arg] = [owner, int(ttl * 1000)]
        reply = self.client.run("lease", [self.keys.fold(partition, fold)], args)
        return (
            None if reply is None else Lease(partition, fold, owner, int(reply[0]), int(reply[1]))
        )

    def seize(self, partition: int, fold: str, owner: str, ttl: float) -> Lease:
        """Take the lease from its owner, whose later commits are refused."""
        args: list[Arg] = [owner, int(ttl * 1000), 1]
        token, position = self.client.run("lease", [self.keys.fold(partition, fold)], args)
        return Lease(partition, fold, owner, int(token), int(position))

    def release(self, lease: Lease) -> None:
        """Give the lease back, so that the next owner need not wait for it to run out."""
        self.client.run("lease", [self.keys.fold(lease.partition, lease.fold)], [lease.owner, 0])

    def heartbeat(self, fold: str, owner: str, ttl: float) -> int:
        """Note that `owner` serves the fold for `ttl` seconds (0: no more); return how many do."""
        return int(
            self.client.run("heartbeat", [self.keys.fold(0, fold)], [owner, int(ttl * 1000)])
        )

    def commit(self, lease: Lease, batch: Commit) -> Lease:
        """Apply a batch, all or nothing, and return the lease at its new position.

        Raises:
            FencedError: another owner took over, or the position moved. Nothing was written.
            StoreAwayError: no answer; the batch may have been applied. The caller drops its lease
                and begins again from the committed position.
            StoreError: an operation failed: the fold is broken and must be rebuilt.
        """
        p = lease.partition
        names = [self.keys.fold(p, lease.fold), self.keys.journal(p), self.keys.seq(p)]
        number = {key: i for i, key in enumerate(dict.fromkeys([w.key for w in batch.writes]), 4)}
        args: list[Arg] = [lease.token, lease.position, batch.position, len(batch.records)]
        for record in batch.records:
            args += [record.subject, encode(record)]
        for write in batch.writes:
            args += [write.command, number[write.key], len(write.args), *write.args]
        faults.point("before_commit", lease.fold)
        self.client.run("commit", [*names, *number], args)
        faults.point("after_commit", lease.fold)
        return replace(lease, position=batch.position)

    def read_fields(self, partition: int, fold: str, *names: str) -> list[str | None]:
        """Read fields of the fold's own hash; None where one is absent."""
        values = self.client.call("HMGET", self.keys.fold(partition, fold), *names)
        return [None if value is None else value.decode() for value in values]

    def put_fields(self, partition: int, name: str, fields: Mapping[str, str | int]) -> FoldWrite:
        """Write fields of a fold's own hash."""
        pairs = tuple(part for pair in fields.items() for part in pair)
        return FoldWrite("HSET", self.keys.fold(partition, name), pairs)

    def drop_fields(self, partition: int, name: str, fields: Sequence[str]) -> FoldWrite:
        """Remove fields of a fold's own hash."""
        return FoldWrite("HDEL", self.keys.fold(partition, name), tuple(fields))

    def restore(self, partition: int, fold: str, position: int, *, waits: str = "") -> None:
        """Set a fold's position from a backup; `waits` says why it must be rebuilt first."""
        fields: list[Arg] = ["position", position, *(("broken", waits) if waits else ())]
        self.client.call("HSET", self.keys.fold(partition, fold), *fields)

    def position_of(self, partition: int, fold: str) -> int:
        """Return the position up to which the fold has committed."""
        return int(self.read_fields(partition, fold, "position")[0] or 0)

    def generation_of(self, partition: int, fold: str) -> int:
        """Return the generation of the fold's state that counts; 0 before the first rebuild."""
        return int(self.read_fields(partition, fold, GENERATION)[0] or 0)

    def dropped(self) -> tuple[Dropped, ...]:
        """Return the counts of what left the visitors' states for lack of room, in all partitions.

        They are written with the states, so that no crash counts anything twice or not at all, and
        a rebuild counts anew.

        Raises:
            StoreAwayError: no answer.
        """
        found: tuple[Dropped, ...] = ()
        for p in self.keys.every_partition():
            (text,) = self.read_fields(p, FoldName.ATTRIBUTE, DROPPED)
            found = with_dropped(found, dropped_of(text or ""))
        return found

    def lags(self) -> dict[str, list[int]]:
        """Return the number of entries that each fold has not committed yet, by partition."""
        found: dict[str, list[int]] = {name: [] for name in FOLDS}
        for p in self.keys.every_partition():
            # The journal's end is asked last: where a lag is 0, there was nothing more behind it.
            committed = {name: self.position_of(p, name) for name in FOLDS}
            last = int(self.client.call("GET", self.keys.seq(p)) or 0)
            for name, position in committed.items():
                found[name].append(last - position)
        return found
