"""The book of alarms: opens, groups, reopens and resolves them after each minute. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bandits.units import HOUR, MINUTE
from nudge.domain.alarms.alarm import (
    REASON_FIGURE,
    Alarm,
    AlarmAction,
    AlarmLevel,
    AlarmStatus,
    AlarmStep,
    alarm_key,
)
from nudge.domain.alarms.monitors import Monitor
from nudge.flows.alarms.cause_search import Cause
from nudge.flows.alarms.judge import MonitorFinding, StreamFinding
from nudge.flows.alarms.minute_sums import Stream

WHO: Final = "monitor"
"""Author of the steps of monitors."""
AGAIN: Final = float(HOUR)
"""Seconds after its end in which a trouble that comes back is the same alarm."""
_RANKS: Final = tuple(AlarmLevel)

Search = Callable[[Monitor, StreamFinding], Cause]
Say = Callable[[Alarm, Monitor], Mapping[str, str]]
"""Returns the sentences of an alarm, by language."""


@dataclass(frozen=True)
class AlarmBook:
    """The alarms of the last hours, as they were read.

    Attributes:
        alarms: unresolved ones, and those resolved lately; the latest first.
        search: finds the cause of a fall.
        say: puts an alarm in words.
    """

    alarms: Sequence[Alarm]
    search: Search
    say: Say

    def changes(self, findings: Iterable[MonitorFinding], minute: int) -> list[Alarm]:
        """Return the alarms that a minute opens, reopens, raises or resolves.

        Args:
            findings: of all monitors.
            minute: that was judged.
        """
        at = float((minute + 1) * MINUTE)
        # Of two monitors that find one trouble the one that marks a quarantine opens the alarm.
        findings = sorted(findings, key=lambda one: not one.monitor.quarantine)
        marking = {one.monitor.name for one in findings if one.monitor.quarantine}
        changed: dict[str, Alarm] = {}
        for finding in findings:
            for alarm in self._resolved(finding, at):
                changed[alarm.id] = alarm
        for finding in findings:
            for alarm in self._opened(finding, at, changed, marking):
                changed[alarm.id] = alarm
        return list(changed.values())

    def _resolved(self, finding: MonitorFinding, at: float) -> Iterable[Alarm]:
        for alarm in self.alarms:
            mine = alarm.monitor == finding.monitor.name and _is_open(alarm, at)
            mine = mine and alarm.cause.get("stage") in finding.stages
            if mine and not any(_concerns(alarm, stream) for stream in finding.fallen):
                yield alarm.with_step(AlarmStep(at, AlarmAction.RESOLVE, WHO, "as usual again"))

    def _opened(
        self,
        finding: MonitorFinding,
        at: float,
        changed: Mapping[str, Alarm],
        marking: Collection[str],
    ) -> Iterable[Alarm]:
        """Yield what new falls of a monitor come to: one alarm a stage at most."""
        stages: dict[str, StreamFinding] = {}
        for one in sorted(finding.new, key=lambda one: -one.evidence):
            stages.setdefault(one.stream.stage, one)
        now = {alarm.id: alarm for alarm in self.alarms}
        now.update(changed)
        for one in stages.values():
            alarm = self._alarm(finding.monitor, one, at, list(now.values()), marking)
            if alarm is not None:
                now[alarm.id] = alarm
                yield alarm

    def _alarm(
        self,
        monitor: Monitor,
        found: StreamFinding,
        at: float,
        known: Sequence[Alarm],
        marking: Collection[str],
    ) -> Alarm | None:
        cause = self.search(monitor, found)
        for alarm in known:
            if _is_open(alarm, at) and is_same_trouble(alarm.cause, cause.values):
                joined = _joined(alarm, monitor, marking)
                return joined if joined != alarm else None
        for alarm in known:
            if alarm.key == alarm_key(monitor.name, cause.values) and at - _ended(alarm) <= AGAIN:
                return alarm.with_step(AlarmStep(at, AlarmAction.REOPEN, WHO))
        return self._new(monitor, found, cause, at)

    def _new(self, monitor: Monitor, found: StreamFinding, cause: Cause, at: float) -> Alarm:
        key = f"{alarm_key(monitor.name, cause.values)}|{at!r}"
        name = hashlib.sha256(key.encode()).hexdigest()[:16]
        reasons = {f"{REASON_FIGURE}{name}": share for name, share in cause.reasons}
        figures = {"ratio": found.ratio, **found.figures, **cause.figures, **reasons}
        began = float(found.began * MINUTE)
        step = AlarmStep(at, AlarmAction.OPEN, WHO)
        alarm = Alarm(
            name,
            monitor.name,
            monitor.level,
            dict(cause.values),
            began,
            at,
            {},
            figures,
            cause.unchanged,
            steps=(step,),
            parts=cause.parts,
        )
        return replace(alarm, sentence=self.say(alarm, monitor))


def is_same_trouble(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Return True where one cause contains the other: what fails for all fails for each."""
    pairs, others = set(one.items()), set(other.items())
    return pairs <= others or others <= pairs


def _joined(alarm: Alarm, monitor: Monitor, marking: Collection[str]) -> Alarm:
    """Return an open alarm once another monitor has found its trouble, too.

    Its level may rise. Where only the other monitor marks a quarantine, the alarm passes to it:
    else an outage that another monitor saw first would teach.
    """
    level = max(alarm.level, monitor.level, key=_RANKS.index)
    passes = monitor.name in marking and alarm.monitor not in marking
    return replace(alarm, level=level, monitor=monitor.name if passes else alarm.monitor)


def _concerns(alarm: Alarm, stream: Stream) -> bool:
    if alarm.cause.get("stage") != stream.stage:
        return False
    values = alarm.cause.get(stream.attribute, "").split(", ")
    return not stream.attribute or stream.attribute not in alarm.cause or stream.value in values


def _is_open(alarm: Alarm, at: float) -> bool:
    return alarm.status(at) is not AlarmStatus.RESOLVED


def _ended(alarm: Alarm) -> float:
    """Return the second of the last step that resolved the alarm."""
    return max((s.at for s in alarm.steps if s.action is AlarmAction.RESOLVE), default=0.0)
