"""Findings about a campaign: what contacting added, to whom, and whether that can be told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

ALPHA: Final = 0.05
"""Chance that a campaign which helps nobody, and harms nobody, is said to do either."""
LEVEL: Final = 0.95
"""Coverage of intervals; those of a next campaign hold for top fifth and rest together."""
TOP: Final = 0.2
"""Share of people at the top of a ranking."""
FEWEST: Final = 100
"""Fewest people contacted, and held out, of whom anything is told."""


class ContactVerdict(StrEnum):
    """The verdict on a campaign."""

    HELPS_SOME = "helps_some"
    HELPS = "helps"
    NO_DIFFERENCE = "no_difference"
    HARMS = "harms"
    CANNOT_ANSWER = "cannot_answer"


class Obstacle(StrEnum):
    """The reason why a campaign cannot answer."""

    FEW = "few"
    NOT_BY_CHANCE = "not_by_chance"
    NOBODY_BACK = "nobody_back"


@dataclass(frozen=True)
class Increment:
    """The increment of a group: mean outcome of the contacted less that of the held out.

    Attributes:
        people: of the group; of a ranked one, those of the eight tenths by which it is measured.
        value: increment for each person.
        low: lower end of the interval that holds the true increment.
        high: upper end of it.
        next_low: lower end of the interval in which a next campaign of equal size will measure it.
        next_high: upper end of it.
    """

    people: int
    value: float
    low: float
    high: float
    next_low: float
    next_high: float


@dataclass(frozen=True)
class ContactReport:
    """The report of a campaign.

    Attributes:
        people: of the campaign.
        held_out: number of them who were not contacted.
        rate: mean outcome of the contacted.
        held_out_rate: mean outcome of the held out.
        verdict: on the campaign.
        whole: increment of all, which is also that of a random fifth; None where it cannot answer.
        top: increment of the fifth that the ranking puts first.
        rest: increment of the other four fifths.
        fifths: increment of each fifth, the first one first.
        obstacle: why it cannot answer.
        unlike: factors in which contacted and held out differ more than chance allows.
        needed: people of a campaign that would tell an increment of a fifth of the held out's rate.
    """

    people: int
    held_out: int
    rate: float
    held_out_rate: float
    verdict: ContactVerdict
    whole: Increment | None = None
    top: Increment | None = None
    rest: Increment | None = None
    fifths: tuple[Increment, ...] = ()
    obstacle: Obstacle | None = None
    unlike: tuple[str, ...] = ()
    needed: int = 0
