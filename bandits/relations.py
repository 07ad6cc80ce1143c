"""Relations between a numeric attribute of the arms and a context attribute.

An offered amount says little by itself and much beside the amount that the visitor paid last: arms
share what is learned of the distance between the two. For each pair of a numeric attribute of the
arms and a context attribute whose cells are numbers, the arms' distinct values are sorted, each
level of the context gets the place of the nearest value, and an arm's offset is the number of
places between. Offsets count places, not yuan: 30 -> 50 and 100 -> 300 are both the next step, as
in log(amount / last_amount) where amounts grow by factors.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bandits.arrays import IntArray
from bandits.config import Arm, AttributeSpec
from bandits.config_values import text_of

NOWHERE = -(10**6)  # offset of a level or an arm without a place in the relation
MOST_RELATIONS = 4


@dataclass(frozen=True, eq=False)
class Relation:
    """Relation of the arms to the levels of one context attribute.

    Attributes:
        arm_attribute: name of the arms' attribute, such as `amount`.
        context: index of the context attribute.
        offsets: (levels, K) places from the level up to the arm; NOWHERE where either has none.
    """

    arm_attribute: str
    context: int
    offsets: IntArray

    @property
    def defined(self) -> IntArray:
        """Indicator (levels,): 1 for levels that have a place among the arms, else 0."""
        some: IntArray = (self.offsets != NOWHERE).any(axis=1).astype(np.int64)
        return some


def find_relations(
    arms: Sequence[Arm], context: Sequence[AttributeSpec], sizes: Sequence[int]
) -> tuple[Relation, ...]:
    """Return the relations of a slot, at most MOST_RELATIONS, in the configured order."""
    names = dict.fromkeys(name for arm in arms for name in arm.attributes)
    found = [
        relation
        for place, attribute in enumerate(context)
        if sizes[place] > 1
        for name in names
        if (relation := _relation(name, place, arms, attribute, sizes[place])) is not None
    ]
    return tuple(found[:MOST_RELATIONS])


def _relation(
    name: str, place: int, arms: Sequence[Arm], attribute: AttributeSpec, size: int
) -> Relation | None:
    values = [_number(arm.attributes.get(name)) for arm in arms]
    ladder = sorted({value for value in values if math.isfinite(value)})
    anchors = [_place(value, ladder) for value in level_values(attribute, size, ladder)]
    if len({anchor for anchor in anchors if anchor is not None}) < 2:  # noqa: PLR2004 - one place tells no levels apart
        return None
    offsets = np.full((size, len(arms)), NOWHERE, dtype=np.int64)
    for level, anchor in enumerate(anchors):
        for arm, value in enumerate(values):
            if anchor is not None and math.isfinite(value):
                offsets[level, arm] = ladder.index(value) - anchor
    return Relation(name, place, offsets)


def level_values(
    attribute: AttributeSpec, size: int, ladder: Sequence[float]
) -> list[float | None]:
    """Return the number that each level stands for; None for "not known" and for other texts.

    A level of a number stands for its lower cut point, because amounts are round and are given as
    cut points. The level below the first cut point has None where no arm lies there.

    Args:
        attribute: the context attribute.
        size: number of its levels.
        ladder: the arms' distinct values, ascending.
    """
    if attribute.kind == "flag" or not ladder:
        return [None] * size
    if attribute.kind == "category":
        values: list[float | None] = [_parsed(str(cell)) for cell in attribute.cells]
        return [None, *(v if v is not None and (v > 0 or ladder[0] <= 0) else None for v in values)]
    cuts = [float(cell) for cell in attribute.cells]
    below = ladder[0] if ladder[0] < cuts[0] else None
    return [None, below, *cuts]


def _place(value: float | None, ladder: Sequence[float]) -> int | None:
    """Return the place of the nearest value of a ladder, by ratio where all are positive."""
    if value is None or not ladder:
        return None
    if ladder[0] > 0 and value > 0:
        return min(range(len(ladder)), key=lambda i: abs(math.log(ladder[i]) - math.log(value)))
    return min(range(len(ladder)), key=lambda i: abs(ladder[i] - value))


def _number(value: object) -> float:
    if isinstance(value, bool) or value is None:
        return math.nan
    parsed = _parsed(text_of(value) or "")
    return math.nan if parsed is None else parsed


def _parsed(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
