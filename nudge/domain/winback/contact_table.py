"""People of whom some were contacted by chance, with what each did afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from bandits.arrays import BoolArray, FloatArray, IntArray
from nudge.domain.care.factors.people_table import Factor


@dataclass(frozen=True, eq=False)
class ContactTable:
    """A campaign's n people: contacted and held out.

    Attributes:
        factors: that were known before the contact.
        contacted: (n,) True for those who were contacted; chance decided.
        outcome: (n,) 1 for who came back and 0 for who did not, or an amount.
    """

    factors: tuple[Factor, ...]
    contacted: BoolArray
    outcome: FloatArray

    def __len__(self) -> int:
        """Return the number of people."""
        return len(self.contacted)

    def take(self, rows: IntArray) -> ContactTable:
        """Return the table of some of the people, by their places (m,)."""
        factors = tuple(one.take(rows) for one in self.factors)
        return ContactTable(factors, self.contacted[rows], self.outcome[rows])
