"""Counts of the payments of a period by the set of slots that were credited with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final


@dataclass(frozen=True)
class PaymentCount:
    """A number of payments.

    Attributes:
        payments: each counted once.
        fen: what is left of them behind refunds.
        people: bits of the groups of visitors who paid; so many people at least.
    """

    payments: int = 0
    fen: int = 0
    people: int = 0

    def __add__(self, other: PaymentCount) -> PaymentCount:
        """Add the payments of another set."""
        return PaymentCount(
            self.payments + other.payments, self.fen + other.fen, self.people | other.people
        )


NONE: Final = PaymentCount()


@dataclass(frozen=True)
class SlotCredit:
    """The credit of a slot's decisions of one reason.

    Attributes:
        reason: of the decisions.
        conversions: exposures whose first reward came in the period.
        people: bits of the groups of visitors whose exposures these were.
        payments: of the period.
    """

    slot: str
    reason: str
    conversions: int = 0
    people: int = 0
    payments: PaymentCount = NONE


@dataclass(frozen=True)
class SharedCredit:
    """The credit of all slots, with the overlap.

    Attributes:
        sets: names of slots -> the payments that these and no others were credited with.
        credits: by slot and reason.
    """

    sets: Mapping[frozenset[str], PaymentCount] = field(default_factory=dict)
    credits: tuple[SlotCredit, ...] = ()

    @property
    def slots(self) -> list[str]:
        """The names of the slots that were credited with anything, in order."""
        return sorted({one.slot for one in self.credits})

    @property
    def every(self) -> PaymentCount:
        """All payments of the period, each once."""
        return _sum(self.sets.values())

    @property
    def credited(self) -> PaymentCount:
        """The payments that any slot was credited with, each once."""
        return _sum(count for names, count in self.sets.items() if names)

    def of(self, *slots: str) -> PaymentCount:
        """Return the payments that all of these slots were credited with."""
        wanted = set(slots)
        return _sum(count for names, count in self.sets.items() if wanted <= names)

    def shared(self, slot: str) -> PaymentCount:
        """Return the payments of a slot that another one was credited with, too."""
        return _sum(n for names, n in self.sets.items() if slot in names and len(names) > 1)

    def times(self, number: int) -> PaymentCount:
        """Return the payments that so many slots were credited with."""
        return _sum(count for names, count in self.sets.items() if len(names) == number)

    def pairs(self) -> list[tuple[str, str]]:
        """Return all pairs of slots, in order."""
        return list(combinations(self.slots, 2))


def _sum(counts: Iterable[PaymentCount]) -> PaymentCount:
    found = NONE
    for one in counts:
        found = found + one
    return found
