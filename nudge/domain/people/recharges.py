"""What a visitor's payments say: the usual amount, the rhythm, and whether spending falls. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median, median_low
from typing import Final, NamedTuple

from bandits.units import DAY

MOST: Final = 12
"""Payments that are kept with a visitor: the latest. A year, for who recharges once a month."""
FEWEST: Final = 3
"""Payments from which there is a rhythm: two intervals."""
SPREAD: Final = 1.4826
"""Makes the median absolute deviation of normal numbers their standard deviation."""
CLOSE: Final = 1.0
"""Days that an expected date is uncertain at least."""


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
    """When the next payment is expected.

    Attributes:
        at: seconds; the latest payment and a median interval.
        spread: seconds, a robust standard deviation of the intervals, at least a day.
    """

    at: float
    spread: float


def with_payment(payments: Sequence[Payment], one: Payment) -> tuple[Payment, ...]:
    """The latest payments and one more, in the order of their times; any order gives the same."""
    return latest((*payments, one))


def latest(payments: Iterable[Payment]) -> tuple[Payment, ...]:
    """The latest payments, in the order of their times."""
    return tuple(sorted(payments)[-MOST:])


def usual(payments: Sequence[Payment]) -> int | None:
    """The usual amount in fen: a median that was paid; None without a payment."""
    return median_low([one.amount for one in payments]) if payments else None


def expect_payment(payments: Sequence[Payment]) -> ExpectedPayment | None:
    """When the next payment is expected; None for fewer than three.

    Medians, so that one recharge in between, or one month away, does not move the date.
    """
    if len(payments) < FEWEST:
        return None
    gaps = [later.at - one.at for one, later in pairwise(payments)]
    middle = median(gaps)
    spread = SPREAD * median(abs(gap - middle) for gap in gaps)
    return ExpectedPayment(payments[-1].at + middle, max(spread, CLOSE * DAY))


def spending_change(payments: Sequence[Payment]) -> float | None:
    """Median of the last three amounts by that of those before; None for fewer than six."""
    if len(payments) < 2 * FEWEST:
        return None
    amounts = [one.amount for one in payments]
    before = median(amounts[:-FEWEST])
    return median(amounts[-FEWEST:]) / before if before else None
