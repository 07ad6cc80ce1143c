"""Candidates for prefill: a visitor's numbers by their sources. Pure.

The vault's book of a visitor is a hash: `<device>:<label>` -> the number's cipher, for numbers
typed on a device; `own:<label>` -> that of the visitor's own number, reported by a server;
`t:<device>` -> `<label> <milliseconds>`, the number typed last. A label is the number's subject.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from nudge.domain.people.person import NumberUse

VISIT: Final = 1800.0
"""Seconds for which a typed number is carried over to the next page."""
OWN: Final = "own"
"""The device of the visitor's own number: no device's id, which are hexadecimal."""
LAST: Final = "t"
FLAGS: Final[Mapping[str, str]] = {
    "carried": "carried_number",
    "last_on_device": "last_number",
    "most_frequent": "frequent_number",
    "own": "own_number",
}
"""Source of a number -> the context attribute that is True where there is one."""

Book = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class BookEntry:
    """A number in the book.

    Attributes:
        device: of the typing; `own` for the visitor's own number.
        label: the number's subject.
    """

    device: str
    label: str

    @property
    def field(self) -> str:
        """The field of the book."""
        return f"{self.device}:{self.label}"


def sources(book: Book, used: Sequence[NumberUse], device: str, at: float) -> dict[str, BookEntry]:
    """Return the number of each source, for the sources that have one.

    Args:
        book: of the visitor.
        used: recharges on all devices.
        device: of the request; empty without a token: then only the own number remains.
        at: seconds, now.
    """
    here = [x for x in used if x.device == device and f"{device}:{x.label}" in book]
    last = max(here, key=lambda x: x.last_at, default=None)
    most = max(here, key=lambda x: (x.times, x.last_at), default=None)
    found = {
        "carried": typed_last(book, device, at),
        "last_on_device": BookEntry(device, last.label) if last else None,
        "most_frequent": BookEntry(device, most.label) if most else None,
        "own": own(book),
    }
    return {source: entry for source, entry in found.items() if entry is not None}


def typed_last(book: Book, device: str, at: float) -> BookEntry | None:
    """Return the number typed on the device within this visit, or None."""
    label, _, stamp = book.get(f"{LAST}:{device}", b"").decode().partition(" ")
    if not label or f"{device}:{label}" not in book or at - int(stamp) / 1000 > VISIT:
        return None
    return BookEntry(device, label)


def own(book: Book) -> BookEntry | None:
    """Return the visitor's own number; of several the first by label."""
    fields = sorted(filter(is_own, book))
    return BookEntry(OWN, fields[0].partition(":")[2]) if fields else None


def is_own(name: str) -> bool:
    """Return True for a field of the visitor's own number."""
    return name.startswith(f"{OWN}:")


def flags(found: Mapping[str, BookEntry]) -> dict[str, bool]:
    """Return, by context attribute, whether its source has a number."""
    return {flag: source in found for source, flag in FLAGS.items()}
