"""Rig of the monitors' benchmark: the monitors of an installation over a world's minutes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Final

import numpy as np

from bandits.arrays import AnyArray, BoolArray, FloatArray
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
from nudge.domain.alarms.monitors import Monitor, WatchKind
from nudge.flows.alarms.monitor_watch import terms_of

BINS: Final = 24
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "rate": ("all", *(f"city {i}" for i in range(len(CITIES)))),
    "method": tuple(f"method {i}" for i in range(len(METHODS))),
    "failures": tuple(f"failures of method {i}" for i in range(len(METHODS))),
    "silence": ("visits",),
}
TERMS: Final[Mapping[str, DetectorTerms]] = {
    "rate": terms_of(Monitor("conversion", WatchKind.RATE, change=0.3)),
    "method": terms_of(Monitor("payment", WatchKind.RATE, change=0.3)),
    "failures": terms_of(Monitor("failures", WatchKind.FAILURES, change=1.0)),
    "silence": terms_of(Monitor("payments", WatchKind.SILENCE, change=0.5)),
}
"""Terms of the shipped monitors."""
RATED: Final = ("rate", "method")
"""Groups of rates: their terms are equal."""
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
        self._law, self._taught = DelayLaw.prior(2.0), False
        guesses = {"rate": RATE, "method": RATE / CHOICE, "failures": FAILS, "silence": 25.0}
        sizes = {g: copies * len(GROUPS[g]) for g in groups}
        self._seasons = {g: Season.start(np.full(sizes[g], guesses[g])) for g in groups}
        self._batches = batch_groups(groups)
        self._detectors: dict[tuple[str, ...], RateDetector | Detector] = {}
        for batch in self._batches:
            count, terms = sum(sizes[g] for g in batch), TERMS[batch[0]]
            self._detectors[batch] = (
                RateDetector.start(count, self._law, terms)
                if batch[0] in RATED
                else Detector.start(count, terms)
            )
        self._limits = self._share()
        self._usual: dict[tuple[str, ...], Usual] = {}
        self._day = {g: np.zeros((2, sizes[g], BINS)) for g in groups}

    def advance(self, minute: int, seen: Minute) -> dict[str, StepResult]:
        """Return the results by group of a minute."""
        starts_day, place = minute % DAY == 0, minute % DAY // 60
        if starts_day and any(counts.any() for counts in self._day.values()):
            self._learn(minute // DAY - 1)
        if minute % 60 == 0:
            self._find_usual(minute // DAY, place)
        results = {}
        for batch in self._batches:
            picked = {g: [one.T.reshape(-1) for one in pick_counts(g, seen)] for g in batch}
            results |= self._step(batch, minute, list(picked.values()))
            for group, (observed, exposed) in picked.items():
                day, healthy = self._day[group], ~results[group].fallen
                day[0, :, place] += observed * healthy
                day[1, :, place] += exposed * healthy
        return results

    def _find_usual(self, day: int, place: int) -> None:
        """Find the usual of an hour."""
        for batch in self._batches:
            each = [self._seasons[g].find_usual(calendar_day(day), place) for g in batch]
            parts = (
                [np.broadcast_to(getattr(usual, one.name), len(usual.mean)) for usual in each]
                for one in fields(Usual)
            )
            self._usual[batch] = Usual(*(np.concatenate(part) for part in parts))

    def learn(self, world: World, days: Iterable[int]) -> None:
        """Teach the seasons quiet days, by the hour and without looking for alarms."""
        for day in days:
            for place in range(BINS):
                seen = world.sum_hour(day * DAY + place * 60)
                for group in self.groups:
                    observed, exposed = (one.T.reshape(-1) for one in pick_counts(group, seen))
                    steps = 60.0 if group == "silence" else 1.0
                    self._day[group][:, :, place] = observed, exposed * steps
            self._learn(day)

    def _step(
        self, batch: tuple[str, ...], minute: int, counts: Sequence[Sequence[FloatArray]]
    ) -> dict[str, StepResult]:
        """Return the results by group of a batch's minute."""
        observed, exposed = (np.concatenate(part) for part in zip(*counts, strict=True))
        detector, usual, limits = self._detectors[batch], self._usual[batch], self._limits[batch]
        first, terms = minute % DAY == 0, TERMS[batch[0]]
        beside = self._find_beside(len(observed)) if isinstance(detector, RateDetector) else None
        if isinstance(detector, RateDetector):
            rates = RateCounts(exposed, observed)
            self._detectors[batch], result = detector.advance(
                minute, rates, usual, self._law, limits, terms, starts_day=first, beside=beside
            )
        else:
            step = StepCounts(observed, exposed * usual.mean)
            self._detectors[batch], result = detector.advance(
                minute, step, usual, limits, terms, starts_day=first
            )
        ends = np.cumsum([len(one) for one, _ in counts]).tolist()
        return {
            group: cut_result(result, slice(end - len(one), end))
            for group, (one, _), end in zip(batch, counts, ends, strict=True)
        }

    def _find_beside(self, streams: int) -> BoolArray:
        """Return whether the whole of each stream (S,) is lifted, or the number of visits."""
        lifted = np.zeros(self._copies, dtype=np.bool_)
        for batch, detector in self._detectors.items():
            if isinstance(detector, RateDetector) and "rate" in batch:
                lifted |= detector.detector.lift.lifted[: self._copies]
            elif isinstance(detector, Detector) and "silence" in batch:
                lifted |= detector.lift.lifted | detector.lift.high
        return np.tile(lifted, streams // self._copies)

    def _learn(self, day: int) -> None:
        """Teach the seasons a day, and after the first one the delay law."""
        for group, (observed, exposed) in self._day.items():
            ones = np.ones(observed.shape)
            self._seasons[group] = self._seasons[group].learn(
                calendar_day(day), observed, exposed, ones
            )
            self._day[group][:] = 0.0
        if not self._taught:
            self._taught = True
            counts = delay_counts(np.random.default_rng(1), TAUGHT)
            self._law = DelayLaw.fit(counts, self._law)

    def _share(self) -> dict[tuple[str, ...], FloatArray]:
        """Return the limits of the streams by batch, for one false alarm a year of a copy."""
        names = [name for streams in GROUPS.values() for name in streams]
        rest = (1.0 - ALONE) / (len(names) - 1)
        limits = share_budget(1.0, DAY * YEAR, [ALONE if n == "all" else rest for n in names])
        by_name = dict(zip(names, limits, strict=True))
        return {
            batch: np.repeat([by_name[n] for g in batch for n in GROUPS[g]], self._copies)
            for batch in self._batches
        }


def batch_groups(groups: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return the groups in batches of one detector each: those with equal terms."""
    rated = tuple(group for group in groups if group in RATED)
    others = tuple((group,) for group in groups if group not in RATED)
    return (rated, *others) if rated else others


def cut_result(result: StepResult, part: slice) -> StepResult:
    """Return the result of some streams."""
    return StepResult(*(getattr(result, one.name)[part] for one in fields(result)))


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
