"""The watch of one stage against plain limits: counts of the last sixty minutes. Pure.

A limit is no test: it has no part in the budget of false alarms.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np

from bandits.arrays import AnyArray, BoolArray, FloatArray, IntArray
from nudge.domain.alarms.monitors import Monitor, WatchKind
from nudge.flows.alarms.minute_sums import MinuteSums, Stream

HOUR: Final = 60
"""Minutes over which counts are added up."""
CALM: Final = 15
"""Minutes within the limits after which a stream is within them again."""
ENOUGH: Final = 100
"""Arrivals in the hour that a rate must have to be judged."""


class Crossing(NamedTuple):
    """A crossing of a limit.

    Attributes:
        stream: that crossed it.
        value: of the hour: a number, or a share.
        limit: that was crossed.
        above: whether it is the highest allowed value.
    """

    stream: Stream
    value: float
    limit: float
    above: bool

    @property
    def distance(self) -> float:
        """How far the value is from its limit, on a scale of ratios."""
        return abs(math.log((self.value + 1e-3) / (self.limit + 1e-3)))


@dataclass(frozen=True, eq=False)
class LimitWatch:
    """The watch of a stage over S streams, the whole stage first.

    Attributes:
        last: minute that was judged last.
        streams: of the stage.
        first: (S,) minute in which each was first seen.
        hour: (S, 60, 2) counts and arrivals, by minute of the hour.
        calm: (S,) minutes within the limits since the last one outside; at most `CALM`.
    """

    last: int
    streams: tuple[Stream, ...]
    first: IntArray
    hour: FloatArray
    calm: IntArray

    @classmethod
    def start(cls, stage: str, minute: int) -> LimitWatch:
        """Return the watch of a stage before its first minute."""
        return _grown(
            cls(
                minute - 1, (), np.zeros(0, np.int64), np.zeros((0, HOUR, 2)), np.zeros(0, np.int64)
            ),
            [Stream(stage)],
            minute,
        )

    @property
    def outside(self) -> BoolArray:
        """Whether each stream (S,) is outside its limits, or was a short time ago."""
        return np.asarray(self.calm < CALM)

    def advance(
        self, minute: int, sums: MinuteSums, monitor: Monitor, most: int
    ) -> tuple[LimitWatch, list[Crossing]]:
        """Return the watch behind a minute, and the limits that streams cross in it.

        Args:
            minute: since the epoch.
            sums: of the stage.
            monitor: with the limits.
            most: values of an attribute that are watched.
        """
        watch = self if minute == self.last + 1 else self.start(self.streams[0].stage, minute)
        watch = _grown(watch, _new_streams(watch.streams, sums, monitor, most), minute)
        hour = watch.hour.copy()
        hour[:, minute % HOUR] = [_numbers(sums.streams.get(s), monitor) for s in watch.streams]
        found = [
            _crossing(stream, one, monitor, whole=minute - first >= HOUR - 1)
            for stream, one, first in zip(watch.streams, hour.sum(axis=1), watch.first, strict=True)
        ]
        is_out = np.array([one is not None for one in found])
        calm = np.where(is_out, 0, np.minimum(watch.calm + 1, CALM))
        after = replace(watch, last=minute, hour=hour, calm=calm)
        return after, [
            one for one, was in zip(found, watch.outside, strict=True) if one and not was
        ]

    def arrays(self) -> dict[str, AnyArray]:
        """Return the state as plain arrays by name."""
        return {
            "last": np.array([self.last]),
            "first": self.first,
            "hour": self.hour,
            "calm": self.calm,
        }

    @classmethod
    def read(cls, streams: tuple[Stream, ...], arrays: Mapping[str, AnyArray]) -> LimitWatch:
        """Return the watch of a state that `arrays` gave."""
        return cls(int(arrays["last"][0]), streams, arrays["first"], arrays["hour"], arrays["calm"])


def _new_streams(
    known: tuple[Stream, ...], sums: MinuteSums, monitor: Monitor, most: int
) -> list[Stream]:
    seen, counts = set(known), Counter(stream.attribute for stream in known)
    found = []
    for stream in sorted(sums.streams):
        if stream in seen or stream.attribute not in monitor.by:
            continue
        counts[stream.attribute] += 1
        if counts[stream.attribute] <= most:
            found.append(stream)
    return found


def _grown(watch: LimitWatch, new: list[Stream], minute: int) -> LimitWatch:
    if not new:
        return watch
    count = len(new)
    return replace(
        watch,
        streams=(*watch.streams, *new),
        first=np.concatenate([watch.first, np.full(count, minute, np.int64)]),
        hour=np.concatenate([watch.hour, np.zeros((count, HOUR, 2))]),
        calm=np.concatenate([watch.calm, np.full(count, CALM, np.int64)]),
    )


def _numbers(counts: list[int] | None, monitor: Monitor) -> tuple[float, float]:
    arrivals, successes, _ = counts or (0, 0, 0)
    return (arrivals, 1.0) if monitor.kind is WatchKind.HOURLY_COUNT else (successes, arrivals)


def _crossing(
    stream: Stream, sums: FloatArray, monitor: Monitor, *, whole: bool
) -> Crossing | None:
    """Return the limit that the sums of an hour cross; an hour that is not whole has no least."""
    number, arrivals = float(sums[0]), float(sums[1])
    value = number
    if monitor.kind is WatchKind.HOURLY_RATE:
        if arrivals < ENOUGH:
            return None
        value = number / arrivals
    if monitor.most is not None and value > monitor.most:
        return Crossing(stream, value, monitor.most, above=True)
    if monitor.least is not None and whole and value < monitor.least:
        return Crossing(stream, value, monitor.least, above=False)
    return None
