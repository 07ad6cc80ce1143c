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
from nudge.domain.care.factors.people_table import Factor, FactorKind, Grouping, PeopleTable

SEGMENTS: Final = ("new", "stable", "warning")
_EARLY: Final = 8
_IDLE: Final = 14
_CITY: Final = 2.0
_SILENT: Final = 0.25
KINDS: Final = ("other operator", "spending falls", "need gone")
SCENES: Final = ("network", "recharge", "service", "bill")


@dataclass(frozen=True, eq=False)
class PlantedWorld:
    """A world and its truth.

    Attributes:
        table: people.
        causes: factors with an effect of their own.
        pair: factors of the planted pair; empty where none is.
        segment: the one in which the causes work; empty for all.
        slope: log odds of one point of each cause that counts as a line.
    """

    table: PeopleTable
    causes: tuple[str, ...] = ()
    pair: tuple[str, ...] = ()
    segment: str = ""
    slope: float = 0.0


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
)
"""Kinds of worlds; those named noise have no cause that a pair or a cut may name wrongly."""


def draw_world(name: str, people: int, rng: np.random.Generator) -> PlantedWorld:
    """Draw a world of a kind.

    Args:
        name: of `NAMES`.
        people: number.
        rng: draws everything.
    """
    factors = _factors(people, rng)
    by_name = {one.name: one.values for one in factors}
    segment = rng.choice(3, size=people, p=(0.3, 0.45, 0.25))
    base = float(rng.uniform(-1.9, -0.9)) - (1.5 if name == "rare noise" else 0.0)
    logit, told = _effect(name, by_name, segment, rng)
    chance = 1.0 / (1.0 + np.exp(-(base + logit - float(np.mean(logit)))))
    left: BoolArray = rng.random(people) < chance
    kinds = np.where(left, rng.choice(3, size=people, p=(0.6, 0.3, 0.1)), -1)
    table = PeopleTable(
        factors,
        left,
        Grouping("segment", segment.astype(np.int64), SEGMENTS),
        Grouping("kind", kinds.astype(np.int64), KINDS),
    )
    return PlantedWorld(table, *told)


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


def _effect(
    name: str, values: dict[str, FloatArray], segment: FloatArray, rng: np.random.Generator
) -> tuple[FloatArray, tuple[object, ...]]:
    """Return each person's log odds, and the truth: causes, pair, segment, slope."""
    size = float(rng.uniform(0.9, 1.1))
    network = np.nan_to_num(values["score_network"], nan=7.5)
    failed, early = values["failed_payments"], values["tenure"] < _EARLY
    both = values["auto_pay"] * values["dual_sim"]
    inside = segment == SEGMENTS.index("warning")
    worlds: dict[str, tuple[FloatArray, tuple[object, ...]]] = {
        # Strong bent effects of single factors: no pair is real.
        "shaped noise": (
            1.5 * early + 0.8 * np.minimum(failed, 2),
            (("tenure", "failed_payments"), (), "", 0.0),
        ),
        "score and count": (
            size * (-0.25 * (network - 7.5) + 0.45 * failed),
            (("score_network", "failed_payments"), (), "", -0.25 * size),
        ),
        "bent number": (
            0.9 * size * (values["idle_days"] > _IDLE),
            (("idle_days",), (), "", 0.0),
        ),
        "pair of flags": (
            1.1 * size * both,
            ((), ("auto_pay", "dual_sim"), "", 0.0),
        ),
        "flag and number": (
            1.4 * size * values["family_plan"] * early,
            ((), ("family_plan", "tenure"), "", 0.0),
        ),
        "one segment": (
            0.9 * size * inside * values["paper_bill"],
            (("paper_bill",), (), "warning", 0.0),
        ),
        "decoys": (
            0.6 * size * values["complaints"],
            (("complaints",), (), "", 0.6 * size),
        ),
        "levels": (
            0.7 * size * (values["city"] == _CITY),
            (("city",), (), "", 0.0),
        ),
    }
    return worlds.get(name, (np.zeros(len(segment)), ((), (), "", 0.0)))
