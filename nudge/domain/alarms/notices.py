"""The notices that are due: a pure function of alarms, policy, deliveries so far and the time.

An alarm that opens, worsens or is resolved is told once to each address of its people. One that
nobody acknowledges is told to the next ones. What one person is told at one moment is one notice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, NamedTuple

from bandits.units import DAY
from nudge.domain.alarms.alarm import Alarm, AlarmAction, AlarmStatus
from nudge.domain.alarms.delivery import (
    Delivery,
    DeliveryOutcome,
    Notice,
    NoticeKind,
    Occasion,
    level_rank,
)
from nudge.domain.alarms.notice_address import MAIL, WEBHOOKS, scheme_of
from nudge.domain.alarms.notice_policy import Addressee, NoticePolicy, digest_moment
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.basics.local_time import date_of

LATE: Final = DAY
"""Seconds after its moment until which a digest may still be sent."""
_OPENS: Final = (AlarmAction.OPEN, AlarmAction.REOPEN)
_ALARMING: Final = (NoticeKind.OPENED, NoticeKind.WORSENED, NoticeKind.ESCALATED)
_TELLING: Final = (NoticeKind.OPENED, NoticeKind.WORSENED)


class _Due(NamedTuple):
    """A part of a notice that is due: one occasion for one address."""

    kind: NoticeKind
    addressee: Addressee
    occasion: Occasion


class _Told(NamedTuple):
    """A part of a delivery: one alarm, told to one address at the rank of its level."""

    kind: NoticeKind
    addressee: Addressee
    rank: int
    first: float


@dataclass(frozen=True)
class NoticeDesk:
    """The desk at one moment: alarms, policy, deliveries so far, and the time.

    Attributes:
        alarms: every one that is not resolved, and those of pending deliveries.
        deliveries: by the id of their notice.
        now: seconds.
        receivers: alarm -> names of people to tell in place of its level's; nobody is told of the
            end of such an alarm: a person brought it about.
    """

    alarms: Sequence[Alarm]
    deliveries: Mapping[str, Delivery]
    policy: NoticePolicy
    now: float
    calendar: OperatorCalendar = field(default_factory=OperatorCalendar)
    receivers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def due(self) -> list[Delivery]:
        """Return the deliveries whose next try may begin, those of old notices first."""
        tries = [one for one in self.deliveries.values() if self._may_retry(one)]
        return [*tries, *(Delivery(notice) for notice in self._grouped()), *self._digests()]

    def superseded(self) -> list[Delivery]:
        """Return the pending deliveries that no longer make sense, with that as their outcome."""
        return [
            replace(one, outcome=DeliveryOutcome.SUPERSEDED)
            for one in self.deliveries.values()
            if one.pending
            and one.next_try <= self.now
            and not (self.policy.has(one.notice.addressee) and self._makes_sense(one.notice))
        ]

    @cached_property
    def _by_id(self) -> dict[str, Alarm]:
        return {alarm.id: alarm for alarm in self.alarms}

    @cached_property
    def _told(self) -> dict[tuple[str, int], list[_Told]]:
        """Deliveries by alarm and opening, whatever became of them."""
        found: dict[tuple[str, int], list[_Told]] = defaultdict(list)
        for one in self.deliveries.values():
            notice = one.notice
            for occasion in notice.occasions:
                told = _Told(notice.kind, notice.addressee, level_rank(occasion.level), one.first)
                found[occasion.alarm, occasion.opening].append(told)
        return found

    def _grouped(self) -> Iterator[Notice]:
        groups: dict[tuple[NoticeKind, Addressee], list[Occasion]] = defaultdict(list)
        for alarm in self.alarms:
            for kind, addressee, occasion in self._of_alarm(alarm):
                groups[kind, addressee].append(occasion)
        for (kind, addressee), occasions in groups.items():
            yield Notice(kind, addressee, tuple(sorted(occasions)))

    def _of_alarm(self, alarm: Alarm) -> Iterator[_Due]:
        status = alarm.status(self.now)
        if status is AlarmStatus.RESOLVED:
            yield from self._resolved(alarm) if alarm.id not in self.receivers else ()
        elif status is not AlarmStatus.SILENCED and self._awake(alarm):
            yield from self._opened(alarm, status)
            if status is AlarmStatus.OPEN:
                yield from self._escalated(alarm)

    def _awake(self, alarm: Alarm) -> bool:
        return self.policy.earliest(alarm.level, self.now, self.calendar) <= self.now

    def _opened(self, alarm: Alarm, status: AlarmStatus) -> Iterator[_Due]:
        occasion, rank = occasion_of(alarm), level_rank(alarm.level)
        told = [one for one in self._told[alarm.id, occasion.opening] if one.kind in _TELLING]
        worse = any(one.rank < rank for one in told)
        if status is AlarmStatus.ACKNOWLEDGED and not worse:
            return  # somebody has it
        kind = NoticeKind.WORSENED if worse else NoticeKind.OPENED
        known = {one.addressee for one in told if one.rank >= rank}
        tell = self.receivers.get(alarm.id, self.policy.rule(alarm.level).tell)
        for addressee in self.policy.addressees(tell):
            if addressee not in known:
                yield _Due(kind, addressee, occasion)

    def _escalated(self, alarm: Alarm) -> Iterator[_Due]:
        rule, occasion = self.policy.rule(alarm.level), occasion_of(alarm)
        told = self._told[alarm.id, occasion.opening]
        rank = level_rank(alarm.level)
        worsened = [
            one.first for one in told if one.kind is NoticeKind.WORSENED and one.rank == rank
        ]
        waits_since = min(worsened, default=_open_since(alarm, self.now))
        since = self.policy.earliest(alarm.level, waits_since, self.calendar)
        if self.now < since + rule.escalate_after:
            return
        known = {one.addressee for one in told if one.kind is NoticeKind.ESCALATED}
        for addressee in self.policy.addressees(rule.escalate_to):
            if addressee not in known:
                yield _Due(NoticeKind.ESCALATED, addressee, occasion)

    def _resolved(self, alarm: Alarm) -> Iterator[_Due]:
        """Tell those who were told that it opened; a night waits for them as it did then."""
        occasion = occasion_of(alarm)
        told = self._told[alarm.id, occasion.opening]
        known = {one.addressee for one in told if one.kind is NoticeKind.RESOLVED}
        concerned = dict.fromkeys(one.addressee for one in told if one.kind in _ALARMING)
        for addressee in concerned if self._awake(alarm) else ():
            if addressee not in known and self.policy.has(addressee):
                yield _Due(NoticeKind.RESOLVED, addressee, occasion)

    def _may_retry(self, delivery: Delivery) -> bool:
        notice = delivery.notice
        return (
            delivery.pending
            and delivery.next_try <= self.now
            and self.policy.has(notice.addressee)
            and self._makes_sense(notice)
            and self._may_leave(notice)
        )

    def _makes_sense(self, notice: Notice) -> bool:
        """Return whether what a notice tells still holds for any of its alarms."""
        if notice.kind not in _ALARMING:
            return True
        return any(self._goes_on(one) for one in notice.occasions)

    def _goes_on(self, occasion: Occasion) -> bool:
        alarm = self._by_id.get(occasion.alarm)
        return (
            alarm is not None
            and occasion_of(alarm).opening == occasion.opening
            and alarm.status(self.now) is not AlarmStatus.RESOLVED
        )

    def _may_leave(self, notice: Notice) -> bool:
        """Return whether neither a silence nor a quiet night holds a notice back."""
        if notice.level is None:
            return True
        alarms = [self._by_id[one.alarm] for one in notice.occasions if one.alarm in self._by_id]
        silent = alarms and all(one.status(self.now) is AlarmStatus.SILENCED for one in alarms)
        earliest = self.policy.earliest(notice.level, self.now, self.calendar)
        return not silent and earliest <= self.now

    def _digests(self) -> Iterator[Delivery]:
        rule = self.policy.digest
        if rule is None:
            return
        monday, due = digest_moment(rule, self.calendar, self.now)
        if self.now - due >= LATE:
            return
        week = date_of(monday).isoformat()
        for addressee in self.policy.addressees(rule.tell):
            if scheme_of(addressee.url) in (*MAIL, *WEBHOOKS):
                notice = Notice(NoticeKind.DIGEST, addressee, (), week)
                if notice.id not in self.deliveries:
                    yield Delivery(notice)


def occasion_of(alarm: Alarm) -> Occasion:
    """Return the occasion that an alarm is now: its latest opening, at its level."""
    return Occasion(alarm.id, sum(step.action in _OPENS for step in alarm.steps), alarm.level)


def alarms_to_read(deliveries: Iterable[Delivery], present: Iterable[str]) -> set[str]:
    """Return the ids of alarms that are not at hand, and of which a delivery may still speak.

    An alarm was told to somebody, and neither a notice that it is resolved nor another word on it
    has come to an end.

    Args:
        deliveries: every one.
        present: ids of the alarms at hand.
    """
    open_ended: dict[tuple[str, int, Addressee], bool] = {}
    for one in deliveries:
        for alarm, opening, _ in one.notice.occasions:
            place = alarm, opening, one.notice.addressee
            over = one.notice.kind is NoticeKind.RESOLVED and not one.pending
            open_ended[place] = open_ended.get(place, True) and not over
    return {alarm for (alarm, _, _), still in open_ended.items() if still} - set(present)


def _open_since(alarm: Alarm, now: float) -> float:
    """Return since when an open alarm waits: its opening, or the end of its last silence."""
    since = alarm.opened
    for step in alarm.steps:
        if step.action in _OPENS:
            since = step.at
        elif step.action is AlarmAction.SILENCE and step.until is not None:
            since = max(since, min(step.until, now))
    return since
