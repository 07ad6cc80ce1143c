"""The notice policy: who is told of an alarm, by its level, how soon, and what a night does."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal, NamedTuple

from bandits.units import DAY, HOUR, MINUTE
from nudge.domain.alarms.alarm import AlarmLevel
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.basics.local_time import local

Language = Literal["zh", "en"]
WEEK: Final = 7


class NightRule(StrEnum):
    """The rule of a level for quiet nights: a notice wakes people, or waits for the morning."""

    WAKE = "wake"
    WAIT = "wait"


@dataclass(frozen=True)
class Person:
    """A person who is told of alarms.

    Attributes:
        name: as the tables name the person.
        urls: addresses; a secret stands in them as `${NAME}`.
        language: of the notices.
    """

    name: str
    urls: tuple[str, ...]
    language: Language = "zh"


@dataclass(frozen=True)
class LevelRule:
    """The rule of a level: who is told, who is told next, and when.

    Attributes:
        tell: names of people who are told at once.
        escalate_after: seconds without an acknowledgement; infinite for never.
        escalate_to: names of people who are told then.
        nights: whether a notice of this level waits for the morning.
    """

    tell: tuple[str, ...] = ()
    escalate_after: float = math.inf
    escalate_to: tuple[str, ...] = ()
    nights: NightRule = NightRule.WAKE


class QuietHours(NamedTuple):
    """Quiet hours of every night: seconds of the local day; they may reach over midnight."""

    start: int
    end: int


@dataclass(frozen=True)
class DigestRule:
    """The rule of the weekly digest.

    Attributes:
        weekday: from 0, Monday.
        second: of the local day.
        tell: names of people who get it, at their mail addresses and webhooks.
    """

    weekday: int
    second: int
    tell: tuple[str, ...]


class Addressee(NamedTuple):
    """An addressee of one notice: a person at one address."""

    person: str
    url: str


@dataclass(frozen=True)
class NoticePolicy:
    """The policy of all notices; an empty one tells nobody.

    Attributes:
        people: by name.
        levels: a level without a rule tells nobody.
        quiet: None where no night is quiet.
        digest: None where there is none.
    """

    people: Mapping[str, Person] = field(default_factory=dict)
    levels: Mapping[AlarmLevel, LevelRule] = field(default_factory=dict)
    quiet: QuietHours | None = None
    digest: DigestRule | None = None

    def rule(self, level: AlarmLevel) -> LevelRule:
        """Return the rule of a level."""
        return self.levels.get(level, LevelRule())

    def addressees(self, names: tuple[str, ...]) -> Iterator[Addressee]:
        """Iterate over the addresses of people; who is not listed any more has none."""
        for name in dict.fromkeys(names):
            if person := self.people.get(name):
                yield from (Addressee(name, url) for url in person.urls)

    def has(self, addressee: Addressee) -> bool:
        """Return whether a person still has an address."""
        person = self.people.get(addressee.person)
        return person is not None and addressee.url in person.urls

    def earliest(self, level: AlarmLevel, at: float, calendar: OperatorCalendar) -> float:
        """Return the first moment, from one on, at which a notice of a level may leave."""
        if self.quiet is None or self.rule(level).nights == NightRule.WAKE:
            return at
        return morning(self.quiet, at, calendar)


def morning(quiet: QuietHours, at: float, calendar: OperatorCalendar) -> float:
    """Return the end of the quiet hours that a moment lies in; the moment itself outside them."""
    _, second = local(calendar.zone, at)
    start, end = quiet
    inside = start <= second < end if start < end else second >= start or second < end
    if not inside:
        return at
    day = calendar.day_of(at) + (second >= end)
    return calendar.moment(day, end)


def digest_moment(rule: DigestRule, calendar: OperatorCalendar, now: float) -> tuple[int, float]:
    """Return the Monday of the week that the last digest tells of, and when that was due.

    Returns:
        Day of the calendar on which the week before the due moment begins, and the moment.
    """
    today = calendar.day_of(now)
    monday = today - (today + 3) % WEEK  # 1970-01-01 was a Thursday
    due = calendar.moment(monday + rule.weekday, rule.second)
    if due > now:
        monday -= WEEK
        due = calendar.moment(monday + rule.weekday, rule.second)
    return monday - WEEK, due


def parse_clock(text: str) -> int | None:
    """Return the second of the day of a time such as 08:30; None for any other text."""
    hour, colon, minute = text.strip().partition(":")
    if not (colon and hour.isdecimal() and minute.isdecimal() and len(minute) == 2):  # noqa: PLR2004 (two digits)
        return None
    second = int(hour) * HOUR + int(minute) * MINUTE
    return second if int(minute) * MINUTE < HOUR and second < DAY else None
