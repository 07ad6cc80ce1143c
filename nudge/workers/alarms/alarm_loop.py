"""The loop of the monitors: judges minutes, opens alarms, and marks what teaches nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Event
from typing import Final

import structlog

from nudge import clock
from nudge.config.documents.configuration import Configuration
from nudge.domain.alarms.alarm import Alarm
from nudge.domain.alarms.quarantine import Quarantine, QuarantineNote, QuarantineScope
from nudge.domain.alarms.watch_plan import CHANNEL, METHOD
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.basics.local_time import date_of
from nudge.domain.contact.public_holidays import public_holidays
from nudge.errors import InvalidConfigError, NudgeError, StoreError
from nudge.flows.alarms.alarm_book import WHO
from nudge.flows.alarms.alarm_words import describe_alarm
from nudge.flows.alarms.judge import Judge
from nudge.flows.alarms.judged_time import JudgedTime
from nudge.flows.alarms.rounds import MonitorRounds
from nudge.flows.upkeep import quarantine as quarantines
from nudge.store.service.alarms import StoredAlarm
from nudge.store.store import Store
from nudge.workers.backoff import Backoff
from nudge.workers.store_check import StoreCheck

log = structlog.get_logger()

TICK: Final = 2.0
"""Seconds between two looks at what is due."""
AHEAD: Final = 600.0
"""Seconds that a quarantine lies ahead while its alarm goes on."""
RENEWED: Final = 300.0
"""Seconds before its end at which it is extended."""

Follow = Callable[[], Configuration]
"""Returns the configuration that is in force."""


class AlarmLoop:
    """The loop of the monitors, in one worker at a time. Use it from one thread.

    Whoever loses the turn does no harm: what it writes names the minute that it began at.
    """

    def __init__(
        self, store: Store, follow: Follow, owner: str, ttl: float, store_check: StoreCheck
    ) -> None:
        self._store, self._follow = store, follow
        self._owner, self._ttl, self._store_check = owner, ttl, store_check
        self._judges: dict[int, tuple[Configuration, Judge]] = {}
        self._quarantines: tuple[str, tuple[Quarantine, ...]] = ("", ())
        self._rounds = MonitorRounds(store, self._judge, self._say)

    def run(self, stop: Event) -> None:
        """Work until `stop` is set, then give the turn back."""
        trouble = Backoff(1.0, 60.0)
        while not stop.wait(TICK):
            try:
                if self._store_check.admits():
                    self.turn(clock.now())
                trouble.reset()
            except NudgeError as error:
                self._rounds.forget()
                log.warning("monitors_stopped", code=error.code, error=str(error))
                stop.wait(trouble.next())
        self._release()

    def turn(self, now: float) -> list[Alarm]:
        """Judge what is due and care for the quarantines; return the alarms that changed.

        Raises:
            StoreAwayError: the store does not answer.
        """
        if not self._store.alarms.acquire(self._owner, self._ttl):
            self._rounds.forget()
            return []
        self._follow_quarantines()
        changed = self._rounds.turn()
        self._quarantine(now)
        return changed

    def _judge(self) -> Judge:
        current = self._follow()
        known = self._judges.get(0)
        if known is None or known[0] is not current:
            time = judged_time(current, clock.now())
            judge = Judge(current.monitors, current.watch_plan, time, self._quarantines[1])
            known = self._judges[0] = (current, judge)
        return known[1]

    def _follow_quarantines(self) -> None:
        """Read the quarantines where they changed: the hours of a day that ends may be theirs."""
        version = self._store.snapshots.versions()[0]
        if version != self._quarantines[0]:
            found = self._store.quarantines.current().values()
            self._quarantines = version, tuple(one for one in found if not one.alarm)
            self._judges.clear()

    def _say(self, alarm: Alarm, monitor: object) -> dict[str, str]:
        judge = self._judge()
        (named,) = [one for one in judge.monitors.each if one is monitor]
        return describe_alarm(alarm, named, judge.time.calendar)

    def _quarantine(self, now: float) -> None:
        """Mark an interval for each alarm whose monitor says so, and extend it while it lasts."""
        marking = {one.name for one in self._follow().monitors.each if one.quarantine}
        for stored in self._store.alarms.unresolved() if marking else ():
            if stored.alarm.monitor in marking:
                self._mark(stored, now)

    def _mark(self, stored: StoredAlarm, now: float) -> None:
        alarm = stored.alarm
        note = QuarantineNote(WHO, now, alarm.sentence.get("en", ""))
        # The id is a function of the alarm: who dies before the next line marks the same again.
        found = quarantines.mark(
            self._store, alarm.began, now + AHEAD, scope_of(alarm), note, alarm.id
        )
        if not alarm.quarantine:
            named = replace(alarm, quarantine=found.id)
            self._store.alarms.put(StoredAlarm(named, stored.revision))
        if found.end - now < RENEWED:
            quarantines.extend(self._store, found.id, now + AHEAD, note)

    def _release(self) -> None:
        try:
            self._store.alarms.release(self._owner)
        except StoreError as error:
            # It runs out by itself.
            log.warning("monitors_not_released", error=str(error))


def judged_time(configuration: Configuration, now: float, since: float | None = None) -> JudgedTime:
    """Return the calendar of the monitors, with the days off of the contact policy.

    Args:
        configuration: in force.
        now: seconds.
        since: second to which it reaches back; without one, to the year before.
    """
    calendar = OperatorCalendar.named(configuration.settings.zone)
    try:
        policy = configuration.contact.holidays if configuration.plans_contacts else None
    except InvalidConfigError as error:
        log.warning("no_holidays", error=str(error))
        policy = None
    promoted = configuration.monitors.promoted
    if policy is None:
        return JudgedTime(calendar, promotions=promoted)
    ends = (now if since is None else since, now)
    first, last = (date_of(calendar.day_of(at)).year for at in ends)
    known = [
        public_holidays(policy.country, policy.region, one)
        for one in range(first - 1, last + 2)
        if policy.country
    ]
    days = policy.forbidden.union(*known) - policy.allowed
    return JudgedTime(calendar, days, policy.allowed, promoted)


def scope_of(alarm: Alarm) -> QuarantineScope:
    """Return what a quarantine of an alarm concerns: a method, else one channel, else all."""
    method, channel = alarm.cause.get(METHOD, ""), alarm.cause.get(CHANNEL, "")
    if method and ", " not in method:
        return QuarantineScope(method=method)
    if channel and ", " not in channel:
        return QuarantineScope(channel=channel)
    return QuarantineScope()
