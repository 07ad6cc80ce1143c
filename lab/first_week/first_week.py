"""The what-if of a first week: a log becomes worlds, and in each of them a week is played."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from lab.first_week.own_rule import OwnRule
from lab.first_week.support import LogSupport
from lab.first_week.week import play_week
from lab.first_week.week_figures import WeekFigures, week_figures
from lab.first_week.week_log import WeekLog
from lab.first_week.week_terms import WeekTerms
from lab.first_week.worlds import draw_worlds
from nudge.domain.slots.slot import Slot, SlotMode

GUESSED = 0.5
"""Share of the visitors with extrapolated variants from which on there is no answer."""


@dataclass(frozen=True)
class FirstWeek:
    """The answer: what the first week of a slot would cost and bring.

    Attributes:
        log: counts of the log.
        support: what the log can tell.
        rule: operator's own.
        terms: length and number of visitors.
        runs: number of worlds.
        why: reason for which there is no answer; None where there is one.
        figures: None where there is no answer.
    """

    log: WeekLog
    support: LogSupport
    rule: OwnRule
    terms: WeekTerms
    runs: int
    why: str | None
    figures: WeekFigures | None

    @property
    def unit(self) -> str:
        """The unit of all worths: `conversions` or `yuan`."""
        return "yuan" if self.log.slot.terms.objective == "revenue" else "conversions"

    @property
    def propensities(self) -> str:
        """The source of the logged policy: `known`, `partly` known, or `estimated` by cell."""
        if self.log.known == self.log.visitors:
            return "known"
        return "partly" if self.log.known else "estimated"


def serve_slot(slot: Slot) -> Slot:
    """Return the slot as it is once it is live, whatever its mode is now."""
    return replace(slot, mode=SlotMode.LIVE)


def play_first_week(
    log: WeekLog,
    terms: WeekTerms,
    runs: int,
    seed: int,
    look: Callable[[int], object] = lambda _: None,
) -> FirstWeek:
    """Play the first week in worlds that the log allows, or say why it cannot be told.

    Args:
        log: counts of the log.
        terms: length and number of visitors.
        runs: number of worlds, a run in each.
        seed: determines the answer, together with the rest.
        look: is called with the number of visitors after each batch.
    """
    support, rule = LogSupport(log), OwnRule(log.slot)
    why, figures = support.why, None
    if why is None:
        worlds = draw_worlds(log, support.known, runs, seed)
        seeds = np.random.SeedSequence(seed).generate_state(runs).tolist()
        played = [
            play_week(log, support.known, world, terms, one, look)
            for world, one in zip(worlds, seeds, strict=True)
        ]
        figures = week_figures(played, terms, log.slot.names)
        if figures.guessed > GUESSED:
            why, figures = "mostly_extrapolated", None
    return FirstWeek(log, support, rule, terms, runs, why, figures)
