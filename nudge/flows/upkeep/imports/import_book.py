"""The book of a slot's imports: which rows are known, and what was taken back.

It is read from the marks of lake and journal, where nothing else need be kept in step with them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nudge.domain.credit.import_marks import REVERSAL, ROWS, TYPES, row_digests
from nudge.domain.journal.records import Mark
from nudge.errors import InvalidRequestError
from nudge.lake.checks.imports import import_marks
from nudge.lake.engine.query import connect_contents
from nudge.lake.files.history import History
from nudge.lake.files.import_balance import ImportBalance
from nudge.store.store import Store

Place = tuple[str, int]
"""Name of an import, and partition."""


@dataclass
class ImportBook:
    """The book of a slot's imports.

    Attributes:
        rows: digests of the rows that each import has brought, and still counts.
        undone: how often each import was taken back.
        unfinished: where a taking back was broken off.
    """

    rows: defaultdict[Place, bytearray] = field(default_factory=lambda: defaultdict(bytearray))
    undone: Counter[Place] = field(default_factory=Counter)
    unfinished: set[Place] = field(default_factory=set)

    def open(self, partition: int, slot: str, balance: ImportBalance) -> None:
        """Enter what is known of a partition's imports whose rows were removed by age."""
        for (of, name), one in balance.imports.items():
            if of == slot:
                self.rows[name, partition] += one.digests
                self.undone[name, partition] += one.undone

    def take(self, partition: int, kind: str, name: str, digests: str) -> None:
        """Enter the next mark of a partition, in the order of the journal."""
        place = (name, partition)
        if kind == ROWS:
            self.rows[place] += row_digests(digests)
        elif kind == REVERSAL:
            self.unfinished.add(place)
        else:
            self.rows.pop(place, None)
            self.undone[place] += 1
            self.unfinished.discard(place)

    def known(self) -> NDArray[np.uint64]:
        """Return the digests (m, 2) of all rows that count."""
        return np.frombuffer(b"".join(self.rows.values()), dtype=np.uint64).reshape(-1, 2)

    def times(self, name: str) -> dict[int, int]:
        """Return, for each partition, how often an import was taken back there."""
        return {p: count for (one, p), count in self.undone.items() if one == name}

    def check(self) -> None:
        """Check that no taking back was broken off.

        Raises:
            InvalidRequestError: one was; it comes first.
        """
        if self.unfinished:
            name = min(self.unfinished)[0]
            text = f"taking back import {name!r} was broken off"
            raise InvalidRequestError(f"{text}; finish it: nudge import --undo --name {name}")


def read_book(store: Store, history: History, slot: str) -> ImportBook:
    """Read the book of a slot's imports.

    Raises:
        BrokenLakeError: the lake cannot be read.
        JournalGapError: neither lake nor journal holds a position.
        StoreAwayError: no answer.
    """
    book = ImportBook()
    contents = history.lake.contents()
    for p in contents.manifests:
        book.open(p, slot, contents.balance(p).imports())
    backend = connect_contents(contents, whole=True)
    for partition, kind, name, digests in import_marks(backend, slot):
        book.take(partition, kind, name, digests)
    backend.disconnect()
    positions = contents.positions()
    for p in store.keys.every_partition():
        last = store.journal.last_position(p)
        for entry in history.entries(p, positions.get(p, 0), last):
            mark = entry.record
            if isinstance(mark, Mark) and mark.type in TYPES and mark.fields["slot"] == slot:
                digests = str(mark.fields["rows"]) if mark.type == ROWS else ""
                book.take(p, mark.type, str(mark.fields["import"]), digests)
    return book
