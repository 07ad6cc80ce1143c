"""Figures of a visitor's payments: usual amount, rhythm, change of spending. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median, median_low
from typing import Final, NamedTuple

from bandits.units import DAY
from nudge.domain.people.rhythm import PurchaseHistory, Rhythm

MOST: Final = 12
"""Payments remembered with a visitor: the latest; a year of monthly recharges."""
FEWEST: Final = 3
"""Payments from which on there is a rhythm: two intervals."""
SPREAD: Final = 1.4826
"""Factor from the median absolute deviation of normal numbers to their standard deviation."""
LEFT: Final = 0.5
"""Probability of having stayed below which no recharge is expected."""
REACH: Final = 1.96
"""Standard deviations of an interval of 95 %."""
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
    """The expected time of the next payment, of a visitor who stays; silence does not move it.

    Attributes:
        at: seconds, the median.
        spread: seconds, a standard deviation behind it, at least a day.
        low: seconds, lower end of the interval.
        high: seconds, upper end.
    """

    at: float
    spread: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class RechargeOutlook:
    """The outlook of a visitor: when the next recharge comes, and whether it comes at all.

    Attributes:
        expected: the next recharge, of a visitor who stays.
        alive: probability that the visitor has not left; None without a rhythm of the crowd.
        at: seconds, now.
    """

    expected: ExpectedPayment
    alive: float | None
    at: float

    @property
    def left(self) -> bool:
        """True where the visitor has more probably left than not: no recharge is expected."""
        return self.alive is not None and self.alive < LEFT

    @property
    def source(self) -> str:
        """The source of the date: the crowd's rhythm, or the visitor's own median interval."""
        return "median" if self.alive is None else "rhythm"


def with_payment(payments: Sequence[Payment], one: Payment) -> tuple[Payment, ...]:
    """Add a payment and return the latest ones by time; the order of arrival does not matter."""
    return latest((*payments, one))


def latest(payments: Iterable[Payment]) -> tuple[Payment, ...]:
    """Return the latest payments, in the order of their times."""
    return tuple(sorted(payments)[-MOST:])


def usual(payments: Sequence[Payment]) -> int | None:
    """Return the usual amount in fen: a median that was paid; None without a payment."""
    return median_low([one.amount for one in payments]) if payments else None


def expect_payment(
    payments: Sequence[Payment], rhythm: Rhythm | None = None
) -> ExpectedPayment | None:
    """Predict the next payment, by the crowd's rhythm where it is known.

    Args:
        payments: of the visitor, by time.
        rhythm: of the crowd; without it the visitor's own median interval counts.

    Returns:
        The expected payment; None without a payment, and without a rhythm below three.
    """
    if rhythm is None or not payments:
        return _expect_alone(payments)
    last = payments[-1].at
    gap = rhythm.next_gap(purchase_history(payments, last))
    spread = max((gap.late - gap.middle) * DAY, CLOSE * DAY)
    return ExpectedPayment(
        last + gap.middle * DAY, spread, last + gap.low * DAY, last + gap.high * DAY
    )


def _expect_alone(payments: Sequence[Payment]) -> ExpectedPayment | None:
    """Predict the next payment from the visitor's own payments; None for fewer than three.

    Medians, so that one recharge in between, or one month away, does not move the date.
    """
    if len(payments) < FEWEST:
        return None
    gaps = [later.at - one.at for one, later in pairwise(payments)]
    middle = median(gaps)
    spread = max(SPREAD * median(abs(gap - middle) for gap in gaps), CLOSE * DAY)
    last, reach = payments[-1].at, REACH * spread
    return ExpectedPayment(
        last + middle, spread, last + max(middle - reach, 0.0), last + middle + reach
    )


def outlook(
    payments: Sequence[Payment], rhythm: Rhythm | None, at: float
) -> RechargeOutlook | None:
    """Return what is expected of a visitor; None where nothing can be told.

    Args:
        payments: of the visitor, by time.
        rhythm: of the crowd; without it the visitor's own median interval counts.
        at: seconds, now.
    """
    expected = expect_payment(payments, rhythm)
    if expected is None:
        return None
    chance = None if rhythm is None else alive(payments, rhythm, at)
    return RechargeOutlook(expected, chance, at)


def alive(payments: Sequence[Payment], rhythm: Rhythm, at: float) -> float | None:
    """Return the probability that a visitor has not left; None without a payment.

    Args:
        payments: of the visitor, by time.
        rhythm: of the crowd.
        at: seconds, now.
    """
    return rhythm.alive(purchase_history(payments, at)) if payments else None


def purchase_history(payments: Sequence[Payment], at: float) -> PurchaseHistory:
    """Return the history of remembered payments; those within a day of the first are one.

    The first that is remembered counts as the first: what came before tells little of now.

    Args:
        payments: of the visitor, by time; at least one.
        at: seconds, now.
    """
    first = last = payments[0].at
    repeats = 0
    for one in payments:
        if one.at - last >= DAY:
            repeats, last = repeats + 1, one.at
    return PurchaseHistory(repeats, (last - first) / DAY, (max(at, last) - first) / DAY)


def spending_change(payments: Sequence[Payment]) -> float | None:
    """Return the median of the last three amounts over that of earlier ones, or None below six."""
    if len(payments) < 2 * FEWEST:
        return None
    amounts = [one.amount for one in payments]
    before = median(amounts[:-FEWEST])
    return median(amounts[-FEWEST:]) / before if before else None
