"""The watch of one stage by one monitor: the detectors of its streams, minute by minute. Pure.

A stream is learned before it is judged. A count is learned for a week; a rate for two hours, a
hundred arrivals and fifty successes (or failures), and for a week where it has fewer. Until then
its detector stays at its start.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np

from bandits.arrays import AnyArray, BoolArray, FloatArray, IntArray
from bandits.monitoring import (
    CalendarDay,
    DelayLaw,
    Detector,
    DetectorTerms,
    Lift,
    RateCounts,
    RateDetector,
    Season,
    StepCounts,
    StepResult,
    share_budget,
)
from nudge.domain.alarms.monitors import COUNTS, RISES, Monitor, WatchKind
from nudge.flows.alarms.minute_sums import MinuteSums, Stream

BINS: Final = 24
WARM: Final = 120
"""Minutes for which a rate is learned before it is judged."""
ENOUGH: Final = 100
"""Arrivals that this takes."""
SEEN: Final = 50.0
"""Successes or failures that this takes: with fewer the rate is known worse than a day wanders."""
WARM_COUNT: Final = 7 * 1440
"""Minutes for which a count, or a rate with few successes, is learned before it is judged."""
YEAR: Final = 525_600.0
WIDE: Final = 0.3
"""Standard deviation of a day's level of numbers and of failures."""
COUNT_DRIFT, RATE_DRIFT = 0.2, 0.04
"""Standard deviations of the level's change within a day."""
HOURLY_COUNT, HOURLY_RATE = 0.5, 0.2
"""Standard deviations of the hours around the day's mean, before they are learned: many more come
in the evening than at night, and they pay about as often."""
_LEAST: Final = 1e-4


@dataclass(frozen=True, eq=False)
class MonitorWatch:
    """The watch of a stage over S streams, in the order in which they were first seen.

    Attributes:
        streams: of the stage.
        first: (S,) minute in which each was first seen.
        totals: (S, 2) counts and exposure while it is learned.
        known: (S,) whether it is judged.
        places: (S,) number among the streams of its attribute, from 1.
        today: (S, 2, 24) counts and exposure of the day, by hour.
        detector: of the streams.
        season: of the streams.
    """

    streams: tuple[Stream, ...]
    first: IntArray
    totals: FloatArray
    known: BoolArray
    places: FloatArray
    today: FloatArray
    detector: Detector | RateDetector
    season: Season

    @classmethod
    def start(
        cls, streams: tuple[Stream, ...], places: FloatArray, minute: int, monitor: Monitor
    ) -> Self:
        """Return the watch of streams that were never seen before."""
        count = len(streams)
        hourly = HOURLY_COUNT if monitor.kind in COUNTS else HOURLY_RATE
        return cls(
            streams,
            np.full(count, minute, dtype=np.int64),
            np.zeros((count, 2)),
            np.zeros(count, dtype=np.bool_),
            places,
            np.zeros((count, 2, BINS)),
            _start_detector(count, monitor),
            Season.start(np.ones(count), bins=BINS, hourly=hourly),
        )

    def arrays(self) -> dict[str, AnyArray]:
        """Return the state of all streams as plain arrays by name, all with S rows but a few."""
        own: dict[str, AnyArray] = {name: getattr(self, name) for name in _OWN}
        detector = {f"detector.{name}": one for name, one in self.detector.arrays().items()}
        return own | detector | {f"season.{n}": one for n, one in self.season.arrays().items()}

    @classmethod
    def read(cls, streams: tuple[Stream, ...], arrays: Mapping[str, AnyArray]) -> Self:
        """Return the watch of a state that `arrays` gave.

        Raises:
            ValueError: an array is missing or unknown.
        """
        part = {
            kind: {
                name.removeprefix(f"{kind}."): one
                for name, one in arrays.items()
                if name.startswith(f"{kind}.")
            }
            for kind in ("detector", "season")
        }
        missing = [name for name in _OWN if name not in arrays]
        if missing:
            raise ValueError(f"the arrays lack {', '.join(missing)}")
        own = {name: arrays[name] for name in _OWN}
        return cls(
            streams,
            **own,
            detector=_read_detector(part["detector"]),
            season=Season.read(part["season"]),
        )

    def grow(self, sums: MinuteSums, minute: int, monitor: Monitor, most: int) -> Self:
        """Return the watch with the streams that a minute shows for the first time."""
        known = set(self.streams)
        wanted = ("", *monitor.by)
        new = [s for s in sorted(sums.streams) if s not in known and s.attribute in wanted]
        counts = Counter(stream.attribute for stream in self.streams)
        taken: list[Stream] = []
        places: list[float] = []
        for stream in new:
            if counts[stream.attribute] < most:
                counts[stream.attribute] += 1
                taken.append(stream)
                places.append(float(counts[stream.attribute]))
        if not taken:
            return self
        more = type(self).start(tuple(taken), np.array(places), minute, monitor)
        return self._joined(more)

    def _joined(self, more: Self) -> Self:
        if not self.streams:
            return more
        mine, others = self.arrays(), more.arrays()
        joined = {
            name: one if name in _SHARED else np.concatenate([one, others[name]])
            for name, one in mine.items()
        }
        return self.read((*self.streams, *more.streams), joined)

    def advance(
        self,
        minute: int,
        sums: MinuteSums,
        place: tuple[CalendarDay, int],
        law: DelayLaw,
        limits: FloatArray,
        monitor: Monitor,
        *,
        starts_day: bool,
        crowded: bool = False,
    ) -> tuple[Self, StepResult]:
        """Return the watch after a minute, and what the minute says of each stream.

        Args:
            minute: since the epoch.
            sums: of the minute.
            place: day and hour of the minute.
            law: of the delay of its successes.
            limits: (S,) average run lengths to keep.
            monitor: that is watched.
            starts_day: the minute is the first of a day.
            crowded: more people come than on any usual day.
        """
        observed, exposed = self._numbers(sums, monitor)
        watch = self._learned(minute, observed, exposed, monitor)
        usual, terms = watch.season.find_usual(*place), terms_of(monitor)
        before, beside = watch.detector, watch.find_beside(crowded=crowded)
        after: Detector | RateDetector
        if isinstance(before, RateDetector):
            rates = RateCounts(exposed, observed)
            after, result = before.advance(
                minute, rates, usual, law, limits, terms, starts_day=starts_day, beside=beside
            )
        else:
            seen = StepCounts(observed, exposed * usual.mean)
            after, result = before.advance(
                minute, seen, usual, limits, terms, starts_day=starts_day, beside=beside
            )
        today = watch.today.copy()
        # A trouble that goes on is nothing to learn from; before it is judged nothing is a trouble.
        down = result.fallen & watch.known
        today[:, 0, place[1]] += np.where(down, 0.0, observed)
        today[:, 1, place[1]] += np.where(down, 0.0, exposed)
        return replace(watch, detector=watch.reset(after, monitor), today=today), result

    def without_pending(self) -> Self:
        """Return the watch that waits for no success: minutes in which some came were skipped."""
        if not isinstance(self.detector, RateDetector):
            return self
        known = self.detector.pending
        nothing = replace(known, mean=np.zeros_like(known.mean), excess=np.zeros_like(known.excess))
        return replace(self, detector=replace(self.detector, pending=nothing))

    @property
    def lift(self) -> Lift:
        """The lifts of the streams."""
        detector = self.detector
        return (detector.detector if isinstance(detector, RateDetector) else detector).lift

    def is_lifted(self) -> bool:
        """Return whether the whole stage is lifted, as by a promotion."""
        return self._holds_whole(self.lift.lifted)

    def is_crowded(self) -> bool:
        """Return whether more people come to the whole stage than on any usual day."""
        return self._holds_whole(self.lift.lifted | self.lift.high)

    def _holds_whole(self, found: BoolArray) -> bool:
        each = zip(self.streams, found.tolist(), strict=True)
        return any(one and not stream.attribute for stream, one in each)

    def find_beside(self, *, crowded: bool) -> BoolArray:
        """Return whether (S,) the whole of each stream is lifted, or more people come than ever."""
        return np.full(len(self.streams), crowded or self.is_lifted())

    def reset(self, after: Detector | RateDetector, monitor: Monitor) -> Detector | RateDetector:
        """Return a detector with streams that are only learned yet at their start.

        What is pending is followed: a stream that is judged from now on has a past.
        """
        if self.known.all():
            return after
        fresh = _start_detector(len(self.streams), monitor).arrays()
        chosen = {
            name: one
            if name.startswith("pending.")
            else np.where(self.known.reshape(-1, *[1] * (one.ndim - 1)), one, fresh[name])
            for name, one in after.arrays().items()
        }
        return _read_detector(chosen)

    def _numbers(self, sums: MinuteSums, monitor: Monitor) -> tuple[FloatArray, FloatArray]:
        """Return the number (S,) that is watched in the minute, and what it is a share of."""
        rows = [sums.streams.get(stream, _NOTHING) for stream in self.streams]
        table = np.array(rows, dtype=np.float64).reshape(len(rows), 3)
        arrivals, successes, failures = table.T
        if monitor.kind in COUNTS:
            return arrivals, np.ones(len(rows))
        if monitor.kind is WatchKind.RATE:
            return successes, arrivals
        return failures, np.maximum(arrivals, failures)

    def _learned(
        self, minute: int, observed: FloatArray, exposed: FloatArray, monitor: Monitor
    ) -> Self:
        """Return the watch in which streams that were learned for long enough are judged."""
        learning = ~self.known
        if not learning.any():
            return self
        totals = self.totals + np.where(learning[:, None], np.stack([observed, exposed], 1), 0.0)
        age = minute - self.first
        if monitor.kind in COUNTS:
            ready = learning & (age >= WARM_COUNT)
        else:
            seen = (totals[:, 0] >= SEEN) | (age >= WARM_COUNT)
            ready = learning & (age >= WARM) & (totals[:, 1] >= ENOUGH) & seen
        season = self.season
        if monitor.kind not in COUNTS:
            usual = np.maximum((totals[:, 0] + 0.5) / (totals[:, 1] + 1.0), _LEAST)
            season = replace(season, usual=np.where(learning, usual, season.usual))
        return replace(self, totals=totals, known=self.known | ready, season=season)

    def close_day(self, day: CalendarDay, weight: FloatArray, monitor: Monitor) -> Self:
        """Return the watch behind a day, whose counts its season has learned.

        Args:
            day: that ended.
            weight: (24,) 0 for hours under quarantine.
            monitor: that is watched.
        """
        observed, exposed = self.today[:, 0], self.today[:, 1]
        usual = self.season.usual
        if monitor.kind in COUNTS:
            # The first whole day is the first guess of a count.
            fresh = (usual == 1.0) & ~self.known
            mean = observed.sum(axis=1) / np.maximum(exposed.sum(axis=1), 1.0)
            usual = np.where(fresh, np.maximum(mean, _LEAST), usual)
            judged = np.ones(len(usual), dtype=np.bool_)
        else:
            judged = self.known
        weights = weight[None, :] * judged[:, None] * (exposed > 0)
        season = replace(self.season, usual=usual).learn(day, observed, exposed, weights)
        return replace(self, season=season, today=np.zeros_like(self.today))


_OWN: Final = ("first", "totals", "known", "places", "today")
_NOTHING: Final = (0, 0, 0)
_SHARED: Final = frozenset(
    {"season.shape"}
    | {
        f"season.{name}.prior"
        for name in ("base", "hours", "weekdays", "cells", "months", "holidays")
    }
)
"""Arrays that all streams share: they have no row of a stream."""


def terms_of(monitor: Monitor) -> DetectorTerms:
    """Return the terms of a monitor's detectors: numbers and failures wander more than rates."""
    rises = monitor.kind in RISES
    if monitor.kind is WatchKind.RATE:
        return DetectorTerms(fall=monitor.change, rise=rises)
    drift = COUNT_DRIFT if monitor.kind in COUNTS else RATE_DRIFT
    return DetectorTerms(fall=monitor.change, rise=rises, wander=WIDE, drift=drift)


def limits_of(watch: MonitorWatch, per_year: float, groups: int) -> FloatArray:
    """Return the average run lengths (S,) of a watch's streams.

    Each group of streams (a stage by an attribute) has an equal share of the budget, and its n-th
    stream 1 / n (n + 1) of that: however many come, the shares never add up to more than 1, and
    those that are seen first, mostly the largest, have the most.

    Args:
        watch: of a stage.
        per_year: false alarms that the groups may share.
        groups: among which they are shared.
    """
    share = 1.0 / (groups * watch.places * (watch.places + 1.0))
    rest = max(1.0 - float(share.sum()), 0.0)
    weights = np.concatenate([share, [max(rest, 1e-12)]])
    return share_budget(per_year, YEAR, weights)[:-1]


def _start_detector(streams: int, monitor: Monitor) -> Detector | RateDetector:
    terms = terms_of(monitor)
    if monitor.kind is WatchKind.RATE:
        return RateDetector.start(streams, DelayLaw.prior(), terms)
    return Detector.start(streams, terms)


def _read_detector(arrays: dict[str, AnyArray]) -> Detector | RateDetector:
    rated = any(name.startswith("pending.") for name in arrays)
    return RateDetector.read(arrays) if rated else Detector.read(arrays)
