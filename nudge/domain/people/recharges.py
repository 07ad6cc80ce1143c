"""Figures of a visitor's payments: usual amount, rhythm, change of spending. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median, median_low
from typing import Final, NamedTuple

from bandits.units import DAY

MOST: Final = 12
"""Payments remembered with a visitor: the latest; a year of monthly recharges."""
FEWEST: Final = 3
"""Payments from which on there is a rhythm: two intervals."""
SPREAD: Final = 1.4826
"""Factor from the median absolute deviation of normal numbers to their standard deviation."""
CLOSE: Final = 1.0
"""Least uncertainty of an expected date, in days."""


class Payment(NamedTuple):
    """A payment that a server reported.

    Attributes:
        at: seconds.
        amount: fen.
    """

    at: float
    amount: int


@dataclass(frozen=True, slots=True)
class ExpectedPayment:
    """The expected time of the next payment.

    Attributes:
        at: seconds; the latest payment and a median interval.
        spread: seconds, a robust standard deviation of the intervals, at least a day.
    """

    at: float
    spread: float


def with_payment(payments: Sequence[Payment], one: Payment) -> tuple[Payment, ...]:
    """Add a payment and return the latest ones by time; the order of arrival does not matter."""
    return latest((*payments, one))


def latest(payments: Iterable[Payment]) -> tuple[Payment, ...]:
    """Return the latest payments, in the order of their times."""
    return tuple(sorted(payments)[-MOST:])


def usual(payments: Sequence[Payment]) -> int | None:
    """Return the usual amount in fen: a median that was paid; None without a payment."""
    return median_low([one.amount for one in payments]) if payments else None


def expect_payment(payments: Sequence[Payment]) -> ExpectedPayment | None:
    """Predict the next payment; None for fewer than three.

    Medians, so that one recharge in between, or one month away, does not move the date.
    """
    if len(payments) < FEWEST:
        return None
    gaps = [later.at - one.at for one, later in pairwise(payments)]
    middle = median(gaps)
    spread = SPREAD * median(abs(gap - middle) for gap in gaps)
    return ExpectedPayment(payments[-1].at + middle, max(spread, CLOSE * DAY))


def spending_change(payments: Sequence[Payment]) -> float | None:
    """Return the median of the last three amounts over that of earlier ones, or None below six."""
    if len(payments) < 2 * FEWEST:
        return None
    amounts = [one.amount for one in payments]
    before = median(amounts[:-FEWEST])
    return median(amounts[-FEWEST:]) / before if before else None
