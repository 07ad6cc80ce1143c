"""The office of notices: reads what is due, and writes each delivery before and after its try."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import structlog

from bandits.units import DAY
from nudge.domain.alarms.alarm import Alarm
from nudge.domain.alarms.delivery import Delivery, DeliveryOutcome
from nudge.domain.alarms.notice_address import address_label
from nudge.domain.alarms.notice_policy import NoticePolicy
from nudge.domain.alarms.notices import NoticeDesk, alarms_to_read
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.care.case import partition_of
from nudge.domain.care.case_alarm import TOLD, alarm_of
from nudge.domain.care.warning_rule import WarningPolicy
from nudge.domain.worklist.work_policy import WorkPolicy
from nudge.flows.notices.case_news import CaseNews
from nudge.flows.notices.work_news import WorkNews
from nudge.store.store import Store

log = structlog.get_logger()

KEPT: Final = 31 * DAY
"""Seconds that a delivery which came to its end is kept after its last try."""
KEPT_CASES: Final = TOLD + DAY
"""Seconds, of one that tells of cases alone: there may be many, and no case is told for longer."""


@dataclass(frozen=True)
class NoticeOffice:
    """The office of an installation's notices."""

    store: Store
    calendar: OperatorCalendar
    warnings: Callable[[], WarningPolicy] = WarningPolicy
    work: Callable[[], WorkPolicy] = WorkPolicy

    @cached_property
    def _news(self) -> CaseNews:
        return CaseNews(self.store)

    @cached_property
    def _work_news(self) -> WorkNews:
        return WorkNews(self.store, self.calendar)

    def look(self, policy: NoticePolicy, now: float) -> NoticeDesk:
        """Return the desk as it is now.

        Raises:
            InvalidConfigError: the rules of warnings, or the work lists, are wrong.
            StoreAwayError: the store does not answer.
        """
        # Deliveries first: an alarm that is resolved in between is read as one, not missed.
        deliveries = self.store.deliveries.read()
        present = {one.alarm.id: one.alarm for one in self.store.alarms.unresolved()}
        for name in sorted(alarms_to_read(deliveries.values(), present)):
            # A case that is not at hand is closed, or too old to be told.
            if partition_of(name) is None and (found := self.store.alarms.read(name)) is not None:
                present[name] = found.alarm
        cases = self._news.look(self.warnings(), now)
        due = self._work_news.look(self.work(), policy, now)
        alarms = (*present.values(), *cases.alarms, *(alarm for alarm, _ in due.values()))
        receivers = {**cases.receivers, **{name: (who,) for name, (_, who) in due.items()}}
        return NoticeDesk(alarms, deliveries, policy, now, self.calendar, receivers)

    def tidy(self, desk: NoticeDesk) -> None:
        """End deliveries that no longer make sense, and forget old ones of alarms that are over.

        Raises:
            StoreAwayError: the store does not answer.
        """
        for one in desk.superseded():
            self.store.deliveries.put(one, one.attempts)
        alive = {alarm.id for alarm in desk.alarms}
        old = [
            name
            for name, one in desk.deliveries.items()
            if not one.pending
            and desk.now - one.last > (KEPT_CASES if _is_of_cases(one) else KEPT)
            and not any(occasion.alarm in alive for occasion in one.notice.occasions)
        ]
        self.store.deliveries.drop(old)

    def begin(self, delivery: Delivery, now: float) -> Delivery | None:
        """Write that a try begins; None where another worker was first.

        Raises:
            StoreAwayError: the store does not answer: do not send.
        """
        begun = delivery.begin(now)
        return begun if self.store.deliveries.put(begun, delivery.attempts) else None

    def end(self, delivery: Delivery, now: float, problem: str | None) -> Delivery:
        """Write what became of a try.

        Args:
            delivery: as `begin` returned it.
            now: seconds.
            problem: None where the receiver took it.

        Raises:
            StoreAwayError: no answer; do it again, or the notice is sent once more.
        """
        after = delivery.end(now, problem)
        self.store.deliveries.put(after, delivery.attempts)
        _tell(after)
        return after

    def alarms(self, ids: list[str]) -> dict[str, Alarm]:
        """Return alarms by id; those that are gone are missing."""
        cases = self.store.cases.read_many(ids)
        policy = self.warnings() if cases else WarningPolicy()
        found = {name: self.store.alarms.read(name) for name in ids if name not in cases}
        told = {name: one.alarm for name, one in found.items() if one is not None}
        told |= {name: one for name in ids if (one := self._work_news.alarm(name)) is not None}
        return told | {name: alarm_of(case, policy) for name, case in cases.items()}


def _is_of_cases(delivery: Delivery) -> bool:
    occasions = delivery.notice.occasions
    return bool(occasions) and all(partition_of(one.alarm) is not None for one in occasions)


def _tell(delivery: Delivery) -> None:
    notice = delivery.notice
    said = {
        "notice": notice.id,
        "kind": notice.kind.value,
        "person": notice.addressee.person,
        "address": address_label(notice.addressee.url),
        "attempts": delivery.attempts,
    }
    if delivery.outcome is DeliveryOutcome.DELIVERED:
        log.info("notice_sent", **said)
    elif delivery.outcome is DeliveryOutcome.GIVEN_UP:
        log.error("notice_given_up", reason=delivery.detail, **said)
    else:
        log.warning("notice_not_sent", reason=delivery.detail, **said)
