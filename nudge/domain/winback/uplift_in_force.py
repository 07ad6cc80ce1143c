"""The uplift in force: what a contact adds for a visitor, as it was fitted to live cases. Pure.

It is a line, like the ranking of a campaign (docs/decisions/0045): its increment has an interval,
by which a row says whether a difference can be told at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any, Final, NamedTuple

from nudge.domain.slots.slot import Scalar
from nudge.domain.winback.contact_effect import ContactVerdict

NORMAL: Final = 1.959963984540054
"""Quantile of the normal distribution of a two-sided interval of .95."""
MOST_TERMS: Final = 200
Words = dict[str, str]
TOO_FEW: Final[Words] = {
    "zh": "联系过的人还太少，看不出联系是否有用。",
    "en": "Too few were contacted to tell what a contact adds.",
}
_SAME: Final[Words] = {
    "zh": "联系与不联系看不出差别。",
    "en": "No difference can be told between who is contacted and who is not.",
}
_ADDS: Final[Words] = {
    "zh": "联系后每百人多回来 {gain} 人（{low} 至 {high}）。",
    "en": "Of a hundred such visitors {gain} more come back if contacted ({low} to {high}).",
}
_HARMS: Final[Words] = {
    "zh": "联系后每百人反而少回来 {loss} 人（{low} 至 {high}）。",
    "en": "Of a hundred such visitors {loss} fewer come back if contacted ({low} to {high}).",
}


class ExpectedGain(NamedTuple):
    """The expected increment of a contact: the share of such visitors who come back because of it.

    Attributes:
        gain: expected.
        low: lower end of the interval of .95.
        high: upper end of it.
    """

    gain: float
    low: float
    high: float

    @property
    def is_told(self) -> bool:
        """Whether a difference can be told: the interval leaves 0 out."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class UpliftTerm:
    """A term of the line: a number, or whether a feature has a level.

    Attributes:
        name: of the feature.
        level: value whose presence is 1; empty for a number.
        center: taken from a number; one that is not known is at the center.
        scale: by which the rest is divided.
        weight: of the term.
    """

    name: str
    level: str = ""
    center: float = 0.0
    scale: float = 1.0
    weight: float = 0.0

    def value(self, features: Mapping[str, Scalar]) -> float:
        """Return the term's value for a visitor."""
        found = features.get(self.name)
        if self.level:
            return float(found is not None and str(found) == self.level)
        if not isinstance(found, int | float):
            return 0.0
        return (float(found) - self.center) / self.scale


@dataclass(frozen=True)
class UpliftInForce:
    """The uplift by which the list is ranked.

    Attributes:
        fitted_at: seconds.
        contacted: number of people from whom it was learned.
        held_out: likewise, who were not contacted.
        verdict: on all of them.
        base: increment where all terms are 0.
        terms: of the line.
        covariance: of base and weights, row by row, in this order.
    """

    fitted_at: float
    contacted: int
    held_out: int
    verdict: ContactVerdict
    base: float
    terms: tuple[UpliftTerm, ...] = ()
    covariance: tuple[tuple[float, ...], ...] = ()

    def score(self, features: Mapping[str, Scalar]) -> ExpectedGain:
        """Return what a contact is expected to add for a visitor.

        Args:
            features: facts of the case and attributes of the visitor, by name.
        """
        row = (1.0, *(one.value(features) for one in self.terms))
        weights = (self.base, *(one.weight for one in self.terms))
        gain = sum(x * w for x, w in zip(row, weights, strict=True))
        pairs = zip(row, self.covariance, strict=False)
        spread = sum(x * sum(c * y for c, y in zip(cs, row, strict=False)) for x, cs in pairs)
        wide = NORMAL * sqrt(max(spread, 0.0))
        return ExpectedGain(gain, gain - wide, gain + wide)

    @property
    def plain(self) -> dict[str, Any]:
        """The uplift as JSON."""
        return asdict(self) | {"verdict": self.verdict.value}

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> UpliftInForce:
        """Read an uplift from its `plain` form."""
        return cls(
            float(plain["fitted_at"]),
            int(plain["contacted"]),
            int(plain["held_out"]),
            ContactVerdict(plain["verdict"]),
            float(plain["base"]),
            tuple(UpliftTerm(**one) for one in plain["terms"]),
            tuple(tuple(map(float, row)) for row in plain["covariance"]),
        )


def expected_gain(
    uplift: UpliftInForce | None, features: Mapping[str, Scalar]
) -> ExpectedGain | None:
    """Return what a contact adds for a visitor; None where that cannot be told of anybody."""
    if uplift is None or uplift.verdict is ContactVerdict.CANNOT_ANSWER:
        return None
    return uplift.score(features)


def gain_words(gain: ExpectedGain | None) -> Words:
    """Return in words, by language, what a contact adds."""
    if gain is None:
        return dict(TOO_FEW)
    if not gain.is_told:
        return dict(_SAME)
    low, high = (f"{100 * x:+.1f}" for x in gain[1:])
    words = _ADDS if gain.gain > 0 else _HARMS
    amount = f"{100 * abs(gain.gain):.1f}"
    told = {"gain": amount, "loss": amount, "low": low, "high": high}
    return {language: text.format(**told) for language, text in words.items()}
