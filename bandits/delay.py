"""How long conversions take, and how many are still to come.

Only conversions that have happened are seen, so quick ones are seen too often: a delay d is
known only where the exposure's age is at least d (right truncation). Read backwards in time this
is a product-limit estimate: of the conversions that took at most j, seen on exposures at least j
old, the share that took exactly j is the reverse hazard g_j, and F(j - 1) = (1 - g_j) F(j)
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
    """Ends of the bins in seconds: 0, then from 1 s by 12 % up to the window.

    Raises:
        ValueError: where the window is not a positive, finite number of seconds.
    """
    if not (np.isfinite(window) and window > 0.0):
        raise ValueError("the window must be a positive number of seconds")
    count = int(np.ceil(np.log10(max(window, 10.0)) * BINS_PER_DECADE))
    inner = 10.0 ** (np.arange(count) / BINS_PER_DECADE)
    return np.concatenate([[0.0], inner[inner < window * (1.0 - 1e-9)], [window]])


@dataclass(frozen=True, eq=False)
class DelayCounts:
    """Counts of conversions as of one moment; parts with the same window add with `+`.

    Attributes:
        window: the attribution window in seconds, the longest delay there is.
        delays: (B,) conversions by the bin of their delay.
        ages: (B,) the same conversions by the last bin that their exposure's age covers.
    """

    window: float
    delays: IntArray
    ages: IntArray

    @classmethod
    def empty(cls, window: float) -> Self:
        """No conversions; ValueError for a window that is no positive number of seconds."""
        bins = len(find_bin_edges(window)) - 1
        return cls(window, np.zeros(bins, dtype=np.int64), np.zeros(bins, dtype=np.int64))

    @cached_property
    def edges(self) -> FloatArray:
        """(B + 1,) seconds."""
        return find_bin_edges(self.window)

    def add(self, delays: ArrayLike, ages: ArrayLike) -> Self:
        """The counts with n more conversions.

        A conversion whose delay falls in a bin that its exposure's age has not yet covered is
        left for later: the bin is only half observed. Delays beyond the window are no
        conversions and are left out.

        Args:
            delays: (n,) seconds from exposure to conversion.
            ages: (n,) seconds from exposure to now; the window or more where matured.
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
        """Both parts' counts.

        Raises:
            ValueError: where the windows differ.
        """
        if self.window != other.window:
            raise ValueError("counts of different windows cannot be added")
        return type(self)(self.window, self.delays + other.delays, self.ages + other.ages)

    def distribution(self) -> "DelayDistribution":
        """The law of the delay, given that there is a conversion within the window.

        Without any conversion all delays are taken for 0: nothing is still to come. Beyond the
        greatest age that was observed nothing is known, and nothing is assumed to happen.
        """
        below = np.cumsum(self.delays)
        at_risk = below - np.concatenate([[0], np.cumsum(self.ages)[:-1]])
        # Half a conversion more at risk: a single old one must not erase all that came before.
        hazard = self.delays / (np.maximum(at_risk, 0) + 0.5)
        stay = (1.0 - hazard)[::-1]
        before = np.cumprod(stay)[::-1]  # F at the lower end of each bin
        cdf = np.concatenate([[0.0], before[1:], [1.0]]) if below[-1] else np.ones(len(self.edges))
        return DelayDistribution(self.edges, cdf)


@dataclass(frozen=True, eq=False)
class DelayDistribution:
    """A distribution of delays.

    Attributes:
        edges: (B + 1,) seconds, ascending.
        cdf: (B + 1,) share of the conversions with a delay of at most the edge; 1 at the last.
    """

    edges: FloatArray
    cdf: FloatArray

    def share(self, ages: ArrayLike) -> FloatArray:
        """The share of its conversions that an exposure of this age (n,) has had by now."""
        age = np.asarray(ages, dtype=np.float64)
        return np.asarray(np.interp(age, self.edges, self.cdf), dtype=np.float64)

    def quantile(self, share: float) -> float:
        """The delay in seconds within which this share of the conversions comes."""
        place = int(np.searchsorted(self.cdf, share, side="left"))
        if place == 0:
            return float(self.edges[0])
        low, high = self.cdf[place - 1], self.cdf[place]
        part = (share - low) / (high - low)
        return float(self.edges[place - 1] + part * (self.edges[place] - self.edges[place - 1]))

    @property
    def median(self) -> float:
        """The median delay in seconds."""
        return self.quantile(0.5)

    def rate(self, ages: ArrayLike, conversions: float, counts: ArrayLike = 1.0) -> float:
        """Conversions per exposure once all windows are closed.

        conversions so far / sum of shares (Vernade, Cappe and Perchet 2017): each exposure
        counts by how much of its window's conversions it can have had.

        Args:
            ages: (n,) seconds from exposure to now.
            conversions: how many there are so far.
            counts: (n,) exposures of each age.
        """
        ripe = float((self.share(ages) * np.asarray(counts, dtype=np.float64)).sum())
        return conversions / ripe if ripe > 0.0 else float("nan")

    def predict_remaining(
        self, ages: ArrayLike, conversions: float, counts: ArrayLike = 1.0
    ) -> float:
        """The expected number of conversions that these exposures will still have.

        Args:
            ages: (n,) seconds from exposure to now.
            conversions: how many they have had so far.
            counts: (n,) exposures of each age.
        """
        rate = self.rate(ages, conversions, counts)
        unripe = float(((1.0 - self.share(ages)) * np.asarray(counts, dtype=np.float64)).sum())
        return rate * unripe if unripe > 0.0 and conversions > 0.0 else 0.0
