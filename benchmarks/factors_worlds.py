"""Worlds with planted causes of leaving, and worlds of pure noise, for the benchmark of factors.

Scores of scenes and behaviours of a recharge channel. All worlds share a correlated base: people
with many failed payments complain more and give lower scores, so that columns without an effect of
their own (decoys) resemble those that have one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from bandits.arrays import BoolArray, FloatArray
from benchmarks.factors_effects import PlantedEffect, planted_effect
from nudge.domain.care.factors.people_table import Factor, FactorKind, Grouping, PeopleTable

SEGMENTS: Final = ("new", "stable", "warning")
INSIDE: Final = "warning"
"""The segment in which an effect of one segment works."""
_SILENT: Final = 0.25
_ROAMS: Final = 0.03
_HIDDEN: Final = 0.4
SMALL: Final = 800
KINDS: Final = ("other operator", "spending falls", "need gone")
SCENES: Final = ("network", "recharge", "service", "bill")


@dataclass(frozen=True, eq=False)
class PlantedWorld:
    """A world and its truth.

    Attributes:
        table: people.
        planted: the effect on leaving.
    """

    table: PeopleTable
    planted: PlantedEffect

    @property
    def segment(self) -> str:
        """The segment in which the causes work; empty for all."""
        return INSIDE if self.planted.in_segment else ""


NAMES: Final = (
    "noise",
    "rare noise",
    "shaped noise",
    "score and count",
    "bent number",
    "pair of flags",
    "flag and number",
    "one segment",
    "decoys",
    "levels",
    "rare cause",
    "correlated causes",
    "three levels",
    "unknown values",
    "two numbers",
    "800 people",
)
"""Kinds of worlds; those named noise have no cause that a pair or a cut may name wrongly."""


def draw_world(name: str, people: int, rng: np.random.Generator) -> PlantedWorld:
    """Draw a world of a kind.

    Args:
        name: of `NAMES`.
        people: number.
        rng: draws everything.
    """
    people = SMALL if name == "800 people" else people
    factors = _factors(people, rng)
    by_name = {one.name: one.values for one in factors}
    segment = rng.choice(3, size=people, p=(0.3, 0.45, 0.25))
    base = float(rng.uniform(-1.9, -0.9)) - (1.5 if name == "rare noise" else 0.0)
    size = float(rng.uniform(0.9, 1.1))
    planted = planted_effect(name, by_name, segment == SEGMENTS.index(INSIDE), size)
    chance = 1.0 / (1.0 + np.exp(-(base + planted.logit - float(np.mean(planted.logit)))))
    left: BoolArray = rng.random(people) < chance
    kinds = np.where(left, rng.choice(3, size=people, p=(0.6, 0.3, 0.1)), -1)
    if name == "unknown values":
        factors = tuple(_partly_hidden(one, rng) for one in factors)
    table = PeopleTable(
        factors,
        left,
        Grouping("segment", segment.astype(np.int64), SEGMENTS),
        Grouping("kind", kinds.astype(np.int64), KINDS),
    )
    return PlantedWorld(table, planted)


def _partly_hidden(factor: Factor, rng: np.random.Generator) -> Factor:
    """Hide values of a number, high ones twice as often as low ones."""
    if factor.kind != FactorKind.NUMBER:
        return factor
    high = factor.values > np.nanmedian(factor.values)
    hidden = rng.random(len(high)) < np.where(high, _HIDDEN, _HIDDEN / 2.0)
    return Factor(factor.name, factor.kind, np.where(hidden, np.nan, factor.values))


def _factors(people: int, rng: np.random.Generator) -> tuple[Factor, ...]:
    """Draw four scores, counts, flags, amounts and levels, correlated by a hidden mood."""
    mood = rng.normal(size=people)
    found = []
    for scene in SCENES:
        score = np.clip(np.round(7.5 - 1.2 * mood + 1.8 * rng.normal(size=people)), 1, 10)
        score[rng.random(people) < _SILENT] = np.nan
        found.append(Factor(f"score_{scene}", FactorKind.NUMBER, score))
    failed = rng.poisson(np.exp(-0.9 + 0.5 * mood)).astype(np.float64)
    complaints = rng.poisson(np.exp(-1.5 + 0.6 * mood)).astype(np.float64)
    tenure = np.floor(rng.exponential(24.0, people)).clip(0, 120)
    amount = np.round(np.exp(rng.normal(4.0, 0.6, people)), 2)
    numbers = {
        "failed_payments": failed,
        "complaints": complaints,
        "tenure": tenure,
        "amount": amount,
        "amount_paid_in_all": np.round(amount * (1.0 + tenure) * rng.uniform(0.8, 1.2, people), 2),
        "idle_days": np.floor(rng.gamma(1.5, 6.0, people)),
    }
    found += [Factor(name, FactorKind.NUMBER, values) for name, values in numbers.items()]
    flags = {"auto_pay": 0.4, "family_plan": 0.3, "dual_sim": 0.35, "paper_bill": 0.5}
    for name, share in flags.items():
        yes = mood * rng.uniform(-0.6, 0.6) + rng.normal(size=people) < _quantile(share)
        found.append(Factor(name, FactorKind.FLAG, yes.astype(np.float64), ("no", "yes")))
    roams = (rng.random(people) < _ROAMS).astype(np.float64)
    found.append(Factor("roaming", FactorKind.FLAG, roams, ("no", "yes")))
    for name, levels in (("channel", ("app", "web", "wap")), ("city", tuple("ABCDEF"))):
        codes = rng.choice(len(levels), size=people, p=_shares(len(levels)))
        found.append(Factor(name, FactorKind.LEVELS, codes.astype(np.float64), levels))
    noise = (rng.normal(size=people) for _ in range(4))
    found += [Factor(f"usage_{n}", FactorKind.NUMBER, v) for n, v in enumerate(noise, 1)]
    return tuple(found)


def _quantile(share: float) -> float:
    return {0.3: -0.524, 0.35: -0.385, 0.4: -0.253, 0.5: 0.0}[share]


def _shares(levels: int) -> FloatArray:
    weights = 0.75 ** np.arange(levels)
    return weights / weights.sum()
