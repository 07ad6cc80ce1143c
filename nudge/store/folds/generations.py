"""Generations of a fold's state: a new one is built beside the one that counts, then swapped in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from nudge.errors import StoreError
from nudge.store.folds import folds
from nudge.store.folds.folds import GENERATION, Lease
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys

FAMILIES: Final[Mapping[str, tuple[str, ...]]] = {
    "attribute": ("visitor", "open"),
    "learn": ("counts", "blocks", "totals"),
}
"""Fold -> the families of keys that are its state, besides its own hash."""
FIELDS: Final = (GENERATION, "watermark", "slots")
"""What describes the state in the fold's hash."""
GRACE: Final = 60
"""Seconds that a state which does not count any more can still be read: whoever asked for the
generation just before the swap reads on."""
CHUNK: Final = 500


class RebuildingError(StoreError):
    """Another process rebuilds this fold in this partition."""

    code = "rebuilding"


def builder(fold: str) -> str:
    """The name under which a fold's new generation is built."""
    return f"{fold}-rebuild"


def begin(client: Client, keys: Keys, partition: int, fold: str, owner: str, ttl: float) -> Lease:
    """Begin a generation; it is empty, and stands at position 0.

    Raises:
        RebuildingError: somebody else builds one.
    """
    lease = folds.acquire(client, keys, partition, builder(fold), owner, ttl)
    if lease is None:
        text = f"{fold} of partition {partition} is being rebuilt by another process"
        raise RebuildingError(f"{text}; wait for it, or {ttl:g} s after it died")
    client.run("build", [keys.fold(partition, lease.fold)], [lease.token, *FIELDS])
    return Lease(partition, lease.fold, owner, lease.token, 0)


def swap(client: Client, keys: Keys, live: Lease, built: Lease) -> None:
    """Let the built generation count from now on; what had broken the fold is forgotten.

    Raises:
        FencedError: one of the two was taken over, or they do not stand at the same position.
    """
    names = [keys.fold(built.partition, live.fold), keys.fold(built.partition, built.fold)]
    client.run("swap", names, [live.token, built.token, built.position, *FIELDS])


def sweep(client: Client, keys: Keys, partition: int, fold: str) -> int:
    """Let every generation go that does not count: old ones, and what a dead builder left.

    Returns:
        How many keys.
    """
    counts = folds.generation_of(client, keys, partition, fold)
    stale = _stale(client, keys, partition, fold, counts)
    removed = 0
    while chunk := list(islice(stale, CHUNK)):
        client.run("expire", chunk, [GRACE])
        removed += len(chunk)
    return removed


def subjects(client: Client, keys: Keys, partition: int, generation: int) -> Iterator[str]:
    """The subjects that have a state in a generation, in any order, perhaps some of them twice."""
    start = keys.visitor(partition, "", generation)
    return (key.removeprefix(start) for key in client.scan(start + "*"))


def _stale(client: Client, keys: Keys, partition: int, fold: str, counts: int) -> Iterator[str]:
    start = keys.prefix(partition)
    of_fold = re.compile(rf"(?:{'|'.join(FAMILIES[fold])})(?:@(\d+))?(?::|$)")
    for key in client.scan(start + "*"):
        match = of_fold.match(key, len(start))
        if match and int(match[1] or 0) != counts:
            yield key
