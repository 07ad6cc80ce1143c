"""Backup of what cannot be rebuilt: the journal entry by entry, the rest key by key.

Families and who writes them stand in `keys`. It works on a server and on a cluster, and while the
service runs: the journal is as of one position of each partition, whatever belongs to it is copied
behind that, and the folds' positions are those from which the folds go on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from nudge.errors import CorruptRecordError, StoreError
from nudge.store.folds.folds import FOLDS, position_of
from nudge.store.journal.journal import last_position
from nudge.store.wire.client import Arg, Client
from nudge.store.wire.keys import FAMILIES, Keys

Frame = tuple[Any, ...]
"""`("head", ...)`, then `("seq", ...)`, `("entry", ...)` and `("key", ...)`."""

VERSION: Final = 1
CHUNK: Final = 1000
WITH_THEM: Final = frozenset({"versions", "publisher", "snapshots"})
"""Families that could be made again, and are better kept: what was served is looked at later."""
COPIED: Final = frozenset(f.name for f in FAMILIES if f.primary) - {"journal", "seq"} | WITH_THEM
WAITS: Final = "the store was restored: run `nudge rebuild`"
"""What keeps a fold from running until it was rebuilt."""


class NotEmptyError(StoreError):
    """The store has records, over which a backup would be restored."""

    code = "not_empty"


def frames(client: Client, keys: Keys) -> Iterator[Frame]:
    """All that a backup holds, in the order in which it is restored.

    Raises:
        StoreAwayError: no answer.
    """
    yield ("head", VERSION, keys.namespace, keys.partitions)
    for p in keys.every_partition():
        yield from _partition(client, keys, p)
    yield from _keys(client, keys)


def restore(
    client: Client, keys: Keys, found: Iterable[Frame], in_lake: Callable[[int], int]
) -> int:
    """Write a backup into an empty store; how many frames it had.

    The folds `attribute` and `learn` wait for their rebuild.

    Args:
        client: of the store.
        keys: of the installation; the namespace may be another one.
        found: of `frames`, checked.
        in_lake: partition -> last position in the lake.

    Raises:
        CorruptRecordError: it is of another version, or of another number of partitions.
        NotEmptyError: the store has records.
        StoreAwayError: no answer.
    """
    written = 0
    for kind, *rest in found:
        if kind == "head":
            _check(client, keys, *rest)
        elif kind == "seq":
            _begin(client, keys, in_lake, *rest)
        elif kind == "entry":
            _append(client, keys, *rest)
        else:
            _put(client, keys, *rest)
        written += 1
    return written


def remove(client: Client, keys: Keys) -> int:
    """Remove every key of the installation; how many."""
    removed = 0
    for key in client.scan(f"{keys.namespace}:{{*"):
        removed += int(client.call("UNLINK", key))
    return removed


def _partition(client: Client, keys: Keys, partition: int) -> Iterator[Frame]:
    folds, last = _ends(client, keys, partition)
    yield ("seq", partition, last, list(folds.items()))
    start = "-"
    while True:
        command = ("XRANGE", keys.journal(partition), start, f"{last}-0", "COUNT", CHUNK)
        rows = client.call(*command)
        for row_id, row in rows:
            yield ("entry", partition, row_id, _flat(row))
        if len(rows) < CHUNK:
            return
        start = f"({rows[-1][0].decode()}"


def _ends(client: Client, keys: Keys, partition: int) -> tuple[dict[str, int], int]:
    """The folds' positions and the journal's end, at one moment.

    A fold commits its records with its position: with an end that is older it would lack them,
    with a newer one it would write them again.
    """
    while True:
        folds = {name: position_of(client, keys, partition, name) for name in FOLDS}
        last = last_position(client, keys, partition)
        if folds == {name: position_of(client, keys, partition, name) for name in FOLDS}:
            return folds, last


def _flat(row: dict[bytes, bytes] | list[bytes]) -> list[bytes]:
    return [part for pair in row.items() for part in pair] if isinstance(row, dict) else row


def _keys(client: Client, keys: Keys) -> Iterator[Frame]:
    start = f"{keys.namespace}:"
    named = re.compile(r"\{(?:p\d+|config)\}:([a-z_]+)")
    seen: set[str] = set()
    for key in client.scan(start + "{*"):
        match = named.match(key, len(start))
        if match is None or match[1] not in COPIED or key in seen:
            continue
        seen.add(key)
        value, left = client.call("DUMP", key), client.call("PTTL", key)
        if value is not None:
            yield ("key", key.removeprefix(start), max(0, left), value)


def _check(client: Client, keys: Keys, version: int, _: str, partitions: int) -> None:
    if version != VERSION:
        raise CorruptRecordError(f"the backup is of version {version}, this Nudge reads {VERSION}")
    if partitions != keys.partitions:
        text = f"the backup has {partitions} partitions, the settings say {keys.partitions}"
        raise CorruptRecordError(f"{text}; set NUDGE_PARTITIONS={partitions}")
    if any(last_position(client, keys, p) for p in keys.every_partition()):
        cure = "stop the service and give --replace, which removes what it has"
        raise NotEmptyError(f"the store {keys.namespace!r} has records; {cure}")


def _begin(
    client: Client,
    keys: Keys,
    in_lake: Callable[[int], int],
    partition: int,
    last: int,
    folds: list[tuple[str, int]],
) -> None:
    client.call("SET", keys.seq(partition), last)
    for name, position in folds:
        fields: list[Arg] = ["position", position]
        if name == "archive":
            # The lake has grown since; where it is ahead of all that is restored, the store is
            # older than the lake, and has to be accepted first.
            archived = in_lake(partition)
            fields[1] = archived if archived <= last else position
        else:
            fields += ["broken", WAITS]
        client.call("HSET", keys.fold(partition, name), *fields)


def _append(client: Client, keys: Keys, partition: int, row_id: bytes, row: list[bytes]) -> None:
    client.call("XADD", keys.journal(partition), row_id, *row)


def _put(client: Client, keys: Keys, name: str, left: int, value: bytes) -> None:
    client.call("RESTORE", f"{keys.namespace}:{name}", left, value, "REPLACE")
