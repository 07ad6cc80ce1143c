"""The rhythm of recharges: who still comes, and when the next recharge is expected. Pure.

The model is Pareto/NBD (Schmittlein, Morrison and Colombo, Management Science 33, 1987) with even
gaps: between two recharges pass `regularity` stages of a person's own rate (Reutterer, Platzer and
Schröder, International Journal of Research in Marketing 38, 2021, have the Erlang gaps). Rates and
times until leaving differ among people by gamma distributions, fitted by a worker. Every sum has
positive terms only, so nothing cancels. Lengths of time are in days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import exp, expm1, inf, log, log1p
from typing import Final, NamedTuple

LEVEL: Final = 0.95
"""Level of the interval of an expected date."""
ONE_SIGMA: Final = 0.8413447460685429
"""Share of a normal distribution below one standard deviation."""
KNOWN_REPEATS: Final = 12
"""Numbers of repeats, from 0, whose quantiles are computed once: the remembered payments."""
LONGEST: Final = 3650.0
"""Most days that a quantile may say: beyond it nothing is expected."""
_NODES: Final = (
    *((0.0198550717512319, 0.0506142681451885), (0.1016667612931866, 0.1111905172266872)),
    *((0.2372337950418355, 0.1568533229389434), (0.4082826787521751, 0.1813418916891808)),
    *((0.5917173212478248, 0.1813418916891808), (0.7627662049581645, 0.1568533229389434)),
    *((0.8983332387068134, 0.1111905172266872), (0.9801449282487681, 0.0506142681451885)),
)
"""Nodes and weights of Gauss and Legendre on (0, 1), eight of them: staying is right to 0.00003."""
MOST_HEIGHT: Final = 700.0
"""Logarithm near which a float ends: the person has left for sure."""
_STEPS: Final = 60
"""Halvings of an interval of logarithms: to the last bits of a quantile."""


class PurchaseHistory(NamedTuple):
    """The purchases of one person as far as the model asks: days with a purchase count once.

    Attributes:
        repeats: days with a purchase, behind the first.
        span: days from the first purchase to the last.
        age: days from the first purchase until now.
    """

    repeats: int
    span: float
    age: float

    @property
    def silent(self) -> float:
        """Days since the last purchase."""
        return max(self.age - self.span, 0.0)


class GapQuantiles(NamedTuple):
    """Quantiles of the gap until the next purchase, as multiples of a person's scale of time.

    Attributes:
        low: of the interval.
        middle: the median.
        late: one standard deviation of a normal distribution behind the median.
        high: of the interval.
    """

    low: float
    middle: float
    late: float
    high: float


class GapLaw:
    """The law of the gap until the next purchase, for who stays, where the scale of time is 1.

    Stages that have passed are a negative binomial distribution: fewer than `regularity` of them
    mean that there was no purchase.

    Attributes:
        shape: of the distribution of a person's rate.
    """

    def __init__(self, shape: float, regularity: int) -> None:
        self.shape = shape
        terms = [1.0]
        for stage in range(1, regularity):
            terms.append(terms[-1] * (shape + stage - 1.0) / stage)
        self._terms = terms[::-1]

    @cached_property
    def quantiles(self) -> GapQuantiles:
        """Quantiles of the gap."""
        tail = (1.0 - LEVEL) / 2.0
        return GapQuantiles(*map(self._quantile, (tail, 0.5, ONE_SIGMA, 1.0 - tail)))

    def log_silence(self, passed: float) -> float:
        """Return the log of the probability that there is no purchase for so long."""
        share, total = passed / (1.0 + passed), 0.0
        for term in self._terms:
            total = total * share + term
        return log(total) - self.shape * log1p(passed)

    def left_over_stayed(self, begin: float, silent: float, power: float) -> float:
        """Return how much more probable it is that the person left in silence than that not.

        The moment of leaving is integrated on a logarithmic scale of the person's own gaps. Written
        as one loop, since each decision about a visitor asks it.

        Args:
            begin: scale of the time of leaving, at the last purchase.
            silent: since then.
            power: shape of the time of leaving.
        """
        pace, shape, terms = len(self._terms) / self.shape, self.shape, self._terms
        whole, until, left = log1p(silent / pace), begin + silent, 0.0
        beyond = power * log(until) - self.log_silence(silent)
        for place, weight in _NODES:
            grown = exp(whole * place)
            passed = pace * (grown - 1.0)
            share, total, now = passed / (1.0 + passed), 0.0, begin + passed
            for term in terms:
                total = total * share + term
            height = beyond + log(total) - shape * log1p(passed) - power * log(now)
            left += weight * grown / now * exp(min(MOST_HEIGHT, height))
        return power * whole * pace * left

    def _quantile(self, share: float) -> float:
        low, high, wanted = -50.0, 50.0, log1p(-share)
        for _ in range(_STEPS):
            middle = (low + high) / 2.0
            if self.log_silence(exp(middle)) > wanted:
                low = middle
            else:
                high = middle
        return exp((low + high) / 2.0)


@dataclass(frozen=True)
class Rhythm:
    """The rhythm of a crowd: parameters of the model, as a worker fitted them.

    Attributes:
        regularity: stages between two purchases: 1 is chance, more are more even.
        rate_shape: shape of the gamma distribution of people's rates, of stages a day.
        rate_scale: its rate, days.
        leaving_shape: shape of the gamma distribution of people's rates of leaving.
        leaving_scale: its rate, days.
        people: from whom it was fitted.
        repeats: purchases behind the first, of those.
        until: last day of the purchases, ISO 8601.
        log_likelihood: of the purchases.
    """

    regularity: int
    rate_shape: float
    rate_scale: float
    leaving_shape: float
    leaving_scale: float
    people: int
    repeats: int
    until: str
    log_likelihood: float

    @cached_property
    def _gaps(self) -> Sequence[GapLaw]:
        """Laws of the next gap by number of repeats."""
        return tuple(self._make_gap(repeats) for repeats in range(KNOWN_REPEATS))

    def _make_gap(self, repeats: int) -> GapLaw:
        return GapLaw(self.rate_shape + self.regularity * repeats, self.regularity)

    def _gap(self, repeats: int) -> GapLaw:
        return self._gaps[repeats] if repeats < KNOWN_REPEATS else self._make_gap(repeats)

    def next_gap(self, history: PurchaseHistory) -> GapQuantiles:
        """Return the quantiles of the days from the last purchase to the next.

        They hold for who stays, and do not move while the person is silent.
        """
        scale = self.rate_scale + history.span
        factors = self._gap(history.repeats).quantiles
        return GapQuantiles(*(min(scale * one, LONGEST) for one in factors))

    def alive(self, history: PurchaseHistory) -> float:
        """Return the probability that a person has not left.

        It falls while the person is silent, faster for who came more often.
        """
        if not history.silent:
            return 1.0
        gap, scale = self._gap(history.repeats), self.rate_scale + history.span
        begin, silent = (self.leaving_scale + history.span) / scale, history.silent / scale
        return 1.0 / (1.0 + gap.left_over_stayed(begin, silent, self.leaving_shape))

    @property
    def half_life(self) -> float:
        """Days after which half of the people have left; infinite where hardly anybody leaves."""
        power = log(2.0) / self.leaving_shape
        return self.leaving_scale * expm1(power) if power < MOST_HEIGHT else inf
