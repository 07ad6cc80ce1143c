"""The writer of notices: the text of each, from the alarms and the week as they are now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from nudge import clock
from nudge.domain.alarms.delivery import Notice, NoticeKind
from nudge.domain.alarms.notice_policy import WEEK, Language
from nudge.domain.alarms.notice_texts import NoticeText, alarm_text, digest_text, proof_text
from nudge.domain.basics.calendar import OperatorCalendar, parse_date
from nudge.domain.summaries.weekly import page
from nudge.flows.notices.office import NoticeOffice

Summary = Mapping[str, Any]
REMEMBERED = 600.0
"""Seconds that a week's summary is used for the next person's digest."""


@dataclass
class WeekMemory:
    """The memory of the summary made last.

    Attributes:
        make: the summary of the week that begins on a Monday, a day of the calendar.
    """

    make: Callable[[int], Summary]
    lock: Lock = field(default_factory=Lock)
    made: tuple[int, float, Summary] | None = None

    def read(self, monday: int) -> Summary:
        """Return the summary of a week, at most ten minutes old."""
        with self.lock:
            now = clock.monotonic()
            if self.made is None or self.made[0] != monday or now - self.made[1] > REMEMBERED:
                self.made = monday, now, self.make(monday)
            return self.made[2]


@dataclass(frozen=True)
class NoticeWriter:
    """The writer of an installation's notices."""

    office: NoticeOffice
    calendar: OperatorCalendar
    weeks: WeekMemory

    def write(self, notice: Notice, language: Language) -> NoticeText:
        """Return the text of a notice.

        Raises:
            NudgeError: the store or the lake cannot be read.
        """
        if notice.kind is NoticeKind.TEST:
            return proof_text(notice, language)
        if notice.kind is NoticeKind.DIGEST:
            return self._digest(notice, language)
        alarms = self.office.alarms([one.alarm for one in notice.occasions])
        return alarm_text(notice, alarms, language, self.calendar)

    def _digest(self, notice: Notice, language: Language) -> NoticeText:
        monday = parse_date(notice.subject)
        if monday is None:
            raise ValueError(f"{notice.subject!r} is not a day")
        start, end = (self.calendar.start_of_day(day) for day in (monday, monday + WEEK))
        recent = self.office.store.alarms.recent(start)
        alarms = [one.alarm for one in recent if start <= one.alarm.opened < end]
        text = page(self.weeks.read(monday), language)
        return digest_text(notice, text, alarms, language, self.calendar)
