"""Conversion rates with Wilson intervals, of the served policy and of the log itself."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

Z = 1.959963984540054
"""Standard score of a two-sided interval of 95 %."""


@dataclass(frozen=True)
class Outcome:
    """The outcome of one row of the log.

    Attributes:
        variant: variant that the visitor really got.
        converted: the visitor converted.
        weight: 1 / propensity of that variant in the log.
        matched: the service drew the same variant.
    """

    variant: str
    converted: bool
    weight: float
    matched: bool


@dataclass(frozen=True)
class Rate:
    """A conversion rate with its 95 % interval.

    Attributes:
        rows: number of rows.
        converted: number of rows that converted.
        rate: weighted mean; None without rows.
        low: lower end of the interval.
        high: upper end of the interval.
    """

    rows: int
    converted: int
    rate: float | None
    low: float
    high: float


def wilson(rate: float, n: float) -> tuple[float, float]:
    """Compute the 95 % interval of a rate seen in `n` rows (Wilson 1927); [0, 1] without rows."""
    if n <= 0:
        return 0.0, 1.0
    middle = rate + Z**2 / (2 * n)
    half = Z * math.sqrt(rate * (1 - rate) / n + Z**2 / (4 * n**2))
    scale = 1 + Z**2 / n
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def rate_of(rows: Iterable[Outcome]) -> Rate:
    """Compute the rate of some rows, each weighted by 1 / propensity.

    With unequal propensities the interval rests on the effective number of rows,
    (sum w)^2 / sum w^2 (Kish 1965).
    """
    found = list(rows)
    weight = math.fsum(one.weight for one in found)
    if not found:
        return Rate(0, 0, None, 0.0, 1.0)
    rate = math.fsum(one.weight for one in found if one.converted) / weight
    effective = weight**2 / math.fsum(one.weight**2 for one in found)
    return Rate(len(found), sum(one.converted for one in found), rate, *wilson(rate, effective))


def over_time(rows: Sequence[Outcome], parts: int) -> list[Rate]:
    """Compute the rate of the matched rows in equal parts of the run, in order."""
    cuts = [len(rows) * i // parts for i in range(parts + 1)]
    pieces = (rows[low:high] for low, high in pairwise(cuts))
    return [rate_of(one for one in piece if one.matched) for piece in pieces]


def by_variant(rows: Sequence[Outcome]) -> dict[str, Rate]:
    """Compute the log's own rate of each variant: the rate of always giving it."""
    names = sorted({one.variant for one in rows})
    return {name: rate_of(one for one in rows if one.variant == name) for name in names}


def uniform(variants: Iterable[Rate]) -> Rate:
    """Compute the rate of a uniform policy: the mean of the variants' rates, with its interval."""
    known = [one for one in variants if one.rate is not None]
    rates = [one.rate for one in known if one.rate is not None]
    if not rates:
        return Rate(0, 0, None, 0.0, 1.0)
    mean = math.fsum(rates) / len(rates)
    # Independent samples: the variance of a mean is the sum of the variances by the square of k.
    spread = math.fsum(r * (1 - r) / one.rows for r, one in zip(rates, known, strict=True))
    half = Z * math.sqrt(spread) / len(rates)
    rows, converted = sum(one.rows for one in known), sum(one.converted for one in known)
    return Rate(rows, converted, mean, max(0.0, mean - half), min(1.0, mean + half))
