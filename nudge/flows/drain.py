"""Drain: what was spooled while the store was away goes to the journal, in order, each once.

A crash at any point repeats a file from its beginning; the visitor's memory of ids makes that
harmless.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from nudge.spool.spool import Spool
from nudge.store.client import Client
from nudge.store.journal import Arrival, append_followed
from nudge.store.keys import Keys
from nudge.store.spooled import Spooled, unpack

BATCH = 500


def drain(client: Client, keys: Keys, spool: Spool) -> int:
    """Append everything that can be drained, and remove the files that held it.

    Returns:
        How many records were new to the journal; 0 where another process drains.

    Raises:
        StoreAwayError: the store is away again; what is left is kept.
    """
    fresh = 0
    with spool.draining() as mine:
        for path, contents in spool.ready() if mine else ():
            for batch in _batches(map(unpack, contents)):
                fresh += _append(client, keys, batch)
            path.unlink()
    return fresh


def _batches(items: Iterator[Spooled]) -> Iterator[list[Spooled]]:
    while batch := list(islice(items, BATCH)):
        yield batch


def _append(client: Client, keys: Keys, batch: Iterable[Spooled]) -> int:
    groups: dict[bool, dict[int, list[Arrival]]] = {True: {}, False: {}}
    for one in batch:
        groups[one.closes].setdefault(one.partition, []).append(one.arrival)
    return sum(
        append_followed(client, keys, group, closes=closes) for closes, group in groups.items()
    )
