"""The contact policy of an installation: who may be contacted, when and how often.

Values only; the rules are in `contact_rules`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Literal
from zoneinfo import ZoneInfo

from bandits.units import DAY
from nudge.domain.basics.local_time import find_zone
from nudge.domain.contact.contact import ContactFacts


@dataclass(frozen=True)
class Purpose:
    """What contacts are made for.

    Attributes:
        name: of the purpose.
        priority: what is higher goes first, and displaces what is planned and lower.
        exempt: transactional: no rule applies to it, and it counts towards no cap.
        share: of an hour's capacity, from 0 to 1: when so much is used, by whatever purpose, this
            one finds no room. What is left is for those with a larger share.
    """

    name: str
    priority: int = 0
    exempt: bool = False
    share: float = 1.0


@dataclass(frozen=True)
class Channel:
    """A way out to customers.

    Attributes:
        name: of the channel.
        consent: `required`: the latest word must be a yes; `unless_refused`: it must not be a no.
        quiet: local hours in which nothing goes out: seconds of the day, from (in it) and to (not
            in it), from 0 to 86,400; from above to spans midnight.
        capacity: contacts in each hour; None for no limit.
    """

    name: str
    consent: Literal["required", "unless_refused"]
    quiet: tuple[tuple[int, int], ...] = ()
    capacity: int | None = None

    @property
    def quiet_parts(self) -> tuple[tuple[int, int], ...]:
        """Quiet hours as parts of one local day: none of them spans midnight."""
        parts: list[tuple[int, int]] = []
        for start, end in self.quiet:
            parts += [(start, end)] if start < end else [(start, DAY), (0, end)]
        return tuple(parts)


@dataclass(frozen=True)
class Holidays:
    """Days on which nothing goes out. A date in both lists is forbidden.

    Attributes:
        country: ISO 3166 code, whose public holidays are forbidden; None for no country's.
        region: of the country, for holidays of its own.
        forbidden: further dates.
        allowed: dates that are neither a holiday nor of a forbidden weekday, whatever they are.
    """

    country: str | None = None
    region: str | None = None
    forbidden: frozenset[date] = frozenset()
    allowed: frozenset[date] = frozenset()


@dataclass(frozen=True)
class Caps:
    """The most contacts over all channels, by the customer's local calendar; None for no limit.

    Attributes:
        day: in a local day, from midnight to midnight; at least 1.
        week: in an ISO week, Monday to Sunday; at least 1.
        month: in a calendar month; at least 1.
    """

    day: int | None = None
    week: int | None = None
    month: int | None = None


@dataclass(frozen=True)
class ContactPolicy:
    """The rules of an installation.

    Attributes:
        zone: of customers whose own is not known.
        channels: name -> channel.
        purposes: name -> purpose.
        caps: how often.
        spacing: seconds between any two contacts, at least.
        weekdays: on which contacts may be made, 0 is Monday.
        holidays: on which none are.
        complaint_pause: seconds without contacts after a complaint; infinite: never again.
    """

    zone: ZoneInfo
    channels: Mapping[str, Channel]
    purposes: Mapping[str, Purpose]
    caps: Caps = Caps()
    spacing: float = 0.0
    weekdays: frozenset[int] = frozenset(range(7))
    holidays: Holidays = Holidays()
    complaint_pause: float = 0.0

    def zone_of(self, known: ContactFacts) -> ZoneInfo:
        """The customer's time zone."""
        return find_zone(known.zone) or self.zone

    @cached_property
    def exempt(self) -> frozenset[str]:
        """The purposes to which no rule applies."""
        return frozenset(name for name, one in self.purposes.items() if one.exempt)

    def priority(self, purpose: str) -> float:
        """A purpose's priority; one that is not known gives way to none."""
        found = self.purposes.get(purpose)
        return math.inf if found is None else found.priority
