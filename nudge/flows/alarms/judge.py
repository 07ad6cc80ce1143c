"""Judge: a minute's counts go through all monitors; what fell or came back is found. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np

from bandits.arrays import AnyArray
from bandits.monitoring import CalendarDay, DelayLaw, StepResult
from nudge.domain.alarms.monitors import LIMITS, Monitor, Monitors, WatchKind
from nudge.domain.alarms.quarantine import Quarantine
from nudge.domain.alarms.watch_plan import WatchPlan
from nudge.flows.alarms.day_weights import quarantine_weights
from nudge.flows.alarms.judged_time import JudgedTime
from nudge.flows.alarms.limit_watch import HOUR as MINUTES
from nudge.flows.alarms.limit_watch import Crossing, LimitWatch
from nudge.flows.alarms.minute_sums import MinuteSums, Stream
from nudge.flows.alarms.monitor_watch import MonitorWatch, limits_of
from nudge.flows.alarms.watch_state import FORGET, WatchState, no_delays

REFIT: Final = 60
"""Minutes between two fits of the delay laws."""


class StreamFinding(NamedTuple):
    """A stream that an alarm of its detector found.

    Attributes:
        stream: that fell (or rose).
        evidence: logarithm of the e-value.
        began: minute, as estimated.
        ratio: of the count to the usual one, or to its limit, since it began.
        figures: more numbers by name.
    """

    stream: Stream
    evidence: float
    began: int
    ratio: float
    figures: Mapping[str, float] = {}


@dataclass(frozen=True)
class MonitorFinding:
    """The finding of one monitor in a minute.

    Attributes:
        monitor: that was judged.
        new: streams that reached their limit in this minute.
        fallen: streams that are down (or up) now.
        stages: of which some stream is judged; the others are learned yet.
    """

    monitor: Monitor
    new: tuple[StreamFinding, ...]
    fallen: frozenset[Stream]
    stages: frozenset[str]


@dataclass(frozen=True)
class Judge:
    """The judge of minutes.

    Attributes:
        monitors: of the installation.
        plan: what is counted.
        time: calendar of the monitors.
        quarantines: that people marked: their hours teach no usual.
    """

    monitors: Monitors
    plan: WatchPlan
    time: JudgedTime
    quarantines: tuple[Quarantine, ...] = ()

    def advance(
        self, state: WatchState, minute: int, sums: MinuteSums
    ) -> tuple[WatchState, list[MonitorFinding]]:
        """Return the state behind a minute, and the finding of each monitor.

        Args:
            state: behind the minute before.
            minute: since the epoch.
            sums: of the minute, over all partitions.
        """
        day = self.time.day_of(minute)
        starts_day = bool(state.day) and day != state.day
        if starts_day:
            state = self._closed(state, minute)
        crowded = any(
            state.watches[name].is_crowded()
            for name, one in self._names()
            if one.kind is WatchKind.SILENCE and name in state.watches
        )
        judged = _Minute(minute, sums, self.time, starts_day=starts_day, crowded=crowded)
        watches: dict[str, MonitorWatch] = {}
        limits: dict[str, LimitWatch] = {}
        findings: list[MonitorFinding] = []
        for monitor in self.monitors.each:
            if monitor.kind in LIMITS:
                findings.append(self._limited(state, monitor, judged, limits))
                continue
            found: list[tuple[MonitorWatch, StepResult]] = []
            for stage in monitor.watched(self.plan):
                name = f"{monitor.name}/{stage}"
                weights = state.laws.get(stage)
                law = DelayLaw.prior() if weights is None else DelayLaw(weights)
                step = self._watch(state.watches.get(name), monitor, stage, judged, law)
                if step:
                    watches[name] = step[0]
                    found.append(step)
            findings.append(_finding(monitor, found))
        delays = _with_delays(state.delays, sums)
        laws = _fit_laws(delays) if minute % REFIT == 0 else state.laws
        return WatchState(minute, day, watches, delays, laws, limits), findings

    def _limited(
        self, state: WatchState, monitor: Monitor, judged: _Minute, after: dict[str, LimitWatch]
    ) -> MonitorFinding:
        """Return what a monitor of limits finds; its watches are put into `after`."""
        stages = monitor.watched(self.plan)
        new: list[StreamFinding] = []
        for stage in stages:
            name = f"{monitor.name}/{stage}"
            watch = state.limits.get(name) or LimitWatch.start(stage, judged.minute)
            watch, found = watch.advance(
                judged.minute, judged.of_stage(stage), monitor, self.monitors.values
            )
            after[name] = watch
            new += [_crossed(one, judged.minute) for one in found]
        outside = frozenset(
            stream
            for stage in stages
            for watch in [after[f"{monitor.name}/{stage}"]]
            for stream, is_out in zip(watch.streams, watch.outside, strict=True)
            if is_out
        )
        return MonitorFinding(monitor, tuple(new), outside, frozenset(stages))

    def _watch(
        self,
        watch: MonitorWatch | None,
        monitor: Monitor,
        stage: str,
        judged: _Minute,
        law: DelayLaw,
    ) -> tuple[MonitorWatch, StepResult] | None:
        """Return a watch behind the minute, with what it says; None before its first stream."""
        if watch is None:
            watch = MonitorWatch.start((), np.zeros(0), judged.minute, monitor)
        mine = judged.of_stage(stage)
        watch = watch.grow(mine, judged.minute, monitor, self.monitors.values)
        if not watch.streams:
            return None
        limits = limits_of(watch, self.monitors.per_year, self._groups)
        return watch.advance(
            judged.minute,
            mine,
            judged.place,
            law,
            limits,
            monitor,
            starts_day=judged.starts_day,
            crowded=judged.crowded and monitor.kind is WatchKind.RATE,
        )

    def _names(self) -> Iterator[tuple[str, Monitor]]:
        """Yield the names of the watches, each with its monitor."""
        for monitor in self.monitors.each:
            for stage in monitor.watched(self.plan):
                yield f"{monitor.name}/{stage}", monitor

    @cached_property
    def _groups(self) -> int:
        """The number of groups of streams among which the budget is shared."""
        tests = [one for one in self.monitors.each if one.kind not in LIMITS]
        return sum(len(one.watched(self.plan)) * (1 + len(one.by)) for one in tests)

    def _closed(self, state: WatchState, minute: int) -> WatchState:
        """Return the state behind a day that has ended: what was learned from it is in."""
        weight = quarantine_weights(self.quarantines, self.time, state.day, minute)
        kind = self.time.kind_of(state.day)
        named = {one.name: one for one in self.monitors.each}
        watches = {
            name: watch.close_day(kind, weight, named[name.split("/")[0]])
            for name, watch in state.watches.items()
            if name.split("/")[0] in named
        }
        return replace(
            state,
            watches=watches,
            delays={stage: one * FORGET for stage, one in state.delays.items()},
        )


@dataclass(frozen=True)
class _Minute:
    """A minute with its counts and its place in the calendar."""

    minute: int
    sums: MinuteSums
    time: JudgedTime
    starts_day: bool
    crowded: bool

    @cached_property
    def place(self) -> tuple[CalendarDay, int]:
        """Day and hour."""
        return self.time.kind_of(self.time.day_of(self.minute)), self.time.hour_of(self.minute)

    def of_stage(self, stage: str) -> MinuteSums:
        """Return the sums of one stage."""
        streams = self.sums.streams
        return replace(self.sums, streams={s: n for s, n in streams.items() if s.stage == stage})


def _crossed(one: Crossing, minute: int) -> StreamFinding:
    figures = {"value": one.value, "limit": one.limit, "above": float(one.above)}
    ratio = one.value / one.limit if one.limit else math.inf
    return StreamFinding(one.stream, one.distance, minute - MINUTES + 1, min(ratio, 1e6), figures)


def _fit_laws(delays: Mapping[str, AnyArray]) -> dict[str, AnyArray]:
    prior = DelayLaw.prior()
    return {stage: DelayLaw.fit(counts, prior).weights for stage, counts in delays.items()}


def _with_delays(known: Mapping[str, AnyArray], sums: MinuteSums) -> dict[str, AnyArray]:
    after = dict(known)
    for stage, delays in sums.delays.items():
        counts = after.get(stage, no_delays()).copy()
        for minutes, number in delays.items():
            counts[minutes] += number
        after[stage] = counts
    return after


def _finding(monitor: Monitor, found: list[tuple[MonitorWatch, StepResult]]) -> MonitorFinding:
    new = tuple(
        StreamFinding(
            watch.streams[i],
            float(result.evidence[i]),
            int(result.began[i]),
            float(result.ratio[i]),
        )
        for watch, result in found
        for i in np.flatnonzero(result.alarm & watch.known)
    )
    fallen = frozenset(
        watch.streams[i]
        for watch, result in found
        for i in np.flatnonzero(result.fallen & watch.known)
    )
    stages = frozenset(s.stage for watch, _ in found if watch.known.any() for s in watch.streams)
    return MonitorFinding(monitor, new, fallen, stages)
