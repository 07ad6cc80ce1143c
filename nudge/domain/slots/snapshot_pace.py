"""Pace of a slot's snapshots: the fewer exposures are known, the sooner the next one comes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

LEAST_NEWS: Final = 20
"""Exposures below which no snapshot comes early: one by one they say nothing."""
PARTS: Final = 20
"""Divisor of the known exposures: a twentieth of them is news."""
SHORTEST: Final = 0.1
"""Share of the usual pause that every snapshot waits, however much has come."""


def worthwhile_news(known: int) -> int:
    """Return the number of new exposures that are worth an early snapshot.

    The number grows with what is known, so up to n exposures there are at most
    LEAST_NEWS + log(n / (LEAST_NEWS * PARTS)) / log(1 + 1 / PARTS) early ones.

    Args:
        known: exposures behind the last snapshot.
    """
    return max(LEAST_NEWS, -(-known // PARTS))


def is_due(elapsed: float, every: float, known: int, news: int) -> bool:
    """Return True where a snapshot may be published: after `every`, or early for its news.

    Args:
        elapsed: seconds since the last snapshot.
        every: seconds after which any change is published.
        known: exposures behind the last snapshot.
        news: exposures since.
    """
    return elapsed >= every or (elapsed >= SHORTEST * every and news >= worthwhile_news(known))


def news_batches(visitors: int, most: int) -> Iterator[tuple[int, int]]:
    """Yield the first visitor of each snapshot and the one behind its last, in order.

    Args:
        visitors: number in all.
        most: visitors after which the next snapshot comes in any case.
    """
    start = 0
    while start < visitors:
        stop = min(visitors, start + min(most, worthwhile_news(start)))
        yield start, stop
        start = stop
