"""The search for a cause: which values of which attributes explain a stage's fall. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from bandits.arrays import FloatArray, IntArray
from bandits.causes.outcomes import find_outcomes
from bandits.causes.rules import CauseRules
from bandits.causes.search import find_cause
from bandits.causes.table import AttributeTable
from nudge.domain.alarms.alarm import AlarmPart
from nudge.domain.alarms.minute_counts import ARRIVED, FAILED, SUCCEEDED, LeafCount
from nudge.domain.alarms.monitors import COUNTS, LIMITS, Monitor, WatchKind
from nudge.domain.alarms.watch_plan import REASON
from nudge.flows.alarms.minute_sums import Stream

SPAN: Final = 10
"""Minutes of a span before the fall that is compared with."""
SPANS: Final = 11
PARTS: Final = 8
"""Values of an attribute, at most, that an alarm tells of: the largest."""
_ABSENT: Final = ""
Leaf = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Cause:
    """The cause of a fall.

    Attributes:
        values: attribute -> value; several values of one are joined by a comma.
        figures: numbers by name.
        unchanged: attributes that were searched and do not explain it.
        reasons: of reported failures inside, each with its share of those beyond the usual.
        parts: each value of the searched attributes, with its share now and as usual.
    """

    values: Mapping[str, str]
    figures: Mapping[str, float] = field(default_factory=dict)
    unchanged: tuple[str, ...] = ()
    reasons: tuple[tuple[str, float], ...] = ()
    parts: tuple[AlarmPart, ...] = ()


@dataclass(frozen=True)
class _Leaves:
    """The leaves of a stage with (T, N) numbers: bad ones and arrivals by span."""

    leaves: tuple[Leaf, ...]
    bad: FloatArray
    arrivals: FloatArray


def search_cause(
    minutes: Mapping[int, Sequence[LeafCount]],
    monitor: Monitor,
    stream: Stream,
    began: int,
    now: int,
) -> Cause:
    """Search the cause of a stream's fall.

    Args:
        minutes: counts of the minutes that are kept.
        monitor: that found the fall.
        stream: the one that fell most surely.
        began: minute, as estimated.
        now: minute up to which everything is judged, included.
    """
    own = {stream.attribute: stream.value} if stream.attribute else {}
    if monitor.kind in COUNTS | LIMITS:
        return Cause({"stage": stream.stage, **own})
    firsts = [began - SPAN * k for k in range(1, SPANS + 1)]
    spans = [range(began, now + 1), *(range(first, first + SPAN) for first in firsts)]
    held = [span for i, span in enumerate(spans) if not i or any(m in minutes for m in span)]
    counts = [_span(minutes, span) for span in held]
    found = _leaves(counts, monitor, stream.stage)
    if len(held) == 1 or not found.leaves or not found.arrivals[0].sum():
        return Cause({"stage": stream.stage, **own})
    cause = _searched(found, monitor, stream.stage)
    # The search found no value that stands out, but a detector did, within the budget.
    if len(cause.values) == 1:
        cause = replace(cause, values={**cause.values, **own})
    return replace(cause, reasons=find_reasons(cause.values, counts))


def find_reasons(
    cause: Mapping[str, str], spans: Sequence[Iterable[LeafCount]]
) -> tuple[tuple[str, float], ...]:
    """Find the reasons of reported failures that account for what a cause lost beyond the usual.

    Args:
        cause: attribute -> value, or values joined by a comma, with the stage.
        spans: counts since the fall began, and before it.

    Returns:
        (reason, share of the failures beyond the usual), the greatest first.
    """
    arrivals = [0.0, 0.0]
    failures: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for place, counts in enumerate(spans):
        before = min(place, 1)
        for count in counts:
            if not _is_inside(count, cause):
                continue
            if count.kind == ARRIVED:
                arrivals[before] += count.number
            elif count.kind == FAILED and (reason := count.attributes.get(REASON)):
                failures[reason][before] += count.number
    if not failures or not arrivals[1]:
        return ()
    names = sorted(failures)
    lost, usual = np.array([failures[name] for name in names]).T
    told = find_outcomes(lost, usual, arrivals[0] / arrivals[1])
    return tuple((names[one], share) for one, share in told)


def _is_inside(count: LeafCount, cause: Mapping[str, str]) -> bool:
    known = {"stage": count.stage, **count.attributes}
    return all(known.get(name, _ABSENT) in text.split(", ") for name, text in cause.items())


def _span(minutes: Mapping[int, Sequence[LeafCount]], span: range) -> list[LeafCount]:
    return [count for minute in span for count in minutes.get(minute, ())]


def _leaves(spans: Sequence[Iterable[LeafCount]], monitor: Monitor, stage: str) -> _Leaves:
    kinds = (ARRIVED, SUCCEEDED, FAILED)
    sums: dict[Leaf, FloatArray] = {}
    for place, counts in enumerate(spans):
        for count in counts:
            if count.stage != stage or count.kind not in kinds:
                continue
            leaf = tuple(pair for pair in sorted(count.attributes.items()) if pair[0] != REASON)
            rows = sums.setdefault(leaf, np.zeros((len(spans), len(kinds))))
            rows[place, kinds.index(count.kind)] += count.number
    leaves = tuple(sorted(leaf for leaf in sums if leaf))
    if not leaves:
        return _Leaves((), np.zeros((len(spans), 0)), np.zeros((len(spans), 0)))
    table = np.stack([sums[leaf] for leaf in leaves], axis=1)
    arrived, succeeded, failed = table.transpose(2, 0, 1)
    if monitor.kind is WatchKind.FAILURES:
        return _Leaves(leaves, failed, np.maximum(arrived, failed))
    return _Leaves(leaves, np.maximum(arrived - succeeded, 0.0), arrived)


def _searched(found: _Leaves, monitor: Monitor, stage: str) -> Cause:
    names = sorted({name for leaf in found.leaves for name, _ in leaf})
    values = [sorted({dict(leaf).get(name, _ABSENT) for leaf in found.leaves}) for name in names]
    codes = np.array(
        [
            [values[d].index(dict(leaf).get(name, _ABSENT)) for d, name in enumerate(names)]
            for leaf in found.leaves
        ]
    )
    absent = frozenset((d, one.index(_ABSENT)) for d, one in enumerate(values) if _ABSENT in one)
    table = AttributeTable(
        codes, found.bad[0], found.arrivals[0], found.bad[1:], found.arrivals[1:]
    )
    answer = find_cause(table, CauseRules(ignored=absent))
    named: dict[str, list[str]] = {}
    for conjunction in answer.sets:
        for d, code in conjunction:
            known = named.setdefault(names[d], [])
            if values[d][code] not in known:
                known.append(values[d][code])
    failing = monitor.kind is WatchKind.FAILURES
    figures = {
        "rate": answer.rate if failing else 1.0 - answer.rate,
        "usual": answer.usual if failing else 1.0 - answer.usual,
        "arrivals": answer.ranked[0].arrivals if answer.ranked else float(found.arrivals[0].sum()),
        "excess": answer.excess,
        "share_explained": answer.share,
    }
    return Cause(
        {"stage": stage, **{name: ", ".join(sorted(one)) for name, one in named.items()}},
        figures if answer.ranked else {},
        tuple(names[d] for d in answer.unchanged if names[d] not in named),
        parts=tuple(_parts(found, names, values, codes, failing=failing)),
    )


def _parts(
    found: _Leaves,
    names: Sequence[str],
    values: Sequence[Sequence[str]],
    codes: IntArray,
    *,
    failing: bool,
) -> Iterator[AlarmPart]:
    """Yield the shares of each attribute's largest values, now and before the fall.

    Args:
        found: leaves with their numbers.
        names: of the attributes, D.
        values: of each attribute.
        codes: (N, D) places in `values`.
        failing: the share of the bad ones is told, not of the others.
    """
    bad = np.stack([found.bad[0], found.bad[1:].sum(axis=0)])
    arrivals = np.stack([found.arrivals[0], found.arrivals[1:].sum(axis=0)])
    for d, name in enumerate(names):
        inside = [codes[:, d] == code for code in range(len(values[d]))]
        sums = [
            (value, arrivals @ rows, bad @ rows)
            for value, rows in zip(values[d], inside, strict=True)
        ]
        known = [one for one in sums if one[0] != _ABSENT and one[1].all()]
        for value, came, lost in sorted(known, key=lambda one: -one[1][1])[:PARTS]:
            now, usual = (lost / came if failing else 1.0 - lost / came).tolist()
            yield AlarmPart(name, value, now, usual, int(came[0]))
