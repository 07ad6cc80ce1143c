"""Identity of a historical log's row: by its id, else by its content and its place among equals.

A file that grew is imported again: what it had before must be known again, wherever it stands in
the file now. Two equal rows are two rows: 6,562 rows of the Hillstrom campaign repeat another one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from nudge.domain.credit.import_marks import SIZE
from nudge.domain.credit.import_values import (
    MOST_DRAW,
    Row,
    is_absent,
    list_of,
    number_of,
    seconds_of,
    text_of,
    whole_of,
)

TIMES: Final = ("at", "exposed_at", "rewarded_at")
NUMBERS: Final = ("propensity", "policy_version", "slot_revision", "reward", "conversions")
WHOLE: Final = ("u", "value_fen")
WORDS: Final = {"true": True, "false": False}


def digest_of(key: bytes, slot: str, series: str, content: object) -> bytes:
    """Return the keyed digest of a row's content, `SIZE` bytes."""
    text = json.dumps([slot, series, content], ensure_ascii=False, sort_keys=True, default=str)
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=SIZE, key=key).digest()


def content_of(known: Row, now: float) -> dict[str, object]:
    """Return a row's values in one form, whatever tool wrote them; absent ones are left out.

    Args:
        known: column of the joined form -> value.
        now: seconds.

    Raises:
        RowError: a value cannot be read.
    """
    found: dict[str, object] = {}
    for name, value in known.items():
        if name == "context":
            found[name] = {k: _scalar(v) for k, v in value.items() if not is_absent(v)}
        elif not is_absent(value):
            found[name] = _plain(name, value, now)
    return found


def _plain(name: str, value: object, now: float) -> object:
    if name in TIMES:
        return seconds_of(value, name, now)
    if name in WHOLE:
        return whole_of(value, name, most=MOST_DRAW)
    if name in NUMBERS:
        return number_of(value, name)
    if name == "pmf":
        return [number_of(one, name) for one in list_of(value, name)]
    if name == "eligible":
        return [text_of(one, name) for one in list_of(value, name)]
    return text_of(value, name)


def _scalar(value: object) -> object:
    """Return an attribute as a number or a flag where it can be read as one: text has no types."""
    if isinstance(value, str) and value.lower() in WORDS:
        return WORDS[value.lower()]
    if isinstance(value, bool):
        return value
    try:
        return float(cast("str", value))
    except (TypeError, ValueError):
        return str(value)


@dataclass
class RowDigests:
    """The digests of a file's rows, in order: 16 bytes a row.

    Attributes:
        named: an id column tells which row is which; otherwise equal rows are counted.
    """

    named: bool = False
    content: bytearray = field(default_factory=bytearray)

    def add(self, digest: bytes) -> None:
        """Add the next row."""
        self.content += digest

    def finish(self) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
        """Return the digests (n, 2) with the place of each row among its equals, and repeats (n,).

        A repeat is a row whose id the file had before; without ids there is none.
        """
        rows = np.frombuffer(bytes(self.content), dtype=np.uint64).reshape(-1, 2)
        order = np.lexsort((rows[:, 1], rows[:, 0]))  # stable: equal rows stay in their order
        ordered = rows[order]
        begins = np.ones(len(rows), dtype=np.bool_)
        begins[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
        place = np.arange(len(rows))
        ordinal = np.empty(len(rows), dtype=np.int64)
        ordinal[order] = place - np.maximum.accumulate(np.where(begins, place, 0))
        if self.named:
            return rows, ordinal > 0
        found = rows.copy()
        for i in np.flatnonzero(ordinal).tolist():
            found[i] = np.frombuffer(_nth(rows[i].tobytes(), int(ordinal[i])), dtype=np.uint64)
        return found, np.zeros(len(rows), dtype=np.bool_)


def _nth(digest: bytes, ordinal: int) -> bytes:
    return blake2b(digest + ordinal.to_bytes(8), digest_size=SIZE).digest()


def are_known(rows: NDArray[np.uint64], known: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Return for each row (n,) whether its digest is among the known ones (m, 2)."""
    both = np.concatenate([known, rows])
    order = np.lexsort((both[:, 1], both[:, 0]))
    ordered = both[order]
    begins = np.ones(len(both), dtype=np.bool_)
    begins[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    # The sort is stable: of equal digests a known one stands first.
    group = np.cumsum(begins) - 1
    first = order[begins] < len(known)
    found = np.empty(len(both), dtype=np.bool_)
    found[order] = first[group]
    return found[len(known) :]
