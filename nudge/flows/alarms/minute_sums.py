"""Sums of a minute's counts by stream: a stage, or a stage with one value of an attribute. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from nudge.domain.alarms.minute_counts import DELAYED, FAILED, SUCCEEDED, LeafCount


class Stream(NamedTuple):
    """A stream of counts.

    Attributes:
        stage: name of the stage.
        attribute: name; empty for the whole stage.
        value: of the attribute.
    """

    stage: str
    attribute: str = ""
    value: str = ""


_COLUMN: Final[Mapping[str, int]] = {SUCCEEDED: 1, FAILED: 2}


@dataclass(frozen=True)
class MinuteSums:
    """The sums of one minute.

    Attributes:
        streams: stream -> arrivals, successes, reported failures.
        delays: stage -> minutes of delay -> successes.
    """

    streams: Mapping[Stream, list[int]] = field(default_factory=dict)
    delays: Mapping[str, Mapping[int, int]] = field(default_factory=dict)


def sum_minute(counts: Iterable[LeafCount]) -> MinuteSums:
    """Add the counts of a minute up, by stream."""
    streams: dict[Stream, list[int]] = {}
    delays: dict[str, dict[int, int]] = {}
    for stage, attributes, kind, number in counts:
        if kind.startswith(DELAYED):
            of_stage = delays.setdefault(stage, {})
            minutes = int(kind.removeprefix(DELAYED))
            of_stage[minutes] = of_stage.get(minutes, 0) + number
            continue
        column = _COLUMN.get(kind, 0)
        for stream in (Stream(stage), *(Stream(stage, *pair) for pair in attributes.items())):
            streams.setdefault(stream, [0, 0, 0])[column] += number
    return MinuteSums(streams, delays)
