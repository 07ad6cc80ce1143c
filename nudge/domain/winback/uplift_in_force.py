"""The uplift in force: what a contact adds for a visitor, as it was fitted to live cases. Pure.

A line ranks, as in a campaign (docs/decisions/0045); what is told of a visitor is what was measured
of all who are ranked so (a fifth), in people whom the ranking had not seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, NamedTuple

from nudge.domain.slots.slot import Scalar
from nudge.domain.winback.contact_effect import ContactVerdict

YES: Final = "yes"
"""Level of a flag; a number that is 0 or 1 in all people is a flag."""
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
    """A term of the line: a number, whether a number is small, or whether a word is a level.

    Attributes:
        name: of the feature.
        weight: of the term.
        level: word whose presence is 1; empty for a number.
        up_to: the number's bound; 1 for numbers up to it; None for the number itself.
        usual: number that is taken where none is known.
    """

    name: str
    weight: float
    level: str = ""
    up_to: float | None = None
    usual: float = 0.0

    def value(self, features: Mapping[str, Scalar]) -> float:
        """Return the term's value for a visitor."""
        found = features.get(self.name)
        if self.level:
            return float(found == self.level or (found == 1 and self.level == YES))
        number = float(found) if isinstance(found, int | float) else None
        if self.up_to is not None:
            return float(number is not None and number <= self.up_to)
        return self.usual if number is None else number


@dataclass(frozen=True)
class GainBand:
    """The people whom the line ranks alike, with the increment that was measured of them.

    Attributes:
        at_least: least value of the line; the last band takes all below.
        low: lower end of the increment's interval of .95.
        high: upper end of it.
    """

    at_least: float
    low: float
    high: float


@dataclass(frozen=True)
class UpliftInForce:
    """The uplift by which the list is ranked.

    Attributes:
        fitted_at: seconds.
        contacted: number of people from whom it was learned, who could be contacted.
        held_out: likewise, who could not.
        verdict: on all of them.
        base: increment where all terms are 0.
        terms: of the line; none where it cannot be told whom a contact helps more.
        bands: the highest first; none where nothing can be told.
    """

    fitted_at: float
    contacted: int
    held_out: int
    verdict: ContactVerdict
    base: float = 0.0
    terms: tuple[UpliftTerm, ...] = ()
    bands: tuple[GainBand, ...] = ()

    def score(self, features: Mapping[str, Scalar]) -> ExpectedGain:
        """Return what a contact is expected to add for a visitor.

        Args:
            features: of `case_features`.
        """
        line = self.base + sum(one.weight * one.value(features) for one in self.terms)
        if not self.bands:
            return ExpectedGain(0.0, 0.0, 0.0)
        band = next((one for one in self.bands if line >= one.at_least), self.bands[-1])
        return ExpectedGain(min(max(line, band.low), band.high), band.low, band.high)

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
            tuple(GainBand(**one) for one in plain["bands"]),
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
