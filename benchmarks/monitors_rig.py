"""Rig of the monitors' benchmark: the monitors of an installation over a world's minutes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from bandits.arrays import AnyArray, FloatArray
from bandits.monitoring import (
    DelayLaw,
    Detector,
    DetectorTerms,
    RateCounts,
    RateDetector,
    Season,
    StepCounts,
    StepResult,
    Usual,
    share_budget,
)
from benchmarks.monitors_world import (
    CHOICE,
    CITIES,
    DAY,
    FAILS,
    METHODS,
    RATE,
    YEAR,
    Minute,
    World,
    calendar_day,
    delay_counts,
)

BINS: Final = 24
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "rate": ("all", *(f"city {i}" for i in range(len(CITIES)))),
    "method": tuple(f"method {i}" for i in range(len(METHODS))),
    "failures": tuple(f"failures of method {i}" for i in range(len(METHODS))),
    "silence": ("visits",),
}
TERMS: Final[Mapping[str, DetectorTerms]] = {
    "rate": DetectorTerms(fall=0.3),
    "method": DetectorTerms(fall=0.3),
    "failures": DetectorTerms(fall=1.0, rise=True, wander=0.3),
    "silence": DetectorTerms(fall=0.5, wander=0.3, drift=0.2),
}
ALONE: Final = 0.5
"""Share of the budget that the stream of all payments has; the others share the rest."""
TAUGHT: Final = 2_000
"""Payments from which the delay law is learned after the first day."""


class Rig:
    """Monitors over W copies of a world, minute after minute.

    Attributes:
        groups: names of the groups of monitors that are on.
    """

    def __init__(self, copies: int, groups: Sequence[str] = tuple(GROUPS)) -> None:
        """Start the monitors before the first minute, from the field notes' figures."""
        self.groups = groups
        self._copies = copies
        self._law = DelayLaw.prior(2.0)
        guesses = {"rate": RATE, "method": RATE / CHOICE, "failures": FAILS, "silence": 25.0}
        self._seasons = {
            g: Season.start(np.full(copies * len(GROUPS[g]), guesses[g])) for g in groups
        }
        self._detectors: dict[str, RateDetector | Detector] = {}
        for g in groups:
            count = copies * len(GROUPS[g])
            if g in ("rate", "method"):
                self._detectors[g] = RateDetector.start(count, self._law, TERMS[g])
            else:
                self._detectors[g] = Detector.start(count, TERMS[g])
        self._limits = self._share()
        self._usual: dict[str, Usual] = {}
        self._day = {g: np.zeros((2, copies * len(GROUPS[g]), BINS)) for g in groups}

    def advance(self, minute: int, seen: Minute) -> dict[str, StepResult]:
        """Return the results by group of a minute."""
        starts_day, place = minute % DAY == 0, minute % DAY // 60
        if starts_day and minute:
            self._learn(minute // DAY - 1)
        results = {}
        for group in self.groups:
            observed, exposed = (one.T.reshape(-1) for one in pick_counts(group, seen))
            if minute % 60 == 0:
                self._usual[group] = self._seasons[group].find_usual(
                    calendar_day(minute // DAY), place
                )
            result = self._step(group, minute, observed, exposed)
            day = self._day[group]
            healthy = ~result.fallen
            day[0, :, place] += observed * healthy
            day[1, :, place] += exposed * healthy
            results[group] = result
        return results

    def learn(self, world: World, days: int) -> None:
        """Teach the seasons quiet days, by the hour and without looking for alarms."""
        for day in range(days):
            for place in range(BINS):
                seen = world.sum_hour(day * DAY + place * 60)
                for group in self.groups:
                    observed, exposed = (one.T.reshape(-1) for one in pick_counts(group, seen))
                    steps = 60.0 if group == "silence" else 1.0
                    self._day[group][:, :, place] = observed, exposed * steps
            self._learn(day)

    def _step(
        self, group: str, minute: int, observed: FloatArray, exposed: FloatArray
    ) -> StepResult:
        """Return the result of a group's minute."""
        detector, usual, limits = self._detectors[group], self._usual[group], self._limits[group]
        first = minute % DAY == 0
        if isinstance(detector, RateDetector):
            counts = RateCounts(exposed, observed)
            self._detectors[group], result = detector.advance(
                minute, counts, usual, self._law, limits, TERMS[group], starts_day=first
            )
        else:
            step = StepCounts(observed, exposed * usual.mean)
            self._detectors[group], result = detector.advance(
                minute, step, usual, limits, TERMS[group], starts_day=first
            )
        return result

    def _learn(self, day: int) -> None:
        """Teach the seasons a day, and after the first one the delay law."""
        for group, (observed, exposed) in self._day.items():
            ones = np.ones(observed.shape)
            self._seasons[group] = self._seasons[group].learn(
                calendar_day(day), observed, exposed, ones
            )
            self._day[group][:] = 0.0
        if day == 0:
            counts = delay_counts(np.random.default_rng(1), TAUGHT)
            self._law = DelayLaw.fit(counts, self._law)

    def _share(self) -> dict[str, FloatArray]:
        """Return the limits of the streams by group, for one false alarm a year of a copy."""
        names = [name for streams in GROUPS.values() for name in streams]
        rest = (1.0 - ALONE) / (len(names) - 1)
        limits = share_budget(1.0, DAY * YEAR, [ALONE if n == "all" else rest for n in names])
        by_name = dict(zip(names, limits, strict=True))
        return {g: np.repeat([by_name[n] for n in GROUPS[g]], self._copies) for g in self.groups}


def pick_counts(group: str, seen: Minute) -> tuple[FloatArray, FloatArray]:
    """Return what a group of monitors observes in a minute, and out of what: (W, streams) each."""
    if group == "rate":
        paid = seen.paid.sum(axis=1, keepdims=True)
        return np.concatenate([paid, seen.paid_cities], axis=1), seen.visits
    if group == "method":
        return seen.paid, seen.choices
    if group == "failures":
        return seen.failed, seen.choices
    return seen.visits[:, :1], np.ones((len(seen.visits), 1))


def split_copies(of_streams: AnyArray, copies: int) -> AnyArray:
    """Return an array (streams, W) of a group's streams by copy."""
    return of_streams.reshape(-1, copies)
