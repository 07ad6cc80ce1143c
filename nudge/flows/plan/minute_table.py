"""What is the same for all who are planned with one policy in one minute."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Final, Protocol

from nudge.domain.choosing.choice import held_out, unit_of
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.contact.contact import Consent, ContactFacts
from nudge.domain.contact.contact_capacity import hours_of, limit
from nudge.domain.people.failures import FAILED_AT
from nudge.domain.slots.slot import Scalar
from nudge.domain.timing.plan_request import PlanRequest
from nudge.domain.timing.send_options import SendOptions, SendOptionsCache
from nudge.domain.timing.shared_distribution import SharedDistribution, is_plain
from nudge.domain.timing.windows import Calendar
from nudge.flows.plan.candidate import Candidate, ask_of

MINUTE: Final = 60.0
MOST_ALIKE: Final = 4096
"""Groups of customers that are remembered; then all are forgotten."""


class PlanCaller(Protocol):
    """Who asks."""

    @property
    def holdout(self) -> float:
        """Global share."""
        ...

    @property
    def source(self) -> str:
        """Id of the API key."""
        ...


class MinuteTable:
    """What is the same for all who are planned with one policy in one minute.

    Nothing is planned for the minute that runs: whoever is to send has not been told yet.

    Attributes:
        served: the slot.
        chances: what is possible.
        minute: seconds, the end of the minute.
    """

    def __init__(self, calendar: Calendar, served: LiveSlot, minute: float) -> None:
        self.served, self.minute = served, minute
        self.chances = SendOptionsCache(calendar, served.windows, minute)
        self.plain = is_plain(served.slot)
        self._names = tuple(one.name for one in served.slot.context)
        self._limits: dict[tuple[str, str], int | None] = {}
        self._alike: dict[object, SharedDistribution] = {}
        self._units: dict[object, str] = {}

    @property
    def calendar(self) -> Calendar:
        """Of the contact policy."""
        return self.chances.calendar

    def limit(self, purpose: str, channel: str) -> int | None:
        """Contacts from which on an hour is full for a purpose; None for no limit."""
        key = purpose, channel
        if key not in self._limits:
            self._limits[key] = limit(self.calendar.policy, purpose, channel)
        return self._limits[key]

    def rooms(
        self, purpose: str, channel: str, most: int, used: Mapping[int, int]
    ) -> Iterator[int]:
        """For each window that is possible: how many more contacts its hours carry.

        By the clock of those whose zone is not known, and of those who agreed to everything.
        """
        anybody = ContactFacts(consents=(Consent(channel, 0.0, given=True),))
        chance = self.chances.of(anybody, purpose, channel, self.minute, None)
        for intervals in chance.allowed.values():
            yield sum(max(0, most - used.get(hour, 0)) for hour in hours_of(intervals))

    def unit(self, wish: PlanRequest, context: Mapping[str, Scalar]) -> str:
        """What a customer's plan sticks by."""
        key = wish.purpose, wish.channel, context.get(FAILED_AT)
        found = self._units.get(key)
        if found is None:
            if len(self._units) >= MOST_ALIKE:
                self._units.clear()
            found = self._units[key] = unit_of(self.served.slot, ask_of(wish), context)
        return found

    def alike(
        self,
        case: Candidate,
        left: SendOptions,
        by: PlanCaller,
        alone: Callable[[], SharedDistribution],
    ) -> SharedDistribution:
        """What customers like this one come to.

        Args:
            case: the customer.
            left: what is possible.
            by: who asks, and for what share of the holdout.
            alone: computes it for this one.
        """
        if not self.plain:
            return alone()
        wish, context = case.wish, case.context
        held = held_out(self.served.slot, case.opened.subject, by.holdout)
        values = tuple([context.get(name) for name in self._names])
        # By kind as well: a cell may tell 1 from true.
        kinds = tuple(map(type, values))
        of = left.mark, held, case.unit, wish.purpose, wish.channel, by.source
        found = self._alike.get((of, values, kinds))
        if found is None:
            if len(self._alike) >= MOST_ALIKE:
                self._alike.clear()
            found = self._alike[of, values, kinds] = alone()
        return found


def minute_of(at: float) -> float:
    """The end of a moment's minute, in seconds."""
    return math.ceil(at / MINUTE) * MINUTE
