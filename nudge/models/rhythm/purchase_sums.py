"""Sums of people's purchases: all that the model of rhythms asks of them, alike people together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bandits.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class PurchaseSums:
    """The purchases of people, one row for all who are alike.

    Attributes:
        repeats: (n,) days with a purchase, behind the first.
        span: (n,) days from the first purchase to the last.
        age: (n,) days from the first purchase to the last day that was seen.
        count: (n,) people.
        log_gaps: sum of the logarithms of all gaps, in days.
        row: (people,) row of each person, in the order of their ids.
    """

    repeats: FloatArray
    span: FloatArray
    age: FloatArray
    count: FloatArray
    log_gaps: float
    row: IntArray

    @property
    def people(self) -> int:
        """Number of people."""
        return len(self.row)

    @property
    def silent(self) -> FloatArray:
        """Days since the last purchase (n,)."""
        return self.age - self.span

    @property
    def total(self) -> float:
        """Purchases behind the first, of all people."""
        return float(self.count @ self.repeats)

    @property
    def comers_back(self) -> float:
        """People with a repeat."""
        return float(self.count[self.repeats > 0].sum())


def purchase_sums(people: IntArray, days: IntArray, until: int) -> PurchaseSums:
    """Sum up purchases; several of a person on a day are one, later ones are not looked at.

    Args:
        people: (m,) number of the person of each purchase.
        days: (m,) day of each purchase, as a number.
        until: last day that is looked at, included.
    """
    seen = purchase_days(people, days, days <= until)
    who, day = seen[:, 0], seen[:, 1]
    starts = np.flatnonzero(np.diff(who, prepend=-1))
    number = np.diff(starts, append=len(who))
    first, last = day[starts], day[starts + number - 1]
    gaps = np.diff(day)[np.diff(who) == 0]
    rows = np.column_stack([number - 1, last - first, until - first])
    alike, row, count = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
    repeats, span, age = alike.T.astype(np.float64)
    log_gaps = float(np.log(gaps).sum())
    return PurchaseSums(repeats, span, age, count.astype(np.float64), log_gaps, row.ravel())


def purchase_days(people: IntArray, days: IntArray, asked: BoolArray) -> IntArray:
    """Return person and day (m, 2) of each day with a purchase, in order, each once.

    Args:
        people: (n,) number of the person of each purchase.
        days: (n,) day of each purchase, as a number.
        asked: (n,) purchases that count.
    """
    return np.unique(np.column_stack([people, days])[asked], axis=0)


def median_gap(people: IntArray, days: IntArray, until: int) -> float | None:
    """Return the median of all gaps between days with a purchase; None without one.

    It is the plain answer where there are too few people for the model.
    """
    seen = purchase_days(people, days, days <= until)
    gaps = np.diff(seen[:, 1])[np.diff(seen[:, 0]) == 0]
    return float(np.median(gaps)) if len(gaps) else None
