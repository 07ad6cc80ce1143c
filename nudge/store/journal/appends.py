"""Values that the journal takes and gives: records to append, and limits of a trimming."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from nudge.domain.journal.records import Decision, Event


@dataclass(frozen=True)
class VaultEntry:
    """A field of one of the vault's hashes of a subject.

    Attributes:
        family: `numbers` or `texts`.
        value: encrypted, where it is a person's.
    """

    family: str
    field: str
    value: bytes


@dataclass(frozen=True)
class NamedId:
    """Another id that an event names: a number, or a second id of its visitor.

    Attributes:
        hash: keyed hash of the id.
        home: partition in which it is at home.
        proposed: subject to use if it is new.
        device: on which the number was typed, or whose it is; empty where it is not to be kept.
        sealed: the number, encrypted about the device; empty where it is not to be kept.
        at: milliseconds, when it was typed.
        homes: subjects that the device's token names, as `Device.marks` gives them.
    """

    hash: str
    home: int
    proposed: str
    device: str = ""
    sealed: bytes = b""
    at: int = 0
    homes: str = ""


@dataclass(frozen=True)
class Append:
    """A record to be appended once: an event, or a decision that was made without the store.

    Attributes:
        visitor_hash: of its visitor; empty where the subject is known already.
        record: its subject is used if the visitor is new.
        of: place, in the same partition, of the decision whose subject it is; empty for none.
        notes: what only the vault may hold, written beside it.
        named: another id that it names, which the vault is asked for first.
        homes: subjects that the token of its device names: numbers typed there have their own room.
    """

    visitor_hash: str
    record: Event | Decision
    of: str = ""
    notes: tuple[VaultEntry, ...] = ()
    named: NamedId | None = None
    homes: str = ""


@dataclass(frozen=True)
class Redirect:
    """The place of a visitor who was merged into another one.

    Attributes:
        partition: where it is.
        via: the subject under which the visitor was known before.
        mine: "1" where the token of the event's device names that subject.
    """

    partition: int
    subject: str
    via: str = field(default="", compare=False)
    mine: str = field(default="", compare=False)


@dataclass(frozen=True)
class DecisionBatch:
    """Decisions of one subject that are about to be appended.

    Attributes:
        decisions: all of one subject, at least one, each with the field of the stock that it takes
            of, or "".
        keep_for: seconds that the assignments are kept.
        by_page: a page asked: what it takes of a stock comes back unless the decision is shown.
    """

    partition: int
    decisions: Sequence[tuple[Decision, str]]
    keep_for: float
    by_page: bool = False


class TrimLimits(NamedTuple):
    """Limits of one trimming of a partition's journal.

    Attributes:
        bound: last position that may go.
        seconds: least age of an entry that goes for its age.
        bytes: memory that the journal may take; 0 is any number.
    """

    bound: int
    seconds: float
    bytes: int


class TrimReply(NamedTuple):
    """Entries that one call removed, those that only the memory limit made go, and if more may."""

    removed: int
    young: int
    more: bool


Note = Callable[[Append], object]
"""A callback that takes each record that was new."""
