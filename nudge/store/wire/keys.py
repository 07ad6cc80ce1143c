"""Every key family: its type, the one writer, the readers and the lifetime.

A key reads `<namespace>:{<tag>}:<family>[:<id>]`. The tag is the partition (`p0`, `p1`, ...) or
`config`, so that whatever one script touches lies in one hash slot of a cluster.

The state of a fold that was rebuilt has another generation: `visitor@7:<subject>`. Which one counts
stands in the fold's hash; 0, before the first rebuild, is not written. What a script writes in a
hash, and who reads it, stands at the head of the script. `books` walks through all of a family:
erase by number, and reseal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """One kind of key.

    Attributes:
        name: the part after the tag.
        scope: `partition` or `config`.
        type: the server's data type.
        writer: the one flow (or script) that writes it.
        readers: who else reads it.
        lifetime: until when it stays.
        primary: true where it can not be rebuilt from anything else.
    """

    name: str
    scope: str
    type: str
    writer: str
    readers: str
    lifetime: str
    primary: bool = False


FAMILIES = (
    Family("journal", "partition", "stream", "append scripts", "folds, explain", "trimmed", True),
    Family("seq", "partition", "string", "append scripts", "folds, verify", "for ever", True),
    Family("vault", "partition", "hash", "decide, record", "decide, record", "for ever", True),
    Family("person", "partition", "hash", "decide, record", "decide, erase", "for ever", True),
    Family("numbers", "partition", "hash", "decide, record", "decide, books", "for ever", True),
    Family("texts", "partition", "hash", "record", "visitors, books", "for ever", True),
    Family("assigned", "partition", "hash", "decide", "decide", "longest stickiness period", True),
    Family("plans", "partition", "hash", "plan", "decide, erase", "three months of 31 days", True),
    Family("seen", "partition", "zset", "record", "record", "7 days", True),
    Family("quota", "partition", "hash", "decide, stock", "decide", "for ever", True),
    Family("visitor", "partition", "string", "attribute", "decide", "90 days after the last touch"),
    Family("fold", "partition", "hash", "its owner, rebuild", "workers, web, verify", "for ever"),
    Family("open", "partition", "zset", "attribute", "attribute", "until matured"),
    Family("counts", "partition", "hash", "learn", "publisher", "as the slot"),
    Family("blocks", "partition", "zset", "learn", "publisher", "as the slot"),
    Family("totals", "partition", "hash", "learn", "performance", "as the slot"),
    Family("versions", "config", "hash", "apply, publisher, keys", "web, workers", "for ever"),
    Family("slots", "config", "hash", "apply", "web, workers", "for ever", True),
    Family("revisions", "config", "hash", "apply", "explain, reports", "for ever", True),
    Family("audit", "config", "hash", "apply", "web", "for ever", True),
    Family("stock", "config", "hash", "stock", "web", "for ever", True),
    Family("capacity", "config", "hash", "plan", "plan", "until the hours are past", True),
    Family("bulk", "config", "string", "plan", "workers", "3 seconds"),
    Family("api_keys", "config", "hash", "keys", "web", "for ever", True),
    Family("store", "config", "hash", "workers, store accept", "web, workers", "for ever", True),
    Family("publisher", "config", "hash", "publisher", "publisher", "for ever"),
    Family("guard", "config", "hash", "guard", "guard", "for ever"),
    Family("guarded", "config", "string", "guard", "web", "as the slot"),
    Family("snapshots", "config", "hash", "publisher", "web, explain", "last 100, one an hour"),
    Family("jobs", "config", "zset", "job scripts", "report worker", "until done"),
    Family("job", "config", "hash", "job scripts", "web, report worker", "1 min to 1 day"),
    Family("asked", "config", "string", "job scripts", "job scripts", "1 hour"),
    Family("answered", "config", "string", "report worker", "web", "as its job"),
)


@dataclass(frozen=True)
class Keys:
    """Builds the keys of one installation.

    Attributes:
        namespace: first part of every key.
        partitions: how many partitions the journal has; fixed for an installation's life.
    """

    namespace: str
    partitions: int

    def every_partition(self) -> Iterator[int]:
        """The partitions' numbers, from 0."""
        return iter(range(self.partitions))

    def prefix(self, partition: int) -> str:
        """What every key of a partition begins with; scripts build visitors' keys from it."""
        return f"{self.namespace}:{{p{partition}}}:"

    def journal(self, partition: int) -> str:
        """The stream of records."""
        return self.prefix(partition) + "journal"

    def seq(self, partition: int) -> str:
        """The last position given in the journal."""
        return self.prefix(partition) + "seq"

    def vault(self, partition: int, visitor_hash: str) -> str:
        """Who a hashed external id is: subject, claimed or not."""
        return f"{self.prefix(partition)}vault:{visitor_hash}"

    def visitor(self, partition: int, subject: str, generation: int = 0) -> str:
        """What `attribute` knows of a subject."""
        return f"{self.prefix(partition)}{family('visitor', generation)}:{subject}"

    def person(self, partition: int, subject: str) -> str:
        """Which ids a subject has, and whom it turned out to be."""
        return f"{self.prefix(partition)}person:{subject}"

    def numbers(self, partition: int, subject: str) -> str:
        """The visitor's numbers, encrypted: see `domain/people/numbers.py`."""
        return f"{self.prefix(partition)}numbers:{subject}"

    def texts(self, partition: int, subject: str) -> str:
        """What the visitor wrote, encrypted, by the event's id."""
        return f"{self.prefix(partition)}texts:{subject}"

    def assigned(self, partition: int, subject: str) -> str:
        """The decisions that a subject keeps."""
        return f"{self.prefix(partition)}assigned:{subject}"

    def plans(self, partition: int, month: int) -> str:
        """The plans that were made in a month of 31 days, by subject."""
        return f"{self.prefix(partition)}plans:{month}"

    def quota(self, partition: int) -> str:
        """The partition's part of every limited stock."""
        return self.prefix(partition) + "quota"

    def seen(self, partition: int, subject: str) -> str:
        """Digests of the subject's event ids of the last 7 days, by time."""
        return f"{self.prefix(partition)}seen:{subject}"

    def fold(self, partition: int, name: str) -> str:
        """A fold's hash: lease (`owner`, `until`, `token`), `position`, `generation`, `broken`.

        Besides these the fold's own fields: `watermark`, `slots`, `pending_to`, ... That of a
        rebuild is the fold `<name>-rebuild`.
        """
        return f"{self.prefix(partition)}fold:{name}"

    def open(self, partition: int, generation: int = 0) -> str:
        """Subjects with open exposures, by the time when the first of them closes."""
        return self.prefix(partition) + family("open", generation)

    def counts(self, partition: int, slot: str, block: str, generation: int = 0) -> str:
        """Counts of one slot in one block of time (`<revision>:<day>`)."""
        return f"{self.prefix(partition)}{family('counts', generation)}:{slot}:{block}"

    def blocks(self, partition: int, slot: str, generation: int = 0) -> str:
        """The slot's blocks, by the position at which each last changed."""
        return f"{self.prefix(partition)}{family('blocks', generation)}:{slot}"

    def totals(self, partition: int, slot: str, generation: int = 0) -> str:
        """Totals of one slot by revision, reason and variant."""
        return f"{self.prefix(partition)}{family('totals', generation)}:{slot}"

    def config(self, name: str, of: str = "") -> str:
        """A key of the `config` tag: `versions`, `slots`, `api_keys`, `snapshots:<slot>`, ..."""
        return f"{self.namespace}:{{config}}:{name}" + (f":{of}" if of else "")


def family(name: str, generation: int) -> str:
    """The family's name in one generation of its fold's state."""
    return f"{name}@{generation}" if generation else name
