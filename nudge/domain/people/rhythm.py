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
    *((0.0130467357414141, 0.0333356721543441), (0.0674683166555077, 0.0747256745752903)),
    *((0.1602952158504878, 0.1095431812579910), (0.2833023029353764, 0.1346333596549982)),
    *((0.4255628305091844, 0.1477621123573764), (0.5744371694908156, 0.1477621123573764)),
    *((0.7166976970646236, 0.1346333596549982), (0.8397047841495122, 0.1095431812579910)),
    *((0.9325316833444923, 0.0747256745752903), (0.9869532642585859, 0.0333356721543441)),
)
"""Nodes and weights of Gauss and Legendre on (0, 1), ten of them."""
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
        silent = history.silent
        if not silent:
            return 1.0
        gap, scale = self._gap(history.repeats), self.rate_scale + history.span
        begin, pace = self.leaving_scale + history.span, self.regularity * scale / gap.shape
        whole, stays = log1p(silent / pace), gap.log_silence(silent / scale)
        left = 0.0
        for place, weight in _NODES:
            passed = pace * expm1(whole * place)
            now = begin + passed
            height = self.leaving_shape * log((begin + silent) / now) - stays
            height += gap.log_silence(passed / scale)
            left += weight * (pace + passed) / now * exp(min(height, 700.0))
        return 1.0 / (1.0 + self.leaving_shape * whole * left)

    @property
    def half_life(self) -> float:
        """Days after which half of the people have left; infinite where hardly anybody leaves."""
        power = log(2.0) / self.leaving_shape
        return self.leaving_scale * expm1(power) if power < 700.0 else inf  # noqa: PLR2004 - of exp
