"""Values that the journal takes and gives: records to append, and limits of a trimming."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from nudge.domain.choosing.choice import ChoiceInput, StandingDecision
from nudge.domain.choosing.standing_offers import NewOffer
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


class DecisionToLog(Protocol):
    """A decision that is about to be appended: a new one of a page, or `LoggedDecision`."""

    @property
    def decision(self) -> Decision:
        """The decision."""
        ...

    @property
    def takes(self) -> str:
        """The field of the stock that it takes of; empty for none."""
        ...

    @property
    def offer(self) -> NewOffer | None:
        """The offer that it makes; None where it binds nothing."""
        ...


class LoggedDecision(NamedTuple):
    """A decision that is about to be appended, without its slot.

    Attributes:
        takes: field of the stock that it takes of; empty for none.
        offer: that it makes; None where it binds nothing.
    """

    decision: Decision
    takes: str = ""
    offer: NewOffer | None = None


class LostDecision(NamedTuple):
    """A decision that was not appended, because somebody else was faster.

    Attributes:
        takes: field of the stock of which nothing is left; empty where that is not the reason.
        offer: another one of its group, which was made meanwhile; None where there is none.
    """

    takes: str = ""
    offer: NewOffer | None = None


AppendedDecision = StandingDecision | LostDecision
"""The outcome of an append: the decision that stands, or why there is none."""


def behind_others(known: ChoiceInput, made: Sequence[AppendedDecision]) -> ChoiceInput:
    """Return the input of another draw for the decisions that are lost, by what they say."""
    lost = [one for one in made if isinstance(one, LostDecision)]
    again = known.without_units([one.takes for one in lost if one.takes])
    # It binds this draw by the store's clock, which may be behind the caller's.
    return again.with_offers([one.offer and one.offer.binding for one in lost])


@dataclass(frozen=True)
class DecisionBatch:
    """Decisions of one subject that are about to be appended.

    Attributes:
        decisions: all of one subject, at least one.
        keep_for: seconds that the assignments are kept.
        by_page: a page asked: what it takes of a stock comes back unless the decision is shown.
    """

    partition: int
    decisions: Sequence[DecisionToLog]
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
