"""The opening of a rebuild: the closing balance of the lake's days that were removed."""

from __future__ import annotations

from collections.abc import Iterator

from nudge.domain.journal.fold_name import FoldName
from nudge.lake.files.balances import Balance
from nudge.store.folds.folds import FoldWrite, Lease
from nudge.store.store import Store


def opening(store: Store, fold: str, lease: Lease, balance: Balance) -> Iterator[FoldWrite]:
    """Write the closing balance of a fold's removed entries into a new generation.

    Args:
        store: of the installation.
        fold: that is rebuilt; `monitor` keeps nothing of days that long ago.
        lease: of the builder.
        balance: of the partition.

    Raises:
        BrokenLakeError: the balance cannot be read.
    """
    writers = {FoldName.ATTRIBUTE.value: _visitors, FoldName.LEARN.value: _counts}
    if fold in writers:
        yield from writers[fold](store, lease, balance)
    mark = {"watermark": repr(balance.until)}
    yield store.folds.put_fields(lease.partition, lease.fold, mark)


def _visitors(store: Store, lease: Lease, balance: Balance) -> Iterator[FoldWrite]:
    p, generation, states = lease.partition, lease.token, store.visitor_states
    for subject, state in balance.states():
        yield states.put(p, subject, state, generation)
        closes = state.next_close()
        if closes is not None:
            yield states.schedule(p, subject, closes, generation)


def _counts(store: Store, lease: Lease, balance: Balance) -> Iterator[FoldWrite]:
    sums = balance.sums()
    yield from store.counts.add(lease.partition, lease.token, sums, balance.position)
    slots = {"slots": " ".join(sorted({key.slot for key in sums}))}
    yield store.folds.put_fields(lease.partition, lease.fold, slots)
