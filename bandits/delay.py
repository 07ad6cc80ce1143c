"""Delay of conversions: its distribution, and the number of conversions still to come.

Only conversions that have happened are seen, so quick ones are overrepresented: a delay d is
observed only where the exposure's age is at least d (right truncation). Read backwards in time,
the estimate is a product-limit one: of the conversions that took at most j, seen on exposures at
least j old, the share that took exactly j is the reverse hazard g_j, and F(j - 1) = (1 - g_j) F(j)
(Lagakos, Barraj and De Gruttola 1988; Kalbfleisch and Lawless 1989).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from bandits.arrays import FloatArray, IntArray

BINS_PER_DECADE = 20  # a bin's ends differ by 12 %


def find_bin_edges(window: float) -> FloatArray:
    """Return the bin edges in seconds: 0, then from 1 s in steps of 12 % up to the window.

    Raises:
        ValueError: the window is not a positive, finite number of seconds.
    """
    if not (np.isfinite(window) and window > 0.0):
        raise ValueError("the window must be a positive number of seconds")
    count = int(np.ceil(np.log10(max(window, 10.0)) * BINS_PER_DECADE))
    inner = 10.0 ** (np.arange(count) / BINS_PER_DECADE)
    return np.concatenate([[0.0], inner[inner < window * (1.0 - 1e-9)], [window]])


@dataclass(frozen=True, eq=False)
class DelayCounts:
    """Counts of conversions by delay, as of one moment; parts with the same window add with `+`.

    Attributes:
        window: attribution window in seconds, the longest possible delay.
        delays: (B,) conversions by the bin of their delay.
        ages: (B,) conversions by the last bin that the age of their exposure covers.
    """

    window: float
    delays: IntArray
    ages: IntArray

    @classmethod
    def empty(cls, window: float) -> Self:
        """Return counts without conversions.

        Raises:
            ValueError: the window is not a positive, finite number of seconds.
        """
        bins = len(find_bin_edges(window)) - 1
        return cls(window, np.zeros(bins, dtype=np.int64), np.zeros(bins, dtype=np.int64))

    @cached_property
    def edges(self) -> FloatArray:
        """Edges (B + 1,) of the bins in seconds."""
        return find_bin_edges(self.window)

    def add(self, delays: ArrayLike, ages: ArrayLike) -> Self:
        """Return the counts with n more conversions.

        A conversion is left out while the age of its exposure does not cover the whole bin of its
        delay, because the bin is only partly observed. Delays that are negative or beyond the
        window are left out.

        Args:
            delays: (n,) seconds from exposure to conversion.
            ages: (n,) seconds from exposure to now; at least the window where matured.
        """
        taken, age = np.asarray(delays, dtype=np.float64), np.asarray(ages, dtype=np.float64)
        bins = len(self.delays)
        place = np.searchsorted(self.edges, taken, side="left") - 1
        place = np.maximum(place, 0)
        covered = np.searchsorted(self.edges, np.minimum(age, self.window), side="right") - 2
        kept = (taken >= 0.0) & (taken <= self.window) & (place <= covered)
        more = np.bincount(place[kept], minlength=bins), np.bincount(covered[kept], minlength=bins)
        return type(self)(self.window, self.delays + more[0], self.ages + more[1])

    def __add__(self, other: Self) -> Self:
        """Return the sum of both parts' counts.

        Raises:
            ValueError: the windows differ.
        """
        if self.window != other.window:
            raise ValueError("counts of different windows cannot be added")
        return type(self)(self.window, self.delays + other.delays, self.ages + other.ages)

    def distribution(self) -> "DelayDistribution":
        """Return the estimated distribution of the delay of conversions within the window.

        Without any conversion all delays are taken as 0, so that nothing is still to come. No
        conversion is assumed beyond the greatest age that was observed.
        """
        below = np.cumsum(self.delays)
        at_risk = below - np.concatenate([[0], np.cumsum(self.ages)[:-1]])
        # Half a conversion more at risk: a single old one must not zero all earlier shares.
        hazard = self.delays / (np.maximum(at_risk, 0) + 0.5)
        stay = (1.0 - hazard)[::-1]
        before = np.cumprod(stay)[::-1]  # F at the lower end of each bin
        cdf = np.concatenate([[0.0], before[1:], [1.0]]) if below[-1] else np.ones(len(self.edges))
        return DelayDistribution(self.edges, cdf)


@dataclass(frozen=True, eq=False)
class DelayDistribution:
    """Distribution of the delay from exposure to conversion.

    Attributes:
        edges: (B + 1,) seconds, ascending.
        cdf: (B + 1,) share of conversions with a delay of at most the edge; 1 at the last.
    """

    edges: FloatArray
    cdf: FloatArray

    def share(self, ages: ArrayLike) -> FloatArray:
        """Return the shares (n,) of their conversions that exposures of these ages have had.

        Args:
            ages: (n,) seconds from exposure to now.
        """
        age = np.asarray(ages, dtype=np.float64)
        return np.asarray(np.interp(age, self.edges, self.cdf), dtype=np.float64)

    def quantile(self, share: float) -> float:
        """Return the delay, in seconds, within which this share of the conversions comes."""
        place = int(np.searchsorted(self.cdf, share, side="left"))
        if place == 0:
            return float(self.edges[0])
        low, high = self.cdf[place - 1], self.cdf[place]
        part = (share - low) / (high - low)
        return float(self.edges[place - 1] + part * (self.edges[place] - self.edges[place - 1]))

    @property
    def median(self) -> float:
        """Median delay in seconds."""
        return self.quantile(0.5)

    def rate(self, ages: ArrayLike, conversions: float, counts: ArrayLike = 1.0) -> float:
        """Return the expected conversions per exposure once all windows are closed.

        The estimate is conversions so far / sum of shares (Vernade, Cappe and Perchet 2017): each
        exposure counts by the share of its conversions that has come by its age. NaN where that
        sum is 0.

        Args:
            ages: (n,) seconds from exposure to now.
            conversions: number so far, over all exposures.
            counts: (n,) exposures of each age.
        """
        ripe = float((self.share(ages) * np.asarray(counts, dtype=np.float64)).sum())
        return conversions / ripe if ripe > 0.0 else float("nan")

    def predict_remaining(
        self, ages: ArrayLike, conversions: float, counts: ArrayLike = 1.0
    ) -> float:
        """Return the expected number of conversions that these exposures will still have.

        Args:
            ages: (n,) seconds from exposure to now.
            conversions: number so far, over all exposures.
            counts: (n,) exposures of each age.
        """
        rate = self.rate(ages, conversions, counts)
        unripe = float(((1.0 - self.share(ages)) * np.asarray(counts, dtype=np.float64)).sum())
        return rate * unripe if unripe > 0.0 and conversions > 0.0 else 0.0
