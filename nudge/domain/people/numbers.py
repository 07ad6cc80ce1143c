"""Which of a visitor's numbers could be filled in, by where each comes from. Pure.

The vault's book of a visitor is a hash: `<device>:<label>` -> the number's cipher, for what was
typed on a device; `own:<label>` -> that of the visitor's own number, which a server told;
`t:<device>` -> `<label> <milliseconds>`, what was typed last. A label is the number's subject.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from nudge.domain.people.person import NumberUse

VISIT: Final = 1800.0
"""Seconds in which what was typed is carried over to the next page."""
OWN: Final = "own"
"""The device of the visitor's own number: no device's id, which are hexadecimal."""
LAST: Final = "t"
FLAGS: Final[Mapping[str, str]] = {
    "carried": "carried_number",
    "last_on_device": "last_number",
    "most_frequent": "frequent_number",
    "own": "own_number",
}
"""Source of a number -> the context attribute that says whether there is one."""

Book = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class BookEntry:
    """A number in the book.

    Attributes:
        device: on which it was typed; `own` for the visitor's own.
        label: the number's subject.
    """

    device: str
    label: str

    @property
    def field(self) -> str:
        """Of the book."""
        return f"{self.device}:{self.label}"


def sources(book: Book, used: Sequence[NumberUse], device: str, at: float) -> dict[str, BookEntry]:
    """Source -> the number to fill in, for the sources that have one.

    Args:
        book: of the visitor.
        used: what was recharged, on all devices.
        device: that asks; empty where none shows its token, which then has only the own number.
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
    """What was typed on the device within this visit."""
    label, _, stamp = book.get(f"{LAST}:{device}", b"").decode().partition(" ")
    if not label or f"{device}:{label}" not in book or at - int(stamp) / 1000 > VISIT:
        return None
    return BookEntry(device, label)


def own(book: Book) -> BookEntry | None:
    """The visitor's own number; of several the first by label."""
    fields = sorted(filter(is_own, book))
    return BookEntry(OWN, fields[0].partition(":")[2]) if fields else None


def is_own(name: str) -> bool:
    """Whether a field of the book is the visitor's own number."""
    return name.startswith(f"{OWN}:")


def flags(found: Mapping[str, BookEntry]) -> dict[str, bool]:
    """Context attribute -> whether its source has a number."""
    return {flag: source in found for source, flag in FLAGS.items()}
