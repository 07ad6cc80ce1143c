"""Rules over several contacts with one visitor, as the contact policy holds them. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Final, Literal, NamedTuple

from nudge.domain.contact.contact import NEVER_WITH, NOT_AFTER, ONLY_AFTER, Contact

CONTENT: Final = "content:"
"""Prefix of a content's tag where a purpose could stand: no purpose is named so."""
VARIANT: Final = ":"
"""Mark between slot and variant in the tag of a message that holds a variant of a slot."""
MAX_TAG: Final = 64
"""Most characters of a content's tag."""
SequenceKind = Literal["never_with", "not_after", "only_after"]
SEQUENCE_KINDS: Final = frozenset({NEVER_WITH, NOT_AFTER, ONLY_AFTER})


class ContactKind(NamedTuple):
    """The kind of a contact, which is all that is known of it before it has a time.

    Attributes:
        purpose: of the contact policy.
        channel: of the contact policy.
        content: tag of what it says; empty where nobody told it.
    """

    purpose: str
    channel: str
    content: str = ""


@dataclass(frozen=True)
class RollingLimit:
    """A limit on the contacts in any stretch of a length, wherever the stretch begins.

    Attributes:
        most: contacts that a stretch may hold; at least 1.
        within: seconds, the stretch's length; its end is excluded.
        channels: that count and are limited; empty for all.
        purposes: that count and are limited; empty for all.
    """

    most: int
    within: float
    channels: frozenset[str] = frozenset()
    purposes: frozenset[str] = frozenset()

    def covers(self, one: Contact | ContactKind) -> bool:
        """Return whether the limit counts a contact, and holds it back."""
        return (not self.channels or one.channel in self.channels) and (
            not self.purposes or one.purpose in self.purposes
        )


@dataclass(frozen=True)
class ContentLimit:
    """A limit on contacts of one content in any stretch of a length.

    Attributes:
        most: contacts of one content that a stretch may hold; at least 1.
        within: seconds, the stretch's length; its end is excluded.
    """

    most: int
    within: float


@dataclass(frozen=True)
class SequenceRule:
    """A rule over the order of two sorts of contact, each a purpose or a content's tag.

    Attributes:
        kind: `never_with`: not both; `not_after`: `contact` not behind `other`; `only_after`:
            `contact` only behind `other`.
        contact: sort that the rule forbids.
        other: sort that the rule looks for.
        within: seconds beyond which the rule does not look. Infinite: as far as contacts are
            remembered.
    """

    kind: SequenceKind
    contact: str
    other: str
    within: float = inf


class Turn(NamedTuple):
    """The stretch around a contact of one sort in which another one must not be.

    Attributes:
        reason: code.
        sort: purpose or tag of the contact that is looked for.
        behind: seconds before the contact that are forbidden, the end excluded.
        ahead: seconds from the contact on that are forbidden; 0: its moment only.
    """

    reason: str
    sort: str
    behind: float
    ahead: float


@dataclass(frozen=True)
class PressureTerms:
    """The rules over several contacts that hold for one kind of contact.

    Attributes:
        limits: rolling limits that cover it.
        turns: stretches around other contacts that are closed to it.
        needs: rules by which it wants another contact before it.
    """

    limits: tuple[RollingLimit, ...] = ()
    turns: tuple[Turn, ...] = ()
    needs: tuple[SequenceRule, ...] = ()


def is_of_sort(sort: str, one: Contact | ContactKind) -> bool:
    """Return whether a contact is of a sort: a purpose, or a content's tag behind its prefix."""
    if sort.startswith(CONTENT):
        return one.content == sort[len(CONTENT) :]
    return one.purpose == sort


def list_turns(rule: SequenceRule, kind: ContactKind) -> list[Turn]:
    """Return the stretches that a sequence closes to a kind of contact.

    Both of its contacts have one: what is planned for later must not be made wrong by what is
    planned now.
    """
    found: list[Turn] = []
    symmetric = rule.kind == NEVER_WITH
    if rule.kind == ONLY_AFTER:
        return found
    if is_of_sort(rule.contact, kind):
        found.append(Turn(rule.kind, rule.other, rule.within if symmetric else 0.0, rule.within))
    if is_of_sort(rule.other, kind):
        found.append(Turn(rule.kind, rule.contact, rule.within, rule.within if symmetric else 0.0))
    return found
