"""Steps of the closed loop: how many cases came so far, the time it took, and the cost. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from bandits.arrays import BoolArray, FloatArray
from bandits.inference.interval import Estimate
from bandits.inference.tables.like_groups import standardised_mean
from bandits.units import HOUR
from nudge.domain.loop.loop_cases import LoopCases
from nudge.domain.reports.report_time import FEWEST


class LoopStep(StrEnum):
    """A step of the closed loop."""

    FOUND = "found"
    ASSIGNED = "assigned"
    CONTACTED = "contacted"
    REACHED = "reached"
    GRANTED = "granted"
    SAID = "said"
    KEPT = "kept"


BEFORE: Final = {
    LoopStep.ASSIGNED: LoopStep.FOUND,
    LoopStep.CONTACTED: LoopStep.ASSIGNED,
    LoopStep.REACHED: LoopStep.CONTACTED,
    LoopStep.GRANTED: LoopStep.REACHED,
    LoopStep.SAID: LoopStep.REACHED,
    LoopStep.KEPT: LoopStep.REACHED,
}
"""Step -> the step that it is a share of."""


@dataclass(frozen=True)
class StepFigures:
    """The figures of a step.

    Attributes:
        step: that is meant.
        cases: that came to it.
        of: cases that came to the step before, and of which it is known whether they go on.
        share: of these that came to it, with the interval; None where too few people tell it.
        since_before: median seconds from the step before; None where no case tells it.
        since_opening: median seconds from the opening; the same.
        cost: yuan of the step; of `kept` what was paid is no cost.
    """

    step: LoopStep
    cases: int
    of: int
    share: Estimate | None
    since_before: float | None
    since_opening: float | None
    cost: float


@dataclass(frozen=True)
class LoopMoney:
    """The costs of cases and what they brought, in yuan.

    Attributes:
        contacts: number of them.
        contact_cost: of contacts.
        time_cost: of agents' time.
        grant_cost: of measures.
        revenue: paid by those who were kept, within the horizon.
    """

    contacts: int
    contact_cost: float
    time_cost: float
    grant_cost: float
    revenue: float

    @property
    def cost(self) -> float:
        """The costs in all."""
        return self.contact_cost + self.time_cost + self.grant_cost


def loop_money(cases: LoopCases, hour_cost: float) -> LoopMoney:
    """Return what cases cost and brought.

    Args:
        cases: that nobody held out.
        hour_cost: yuan of an agent's hour.
    """
    return LoopMoney(
        int(cases.contacts.sum()),
        float(cases.contact_cost.sum()),
        float(cases.talk_seconds.sum()) / HOUR * hour_cost,
        float(cases.grant_cost.sum()),
        float(cases.revenue.sum()),
    )


def loop_steps(cases: LoopCases, mature: BoolArray, money: LoopMoney) -> list[StepFigures]:
    """Return the figures of all steps, in order.

    Args:
        cases: that nobody held out.
        mature: (n,) cases whose horizon is over; only of them is it known who was not kept.
        money: of the cases.
    """
    times = {step: step_times(cases, step) for step in LoopStep}
    costs = {
        LoopStep.CONTACTED: money.contact_cost,
        LoopStep.REACHED: money.time_cost,
        LoopStep.GRANTED: money.grant_cost,
    }
    found = []
    for step in LoopStep:
        before = BEFORE.get(step)
        own = times[step]
        came = ~np.isnan(own)
        base = np.ones(len(cases), dtype=np.bool_) if before is None else ~np.isnan(times[before])
        base = base & mature if step is LoopStep.KEPT else base
        found.append(
            StepFigures(
                step,
                int(came.sum()),
                int(base.sum()),
                None if before is None else _share(cases, came, base),
                None if before is None else _median(own - times[before]),
                _median(own - cases.opened),
                costs.get(step, 0.0),
            )
        )
    return found


def step_times(cases: LoopCases, step: LoopStep) -> FloatArray:
    """Return when each case came to a step (n,); NaN where it did not."""
    return {
        LoopStep.FOUND: cases.opened,
        LoopStep.ASSIGNED: cases.assigned,
        LoopStep.CONTACTED: cases.contacted,
        LoopStep.REACHED: cases.reached,
        LoopStep.GRANTED: cases.granted,
        LoopStep.SAID: cases.said,
        LoopStep.KEPT: cases.paid,
    }[step]


def _share(cases: LoopCases, came: BoolArray, base: BoolArray) -> Estimate | None:
    people = cases.visitor[base]
    if len(np.unique(people)) < FEWEST:
        return None
    strata = np.zeros(len(people), dtype=np.int64)
    found = standardised_mean(came[base].astype(np.float64), strata, people, np.ones(1))
    return found.estimate()


def _median(spans: FloatArray) -> float | None:
    known = spans[~np.isnan(spans)]
    return float(np.median(np.maximum(known, 0.0))) if len(known) else None
