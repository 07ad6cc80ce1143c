"""Effects on leaving that the worlds of the benchmark of factors plant, each with its truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from bandits.arrays import BoolArray, FloatArray

_EARLY: Final = 8
_IDLE: Final = 14
_CITY: Final = 2.0
_WEB: Final = 1.0
_MEAN_SCORE: Final = 7.5


@dataclass(frozen=True, eq=False)
class PlantedEffect:
    """An effect on leaving, and what has to be named.

    Attributes:
        logit: (n,) log odds of leaving that it adds.
        causes: factors with an effect of their own.
        pair: factors of the planted pair; empty where none is.
        in_segment: it works in one segment alone.
        slope: log odds of one point of the first cause, where that counts as a line.
    """

    logit: FloatArray
    causes: tuple[str, ...] = ()
    pair: tuple[str, ...] = ()
    in_segment: bool = False
    slope: float = 0.0


def planted_effect(
    name: str, values: Mapping[str, FloatArray], inside: BoolArray, size: float
) -> PlantedEffect:
    """Return the effect of a kind of world.

    Args:
        name: of the kind.
        values: factor -> value of each person.
        inside: (n,) who is in the segment in which an effect may work.
        size: of the effect, about 1.
    """
    network = np.nan_to_num(values["score_network"], nan=_MEAN_SCORE) - _MEAN_SCORE
    failed, early = values["failed_payments"], values["tenure"] < _EARLY
    both = values["auto_pay"] * values["dual_sim"]
    idle = values["idle_days"] > _IDLE
    line = ("score_network", "failed_payments")
    worlds: dict[str, PlantedEffect] = {
        # Strong bent effects of single factors: no pair is real.
        "shaped noise": PlantedEffect(
            1.5 * early + 0.8 * np.minimum(failed, 2), ("tenure", "failed_payments")
        ),
        "score and count": PlantedEffect(
            size * (-0.25 * network + 0.45 * failed), line, slope=-0.25 * size
        ),
        "bent number": PlantedEffect(0.9 * size * idle, ("idle_days",)),
        "pair of flags": PlantedEffect(1.1 * size * both, pair=("auto_pay", "dual_sim")),
        "flag and number": PlantedEffect(
            1.4 * size * values["family_plan"] * early, pair=("family_plan", "tenure")
        ),
        "one segment": PlantedEffect(
            0.9 * size * inside * values["paper_bill"], ("paper_bill",), in_segment=True
        ),
        "decoys": PlantedEffect(
            0.6 * size * values["complaints"], ("complaints",), slope=0.6 * size
        ),
        "levels": PlantedEffect(0.7 * size * (values["city"] == _CITY), ("city",)),
        "rare cause": PlantedEffect(1.6 * size * values["roaming"], ("roaming",)),
        "correlated causes": PlantedEffect(
            size * (0.45 * failed + 0.5 * values["complaints"] - 0.15 * network),
            ("failed_payments", "complaints", "score_network"),
        ),
        "three levels": PlantedEffect(0.7 * size * (values["channel"] == _WEB), ("channel",)),
        "unknown values": PlantedEffect(
            size * (-0.3 * network + 0.5 * failed), line, slope=-0.3 * size
        ),
        "two numbers": PlantedEffect(1.5 * size * early * idle, pair=("tenure", "idle_days")),
        "800 people": PlantedEffect(
            size * (-0.5 * network + 0.9 * failed), line, slope=-0.5 * size
        ),
    }
    return worlds.get(name, PlantedEffect(np.zeros(len(inside))))
