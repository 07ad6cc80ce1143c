"""Sums over sends from which rates and intervals are made. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple


class SendSums(NamedTuple):
    """Sums over the matured sends of a group, of which each person is one cluster.

    A send weighs 1 / e, where e is the logged propensity of its window. W is the sum of a person's
    weights, H that of the weights of their sends that converted.

    Attributes:
        exposures: sends.
        people: persons.
        conversions: sends that converted.
        weight: sum of W.
        hits: sum of H.
        square: sum of W^2.
        cross: sum of W H.
        hit_square: sum of H^2.
    """

    exposures: int = 0
    people: int = 0
    conversions: int = 0
    weight: float = 0.0
    hits: float = 0.0
    square: float = 0.0
    cross: float = 0.0
    hit_square: float = 0.0


NOTHING: Final = SendSums()


@dataclass(frozen=True)
class SendEffects:
    """The sums of all sends that a question is about.

    Attributes:
        cells: (day, hour) -> sums; the day as the question counts it.
        days: day -> sums.
        hours: hour of the day -> sums.
        total: over all of them.
        waiting: sends whose window is still open.
        undated: matured sends for which no recharge was expected; 0 where nobody asks.
        outside: matured sends whose day is not told.
        sampled: of many people a part was taken, by chance.
    """

    cells: dict[tuple[int, int], SendSums]
    days: dict[int, SendSums]
    hours: dict[int, SendSums]
    total: SendSums
    waiting: int = 0
    undated: int = 0
    outside: int = 0
    sampled: bool = False
