"""Marks of imports: which rows came in, what was taken back, and that it is done.

What an installation knows of its imports stands in these marks alone, in the journal and then in
the lake, so that rebuild, backup and another store know it too (docs/decisions/0015-imports.md).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, cast

from nudge.domain.credit.tally import Tally
from nudge.domain.journal.records import Mark, Record

ROWS: Final = "imported_rows"
"""Type of the marks that name the rows of a batch."""
REVERSAL: Final = "import_reversal"
"""Type of the marks that take sums back."""
UNDONE: Final = "import_undone"
"""Type of the mark behind which nothing of an import counts in its partition."""
TYPES: Final = (ROWS, REVERSAL, UNDONE)
SIZE: Final = 16
"""Bytes that name a row."""
Place = tuple[int, str, str, str, int]
"""Revision, reason, variant, cell and bucket (its start in seconds) of a sum."""


def rows_mark(name: str, slot: str, digests: Sequence[bytes]) -> Mark:
    """Return the mark of the rows that stand before it in the same commit.

    Args:
        name: of the import.
        slot: name of the slot.
        digests: of the rows, `SIZE` bytes each.
    """
    return _mark(ROWS, name, slot, rows=base64.b64encode(b"".join(digests)).decode())


def row_digests(text: str) -> bytes:
    """Return the digests of a mark's rows, one behind the other."""
    return base64.b64decode(text)


def reversal_mark(name: str, slot: str, sums: Iterable[tuple[Place, Tally]]) -> Mark:
    """Return the mark that takes sums of an import back."""
    rows = [[*place, *(-number for number in tally)] for place, tally in sums]
    return _mark(REVERSAL, name, slot, rows=rows)


def undone_mark(name: str, slot: str) -> Mark:
    """Return the mark that ends the taking back of an import in a partition."""
    return _mark(UNDONE, name, slot)


def reversals(record: Record) -> Iterator[tuple[str, Place, Tally]]:
    """Yield slot, place and negative sums of a record; only a reversal has any."""
    if not isinstance(record, Mark) or record.type != REVERSAL:
        return
    slot = str(record.fields["slot"])
    for row in cast("Iterable[Any]", record.fields["rows"]):
        yield slot, cast("Place", tuple(row[:5])), cast("Tally", tuple(row[5:]))


def _mark(kind: str, name: str, slot: str, **more: object) -> Mark:
    return Mark(kind, {"import": name, "slot": slot, **more})
