"""The law of a weighted sum of payments, where a few of them would carry its variance.

An estimate weighs each payment with one over the propensity of its exposure. Where an arm was
rarely drawn and rarely pays, the variance is that of payments which most logs do not hold: an
interval of so many standard errors then is too wide in most logs, and too narrow in those that hold
one. The sum is a compound Poisson law (Feller 1971, XVII.2) whose jumps are known, since the
propensities are: its quantiles come from the characteristic function by a Fourier transform.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bandits.arrays import FloatArray

HEAVY = 3.0
"""Excess kurtosis from which a law's own quantiles are taken: that of a third of a payment."""
POINTS = 8192
REACH = 64.0
"""Standard deviations on either side of the mean that the transform spans."""
FAR = 32.0
"""Standard deviations from which a payment is left out: fewer than one log in 1,000 has it."""
FINE = 8.0
"""Classes of size for each factor of e."""
LEAST_SPREAD = 0.02
"""Least share of the variance that is spread evenly, so that the law has a density."""


@dataclass(frozen=True, eq=False)
class PaymentLaw:
    """The law of a weighted sum of rewards about its mean.

    Attributes:
        counts: (J,) expected numbers of payments, at least 0.
        sizes: (J,) amounts that one payment adds to the sum, signed.
        variance: of the sum, with what is not of payments.
    """

    counts: FloatArray
    sizes: FloatArray
    variance: float

    def __sub__(self, other: PaymentLaw) -> PaymentLaw:
        """Return the law of the difference of two independent sums."""
        counts = np.concatenate([self.counts, other.counts])
        sizes = np.concatenate([self.sizes, -other.sizes])
        return PaymentLaw(counts, sizes, self.variance + other.variance)

    @property
    def is_heavy(self) -> bool:
        """Whether the excess kurtosis is that of fewer than a third of a payment."""
        if not self.variance > 0.0:
            return False
        return bool((self.counts * self.sizes**4).sum() > HEAVY * self.variance**2)

    def quantiles(self, level: float) -> tuple[float, float]:
        """Return the quantiles between which the sum lies with probability `level`."""
        deviation = float(np.sqrt(self.variance))
        step = 2.0 * REACH / POINTS
        places = (np.arange(POINTS) - POINTS // 2 + 0.5) * step
        tail = (1.0 - level) / 2.0
        low, high = np.interp([tail, 1.0 - tail], self._cumulative, places)
        return float(low) * deviation, float(high) * deviation

    @cached_property
    def _cumulative(self) -> FloatArray:
        """The distribution function (POINTS,) over the span, in standard deviations."""
        counts, sizes = self._classes()
        step = 2.0 * REACH / POINTS
        at = 2.0 * np.pi * np.fft.rfftfreq(POINTS, step)
        rest = max(1.0 - float((counts * sizes**2).sum()), LEAST_SPREAD)
        turned = 1j * sizes[:, None] * at
        # Payments that are too large for the span never come; their mean stays.
        jumps = np.where(np.abs(sizes)[:, None] < FAR, np.exp(turned) - 1.0, 0.0) - turned
        law = np.exp((counts[:, None] * jumps).sum(axis=0) - 0.5 * rest * at**2)
        density = np.fft.fftshift(np.fft.irfft(np.conj(law), POINTS))
        summed = np.cumsum(np.maximum(density, 0.0))
        return np.asarray(summed / summed[-1])

    def _classes(self) -> tuple[FloatArray, FloatArray]:
        """Return expected numbers and sizes of payments by class, in standard deviations."""
        seen = (self.counts > 0.0) & (self.sizes != 0.0)
        counts, sizes = self.counts[seen], self.sizes[seen] / np.sqrt(self.variance)
        size = np.round(np.log(np.abs(sizes)) * FINE).astype(np.int64) * 2 + (sizes > 0.0)
        _, place = np.unique(size, return_inverse=True)
        number = np.bincount(place, counts)
        mean = np.bincount(place, counts * sizes) / number
        square = np.bincount(place, counts * sizes**2) / number
        return np.asarray(number), np.asarray(np.sign(mean) * np.sqrt(square))
