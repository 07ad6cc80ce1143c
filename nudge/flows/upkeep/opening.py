"""What a rebuild begins with where the lake's oldest days were removed: their closing balance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from bandits.buckets import DAY
from nudge.domain.credit.balance import BalanceKey, Tally
from nudge.domain.credit.count_import import REASON
from nudge.domain.people.visitor_codec import encode_state
from nudge.lake.files.balances import Balance
from nudge.store.folds.counts import KINDS
from nudge.store.folds.folds import FoldWrite, Lease
from nudge.store.wire.keys import Keys

LEARNT: Final = frozenset({"policy", REASON})
"""Reasons of what is in buckets."""


def opening(keys: Keys, fold: str, lease: Lease, balance: Balance) -> Iterator[FoldWrite]:
    """Writes that give a new generation of a fold what its removed entries came to.

    Args:
        keys: of the installation.
        fold: `attribute` or `learn`.
        lease: of the builder.
        balance: of the partition.

    Raises:
        BrokenLakeError: the balance cannot be read.
    """
    writes = _visitors if fold == "attribute" else _learned
    yield from writes(keys, lease, balance)
    mark = ("watermark", repr(balance.until))
    yield FoldWrite("HSET", keys.fold(lease.partition, lease.fold), mark)


def _visitors(keys: Keys, lease: Lease, balance: Balance) -> Iterator[FoldWrite]:
    p, generation = lease.partition, lease.token
    for subject, state in balance.states():
        key = keys.visitor(p, subject, generation)
        yield FoldWrite("SET", key, (encode_state(state), "PX", int(state.keep * 1000)))
        closes = state.next_close()
        if closes is not None:
            yield FoldWrite("ZADD", keys.open(p, generation), (repr(closes), subject))


def _learned(keys: Keys, lease: Lease, balance: Balance) -> Iterator[FoldWrite]:
    p, generation, sums = lease.partition, lease.token, balance.sums()
    totals: Counter[tuple[str, str]] = Counter()
    blocks: set[tuple[str, str]] = set()
    for key, tally in sums.items():
        totals.update(_totals(keys.totals(p, key.slot, generation), key, tally))
        if key.reason in LEARNT:
            block = f"{key.revision}:{key.bucket // DAY}"
            blocks.add((key.slot, block))
            of_block = keys.counts(p, key.slot, block, generation)
            field = f"{key.bucket}|{key.cell}|{key.variant}"
            totals.update(_fields(of_block, field, tally))
    for (name, field), number in totals.items():
        if number:
            yield FoldWrite("HINCRBY", name, (field, number))
    for slot, block in sorted(blocks):
        yield FoldWrite("ZADD", keys.blocks(p, slot, generation), (balance.position, block))
    slots = " ".join(sorted({key.slot for key in sums}))
    yield FoldWrite("HSET", keys.fold(p, lease.fold), ("slots", slots))


def _totals(name: str, key: BalanceKey, tally: Tally) -> Counter[tuple[str, str]]:
    return _fields(name, f"{key.revision}|{key.reason}|{key.variant}", tally)


def _fields(name: str, field: str, tally: Tally) -> Counter[tuple[str, str]]:
    return Counter({(name, f"{field}|{k}"): n for k, n in zip(KINDS, tally, strict=True)})
