"""The check of a rhythm on later purchases: total, who comes back, counts and dates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from bandits.arrays import BoolArray, FloatArray, IntArray
from nudge.domain.people.rhythm import LEVEL, Rhythm
from nudge.models.rhythm.forecast import Outlook, PurchaseForecast, forecast
from nudge.models.rhythm.purchase_sums import PurchaseSums, purchase_days


@dataclass(frozen=True)
class RhythmCheck:
    """The result of a check.

    Attributes:
        days: that were forecast.
        people: who had bought before.
        expected: purchases, in total.
        real: the same, as it was.
        naive: the same, had everybody gone on at their own rate.
        back: people who came back.
        auc: chance that who came back was ranked before who did not, by expected purchases; None
            where all or none came back.
        naive_auc: the same, ranked by everybody's own rate.
        covered: share of people whose purchases lay in their interval.
        dates_covered: share of those who came back whose next date lay in its interval; None
            without any.
    """

    days: int
    people: int
    expected: float
    real: int
    naive: float
    back: int
    auc: float | None
    naive_auc: float | None
    covered: float
    dates_covered: float | None

    @property
    def error(self) -> float | None:
        """Expected over real purchases, less one; None where there were none."""
        return self.expected / self.real - 1.0 if self.real else None

    @property
    def naive_error(self) -> float | None:
        """The error of `naive`."""
        return self.naive / self.real - 1.0 if self.real else None


@dataclass(frozen=True, eq=False)
class LaterPurchases:
    """The purchases of people behind the last day that a rhythm has seen.

    Attributes:
        days: behind that day, which are looked at.
        number: (people,) days with a purchase.
        first: (people,) days until the first of them; 0 without one.
    """

    days: int
    number: IntArray
    first: IntArray


def check_rhythm(rhythm: Rhythm, sums: PurchaseSums, later: LaterPurchases) -> RhythmCheck:
    """Check a rhythm on the purchases behind those that it was fitted to."""
    found = forecast(rhythm, sums, float(later.days))
    back = later.number > 0
    rate = (sums.repeats / np.maximum(sums.age, 1.0))[sums.row] * later.days
    return RhythmCheck(
        days=later.days,
        people=sums.people,
        expected=float(found.expected[sums.row].sum()),
        real=int(later.number.sum()),
        naive=float(rate.sum()),
        back=int(back.sum()),
        auc=_auc(found.expected[sums.row], back),
        naive_auc=_auc(rate, back),
        covered=_covered(found, sums, later),
        dates_covered=_dates_covered(Outlook(rhythm, sums), sums, later),
    )


def later_purchases(people: IntArray, days: IntArray, until: int, end: int) -> LaterPurchases:
    """Return the purchases behind a day of all who had bought before, in the order of their ids.

    Args:
        people: (m,) number of the person of each purchase.
        days: (m,) day of each purchase, as a number.
        until: last day that the rhythm has seen.
        end: last day of the check.
    """
    known = np.unique(people[days <= until])
    inside = (days > until) & (days <= end) & np.isin(people, known)
    seen = purchase_days(people, days, inside)
    who = np.searchsorted(known, seen[:, 0])
    number = np.bincount(who, minlength=len(known))
    first = np.zeros(len(known), dtype=np.int64)
    starts = np.flatnonzero(np.diff(who, prepend=-1))
    first[who[starts]] = seen[starts, 1] - until
    return LaterPurchases(end - until, number.astype(np.int64), first)


def _covered(found: PurchaseForecast, sums: PurchaseSums, later: LaterPurchases) -> float:
    low, high = found.low[sums.row], found.high[sums.row]
    return float(np.mean((later.number >= low) & (later.number <= high)))


def _dates_covered(outlook: Outlook, sums: PurchaseSums, later: LaterPurchases) -> float | None:
    """Return how often the next date lies in its interval, given that it comes in these days."""
    back = later.number > 0
    rows = sums.row[back]
    if not len(rows):
        return None
    size = len(sums.age)
    whole = outlook.chance(1, np.full(size, float(later.days)), np.arange(size))[rows]
    passed = np.zeros(len(rows))
    for day in np.unique(later.first[back]):
        asked = later.first[back] == day
        # A purchase of a day came somewhere in it.
        passed[asked] = outlook.chance(1, np.full(size, day - 0.5), rows[asked])
    place, tail = passed / whole, (1.0 - LEVEL) / 2.0
    return float(np.mean((place >= tail) & (place <= 1.0 - tail)))


def _auc(score: FloatArray, back: BoolArray) -> float | None:
    """Return the area under the ROC curve; ties count half."""
    some, none = int(back.sum()), int((~back).sum())
    if not some or not none:
        return None
    ranks = rankdata(score)
    return float((ranks[back].sum() - some * (some + 1) / 2.0) / (some * none))
