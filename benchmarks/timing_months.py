"""Months of reminders: an operator plans, its gateway sends, customers pay, the service learns."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks.folds import served
from benchmarks.lifts_service import Service
from benchmarks.moved_clock import MovedClock, moved_clock
from benchmarks.timing_world import Customers, answers, number_of
from nudge.config.documents.contact_file import load_contact
from nudge.config.slot_file import load_slots
from nudge.config.window_value import windows_of
from nudge.domain.contact.contact_calendar import calendar_intervals
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.reports.questions import Period
from nudge.domain.slots.slot import Slot
from nudge.domain.slots.window import SLOT, windows_for
from nudge.domain.timing.batch_trials import LEAST_SHARE, Batch
from nudge.domain.timing.plan_request import REMINDER, SMS, PlanAnswer, PlanRequest
from nudge.domain.timing.windows import Calendar
from nudge.flows.plan import Planner
from nudge.settings.settings import load

CONFIG: Final = Path("config")
MONTHS: Final = 3
ZONE: Final = ZoneInfo("Asia/Shanghai")
YEAR, FIRST = 2026, 6
"""June, July and August of 2026."""
HOUR: Final = 3600.0
PLANNED: Final = 4 * HOUR
"""Behind midnight of the first, when a month is planned: behind the last payment for the SMS of the
evening before, and ahead of the first hour in which an SMS may go out."""
STEP: Final = 6 * HOUR
"""Seconds of events that are told together; each has its own time."""
DAY: Final = 4
"""Steps between two publications."""
BATCH: Final = 500


@dataclass(frozen=True)
class Month:
    """The result of one month.

    Attributes:
        period: from its first second to the next one's.
        planned: customers with a time, the holdout among them.
        served: of these, whom the policy served.
        given: mean probability in the windows that these were given.
        fallback: the same in the slot's fallback.
        personal: the same in the best window of each.
        single: the same in the one window that is best for all of them.
        floor: the same for the best distribution that keeps the slot's floor.
        uniform: the same where every window is as likely.
        shares: window -> share of them that were given it.
    """

    period: Period
    planned: int
    served: int
    given: float
    fallback: float
    personal: float
    single: float
    floor: float
    uniform: float
    shares: dict[str, float]

    @classmethod
    def of(
        cls,
        customers: Customers,
        timings: Sequence[PlanAnswer],
        period: Period,
        usual: str,
        least: float,
    ) -> Month:
        """The month of these plans.

        Args:
            customers: of the world.
            timings: all answers of the month.
            period: of the month.
            usual: the slot's fallback.
            least: propensity that each window keeps.
        """
        found = [t for t in timings if t.window is not None and t.reason == "policy"]
        names = customers.windows
        place = np.array([names.index(str(t.window)) for t in found])
        rows = customers.truths[[number_of(t.visitor_id) for t in found]]
        best = rows.max(axis=1)
        return cls(
            period=period,
            planned=sum(t.send_at is not None for t in timings),
            served=len(found),
            given=float(rows[np.arange(len(found)), place].mean()),
            fallback=float(rows[:, names.index(usual)].mean()),
            personal=float(best.mean()),
            single=float(rows.mean(axis=0).max()),
            floor=float((least * rows.sum(axis=1) + (1.0 - least * len(names)) * best).mean()),
            uniform=float(rows.mean()),
            shares={name: float((place == i).mean()) for i, name in enumerate(names)},
        )

    @property
    def lift(self) -> float:
        """By how much what was given is better than the fallback, a customer."""
        return self.given - self.fallback


@dataclass(frozen=True)
class MobileFirst:
    """Shares of those who found room where capacity was short.

    Attributes:
        customers: who were asked for.
        mobile: share planned in time of those who have used the mobile channels.
        others: of the others.
    """

    customers: int
    mobile: float
    others: float


@dataclass
class Operator:
    """A scheduler, a gateway and its customers, at a service with a moved clock.

    Attributes:
        service: all of it.
        clock: of its store.
        customers: who agreed to SMS.
        policy: on contacts.
        seed: of what customers do.
        batch: customers of one call.
        every: steps between two publications.
        months: what became of each.
    """

    service: Service
    clock: MovedClock
    customers: Customers
    policy: ContactPolicy
    seed: int
    batch: int = BATCH
    every: int = DAY
    months: list[Month] = field(default_factory=list)

    def begin(self) -> None:
        """Tell the service who agreed."""
        self.service.record(self.customers.agreements(), self.clock.now)
        self.service.learn()

    def month(self, number: int) -> Month:
        """Plan a month, let it pass, and archive it."""
        period = period_of(number)
        timings = self.plan(number, self.policy)
        self._pass(timings, number, end_of(period) + PLANNED)
        self.service.archive()
        slot = self.service.slot(SLOT)
        usual, least = slot.fallback_for(REMINDER), slot.floor * LEAST_SHARE
        self.months.append(Month.of(self.customers, timings, period, usual, least))
        return self.months[-1]

    def plan(self, number: int, policy: ContactPolicy) -> list[PlanAnswer]:
        """The answers to a scheduler who asks for everybody, ahead of a month's first morning.

        As `nudge plan` does: where the gateway's hours may not suffice, those come first of whom
        the policy expects the most.
        """
        start = start_of(number) + PLANNED
        self.clock.move(start)
        service, wishes = self.service, self.customers.wishes
        sealer, holdout = service.decider.sealer, service.settings.holdout
        planner = Planner(service.store, sealer, holdout, Calendar(policy))
        batch = Batch(len(wishes))
        if planner.is_short(service.catalogue, REMINDER, SMS, len(wishes), start):
            gains = [
                gain
                for some in self._batches(wishes)
                for gain in planner.gains(service.catalogue, some, "scheduler", start, batch)
            ]
            wishes = [wishes[i] for i in np.argsort(-np.array(gains), kind="stable")]
        return [
            timing
            for some in self._batches(wishes)
            for timing in planner.plan_each(service.catalogue, some, "scheduler", start, batch)
        ]

    def _batches(self, wishes: Sequence[PlanRequest]) -> Iterator[Sequence[PlanRequest]]:
        return (wishes[low : low + self.batch] for low in range(0, len(wishes), self.batch))

    def _pass(self, timings: Sequence[PlanAnswer], month: int, end: float) -> None:
        """Tell what is sent and paid, a step at a time; the learner publishes now and then."""
        told = answers(self.customers, timings, month, self.seed)
        times = [at for at, _ in told]
        first, steps = 0, 0
        while self.clock.now < end:
            self.clock.move(min(end, self.clock.now + STEP))
            behind = bisect_right(times, self.clock.now)
            self.service.record([sent for _, sent in told[first:behind]], self.clock.now)
            first, steps = behind, steps + 1
            if steps % self.every == 0 or self.clock.now >= end:
                self.service.learn()


def start_of(number: int) -> float:
    """The first second of the nth month, from 0."""
    year, month = divmod(FIRST - 1 + number, 12)
    return datetime(YEAR + year, month + 1, 1, tzinfo=ZONE).timestamp()


def end_of(period: Period) -> float:
    """The second behind a month."""
    return float(period.end or 0.0)


def period_of(number: int) -> Period:
    """The nth month."""
    return Period(start_of(number), start_of(number + 1))


def short_of(policy: ContactPolicy, share: float, customers: int, period: Period) -> ContactPolicy:
    """The policy whose gateway can carry a share of the customers in a month.

    The hours in which reminders may go out are all equal, whichever of them are wanted.
    """
    open_for = calendar_intervals(
        policy, policy.zone, REMINDER, SMS, float(period.start or 0.0), end_of(period)
    )
    hours = sum(end - start for start, end in open_for) / HOUR
    hourly = share * customers / hours / policy.purposes[REMINDER].share
    channel = replace(policy.channels[SMS], capacity=max(1, round(hourly)))
    return replace(policy, channels={**policy.channels, SMS: channel})


def mobile_first(
    customers: Customers, timings: Sequence[PlanAnswer], period: Period
) -> MobileFirst:
    """Which customers were planned within the month, of those who were asked for."""
    groups: dict[bool, list[bool]] = {True: [], False: []}
    for one in timings:
        in_time = one.send_at is not None and one.send_at < end_of(period)
        groups[one.visitor_id in customers.mobile].append(in_time)
    mobile, others = (float(np.mean(groups[x])) if groups[x] else 0.0 for x in (True, False))
    return MobileFirst(len(timings), mobile, others)


def shipped() -> Slot:
    """The slot as it ships."""
    return load_slots(CONFIG / "slots")[SLOT]


def reminder_windows(slot: Slot) -> tuple[str, ...]:
    """The windows in which a reminder may go out, in the slot's order."""
    return tuple(windows_for(windows_of(slot), REMINDER))


def played(
    directory: Path,
    customers: int,
    *,
    seed: int = 1,
    batch: int = BATCH,
    every: int = DAY,
    slot: Slot | None = None,
) -> Iterator[Operator]:
    """The operator behind each month, of an installation of its own.

    Args:
        directory: for its lake.
        customers: how many.
        seed: of what they are and do.
        batch: customers of one call.
        every: steps between two publications.
        slot: of the timing; None: as it ships.
    """
    settings = replace(load({"NUDGE_DATA_DIR": str(directory)}), namespace="timing", redis_url=None)
    slot, policy = slot or shipped(), load_contact(CONFIG)
    people = Customers.drawn(customers, reminder_windows(slot), seed)
    with served() as store, moved_clock(store.client, start_of(0)) as moving:
        service = Service.of(store.client, settings, [slot])
        operator = Operator(service, moving, people, policy, seed, batch, every)
        operator.begin()
        for number in range(MONTHS):
            operator.month(number)
            yield operator
