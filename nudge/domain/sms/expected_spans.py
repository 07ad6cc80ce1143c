"""Spans of time in which a recharge of a visitor was expected for one date. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from nudge.domain.people.recharges import MOST, Payment, expect_payment
from nudge.domain.people.rhythm import Rhythm


class ExpectedSpan(NamedTuple):
    """A span between two payments, and the date that was expected in it.

    Attributes:
        since: seconds, the payment that begins it.
        until: seconds, the payment that ends it; infinite for the latest span.
        expected_at: seconds, by the payments up to then.
    """

    since: float
    until: float
    expected_at: float


def expected_spans(times: Sequence[float], rhythm: Rhythm | None) -> Iterator[ExpectedSpan]:
    """Yield the spans in which a recharge was expected; nothing is known ahead of its time.

    Args:
        times: seconds of a visitor's payments, in order.
        rhythm: of the crowd; without it the visitor's own median interval counts.
    """
    for number, (since, until) in enumerate(pairwise((*times, math.inf)), start=1):
        known = [Payment(at, 0) for at in times[max(0, number - MOST) : number]]
        expected = expect_payment(known, rhythm)
        if expected is not None and since < until:
            yield ExpectedSpan(since, until, expected.at)
