"""Conditions on a factor, in words that a marketer reads: `tenure up to 6`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from nudge.domain.care.factors.people_table import Factor, FactorKind
from nudge.domain.reports.sentences import Said


class Relation(StrEnum):
    """The relation of a factor's value to that of the condition."""

    IS = "is"
    IS_NOT = "is_not"
    UP_TO = "up_to"
    OVER = "over"
    AT_LEAST = "at_least"


_EN: Final = {
    Relation.IS: "is",
    Relation.IS_NOT: "is not",
    Relation.UP_TO: "up to",
    Relation.OVER: "over",
    Relation.AT_LEAST: "at least",
}
_ZH: Final = {
    Relation.IS: "为",
    Relation.IS_NOT: "不为",
    Relation.UP_TO: "不超过",
    Relation.OVER: "超过",
    Relation.AT_LEAST: "不低于",
}


@dataclass(frozen=True)
class Condition:
    """A condition that people meet or not.

    Attributes:
        factor: name.
        relation: of the value to `value`.
        value: number or level, as it is shown.
    """

    factor: str
    relation: Relation
    value: str

    @property
    def said(self) -> Said:
        """The condition in words."""
        zh = f"{self.factor} {_ZH[self.relation]} {self.value}"
        return {"zh": zh, "en": f"{self.factor} {_EN[self.relation]} {self.value}"}

    @property
    def plain(self) -> dict[str, str]:
        """The condition for JSON."""
        return {"factor": self.factor, "relation": self.relation.value, "value": self.value}


def level_condition(factor: Factor, place: int) -> Condition:
    """Return the condition that a flag or a level is the one at a place."""
    return Condition(factor.name, Relation.IS, factor.levels[place])


def bound_condition(factor: Factor, bound: float, relation: Relation) -> Condition:
    """Return the condition that a number lies on one side of a bound."""
    if factor.kind == FactorKind.NUMBER:
        return Condition(factor.name, relation, number_text(bound))
    return level_condition(factor, int(relation == Relation.OVER))


def number_text(value: float) -> str:
    """Return a number as it is shown: at most four digits that count."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"  # noqa: PLR2004 - without 1e+03
