"""The watch on the service itself: its verdicts in memory, and its alarms in the store.

After each verdict the store is brought to what the verdict says. Doing it again changes nothing, so
a process that dies in between, or a store that is away, leaves nothing half done for long.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from bandits.units import HOUR
from nudge.domain.alarms.alarm import Alarm, AlarmAction, AlarmStatus, AlarmStep
from nudge.domain.alarms.service_alarms import (
    Check,
    ServiceFigures,
    ServiceLimits,
    ServiceMonitor,
    Watch,
    judge_service,
    service_checks,
)
from nudge.domain.alarms.service_sentences import service_sentence
from nudge.store.service.alarms import StoredAlarm
from nudge.store.store import Store

WHO: Final = "monitor"
"""Author of the steps."""
AGAIN: Final = float(HOUR)
"""Seconds after its end in which a trouble that comes back is the same alarm."""
NAMES: Final = frozenset(one.value for one in ServiceMonitor)


@dataclass
class ServiceWatch:
    """The watch on one installation. Use it from one thread.

    Attributes:
        watches: of the last verdict; None before the first.
        told: keys whose alarm was opened in the trouble that goes on: a person may have resolved
            it since, and it is not opened again.
        worst: key -> the last check that was bad, and when the trouble was first seen.
    """

    store: Store
    limits: ServiceLimits = field(default_factory=ServiceLimits)
    watches: Mapping[str, Watch] | None = None
    told: set[str] = field(default_factory=set)
    worst: dict[str, tuple[Check, float]] = field(default_factory=dict)

    def judge(self, figures: ServiceFigures, now: float) -> None:
        """Judge the figures of a moment; the store plays no part."""
        verdict = judge_service(figures, self.watches or {}, now, self.limits)
        for check in service_checks(figures, self.limits):
            if check.badness >= 1.0:
                _, since = self.worst.get(check.key, (check, now))
                self.worst[check.key] = check, since
        self.watches = verdict.watches
        self.worst = {key: one for key, one in self.worst.items() if key in verdict.watches}
        self.told &= {key for key, one in verdict.watches.items() if one.open}

    def take_up(self) -> None:
        """Begin with the alarms that an earlier worker opened; does nothing after the first time.

        Raises:
            StoreAwayError: the store does not answer.
        """
        if self.watches is None:
            keys = {one.alarm.key for one in self._open()}
            self.watches, self.told = {key: Watch(open=True) for key in keys}, keys

    def settle(self, now: float) -> list[Alarm]:
        """Open and resolve alarms as the last verdict says; idempotent.

        Returns:
            The alarms that changed.

        Raises:
            StoreAwayError: the store does not answer; do it again.
        """
        watches = self.watches or {}
        bad = {key for key, one in watches.items() if one.open}
        standing = {one.alarm.key: one for one in self._open()}
        over = [one for key, one in standing.items() if key not in bad]
        step = AlarmStep(now, AlarmAction.RESOLVE, WHO, "as usual again")
        changed = [StoredAlarm(one.alarm.with_step(step), one.revision) for one in over]
        new = sorted(bad - self.told - standing.keys())
        changed += [self._opened(key, now) for key in new if key in self.worst]
        written = [one.alarm for one in changed if self.store.alarms.put(one)]
        self.told |= {one.key for one in written if one.status(now) is AlarmStatus.OPEN}
        self.told |= standing.keys() & bad
        return written

    def _open(self) -> list[StoredAlarm]:
        return [one for one in self.store.alarms.unresolved() if one.alarm.monitor in NAMES]

    def _opened(self, key: str, now: float) -> StoredAlarm:
        for one in self.store.alarms.recent(now - AGAIN):
            # It is resolved: an open one stands in `settle`.
            if one.alarm.key == key:
                step = AlarmStep(now, AlarmAction.REOPEN, WHO)
                return StoredAlarm(one.alarm.with_step(step), one.revision)
        check, since = self.worst[key]
        name = hashlib.sha256(f"{key}|{since!r}".encode()).hexdigest()[:16]
        steps = (AlarmStep(now, AlarmAction.OPEN, WHO),)
        figures = {"figure": check.figure} if isinstance(check.figure, float | int) else {}
        return StoredAlarm(
            Alarm(
                name,
                check.monitor.value,
                check.level,
                dict(check.cause),
                since,
                now,
                service_sentence(check),
                figures,
                steps=steps,
            )
        )
