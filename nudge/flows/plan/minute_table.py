"""Tables of the parts that all plans of one policy in one minute have in common."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from nudge.domain.choosing.choice import group_of, unit_of
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.contact.contact import Consent, ContactFacts
from nudge.domain.contact.contact_capacity import hours_of, limit
from nudge.domain.people.failures import FAILED_AT
from nudge.domain.slots.slot import Scalar
from nudge.domain.slots.window import SLOT
from nudge.domain.timing.batch_trials import UNTOLD, Batch, serve_batch
from nudge.domain.timing.plan_request import PlanRequest
from nudge.domain.timing.send_options_cache import SendOptionsCache
from nudge.domain.timing.shared_distribution import SharedDistribution, is_plain
from nudge.domain.timing.windows import Calendar
from nudge.flows.plan.bounded_cache import BoundedCache
from nudge.flows.plan.candidate import Candidate, make_decision_request
from nudge.store.service.catalogue import Catalogue

MINUTE: Final = 60.0
MOST_GROUPS: Final = 4096
"""Groups of visitors that are remembered; then all are forgotten."""
GroupKey = tuple[int, str, str, str, str, str, tuple[Scalar | None, ...], tuple[type, ...], str]
"""Key of a group of visitors who share a distribution: mark of the options that are left, the
group (holdout, usual, policy), unit, purpose, channel, API key, values of the slot's context and
their types, since a cell may tell 1 from true, and the content, which the record names."""


class MinuteTable:
    """The part that all plans of one policy in one minute have in common.

    Nothing is planned for the minute that runs: the sender has not heard of it yet.

    Attributes:
        served: slot of the send times, as it is served to a batch.
        source: the same, as it is served to one visitor.
        batch: plans made at this look.
        minute: seconds, the end of the minute.
        options: cache of what may be sent when.
        shared: cache of the distributions of groups.
    """

    def __init__(
        self, calendar: Calendar, served: LiveSlot, minute: float, batch: Batch = UNTOLD
    ) -> None:
        self.source, self.minute, self.batch = served, minute, batch
        self.served = serve_batch(served, batch)
        self.options = SendOptionsCache(
            calendar, served.windows, minute, first_day=batch.pilot > 0.0
        )
        self.shared: BoundedCache[GroupKey, SharedDistribution] = BoundedCache(MOST_GROUPS)
        self._plain = is_plain(served.slot)
        self._names = tuple(one.name for one in served.slot.context)
        self._limits: dict[tuple[str, str], int | None] = {}
        self._units: BoundedCache[tuple[str, str, Scalar | None], str] = BoundedCache(MOST_GROUPS)

    @property
    def calendar(self) -> Calendar:
        """Calendar of the contact policy."""
        return self.options.calendar

    def find_limit(self, purpose: str, channel: str) -> int | None:
        """Return the contacts from which on an hour is full for a purpose; None for no limit."""
        key = purpose, channel
        if key not in self._limits:
            self._limits[key] = limit(self.calendar.policy, purpose, channel)
        return self._limits[key]

    def count_places(
        self, purpose: str, channel: str, most: int, used: Mapping[int, int]
    ) -> Iterator[int]:
        """Yield for each possible window how many more contacts its hours carry.

        By the clock of visitors whose zone is not known, and who agreed to everything. An hour with
        `most` contacts is full; `used` counts those of each hour.
        """
        anybody = ContactFacts(consents=(Consent(channel, 0.0, given=True),))
        found = self.options.find_options(anybody, purpose, channel, self.minute, None)
        for window in found.allowed:
            hours = hours_of(found.find_moments(window))
            yield sum(max(0, most - used.get(hour, 0)) for hour in hours)

    def find_unit(self, wish: PlanRequest, context: Mapping[str, Scalar]) -> str:
        """Return the key that a visitor's plan sticks by."""
        key = wish.purpose, wish.channel, context.get(FAILED_AT)
        found = self._units.get(key)
        if found is None:
            unit = unit_of(self.served.slot, make_decision_request(wish), context)
            found = self._units.remember(key, unit)
        return found

    def find_group(
        self, candidate: Candidate, mark: int, source: str, holdout: float
    ) -> GroupKey | None:
        """Return the group of a candidate; None where the slot's rules look at each visitor alone.

        `mark` is of the options that are left, `source` the id of the API key, `holdout` the global
        share.
        """
        if not self._plain:
            return None
        wish, context = candidate.wish, candidate.context
        group = group_of(self.served.slot, candidate.opened.subject, holdout)
        values = tuple([context.get(name) for name in self._names])
        kinds = tuple(map(type, values))
        unit = candidate.unit
        told = candidate.content
        return mark, group, unit, wish.purpose, wish.channel, source, values, kinds, told


@dataclass
class LatestTable:
    """The latest table: it holds for a minute, and until the policy is another one.

    Attributes:
        last: None before the first plan.
    """

    last: MinuteTable | None = None

    def find_table(
        self, calendar: Calendar, catalogue: Catalogue, at: float, batch: Batch = UNTOLD
    ) -> MinuteTable:
        """Return the table of a moment's minute, for a batch; `at` in seconds."""
        served, minute, found = catalogue.slots[SLOT], end_of_minute(at), self.last
        if found is None or (found.minute, found.batch) != (minute, batch):
            found = None
        if found is None or found.source is not served:
            found = self.last = MinuteTable(calendar, served, minute, batch)
        return found


def end_of_minute(at: float) -> float:
    """Return the end of a moment's minute, in seconds."""
    return math.ceil(at / MINUTE) * MINUTE
