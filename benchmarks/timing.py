"""When to send an SMS: what the shipped slot learns in three months, against the world's truth.

    python -m benchmarks timing [--customers N] [--capacity SHARE] [--floor PROPENSITY]

Runs the service's own code (see `lifts_service`) with `sms_timing` and the contact policy as they
ship, on a store whose clock is moved (`moved_clock`). On the first day of each month every customer
is planned once, in one go, as a scheduler does it with its file: who is planned then is planned by
what was learned in the months before, and in the first month by nothing. At the time of the plan
`sms_sent` goes out, and with the world's probability a payment follows. Folds and learner run
through the month; the publisher publishes every day.

The ratios are means over the customers whom the policy served, of the world's own probability in
the window that they were given: no luck is in them. `personal` is what each customer's own best
window would bring, `single` what the one window that is best for all would, and `floor` the best
that any policy can do which shows each window with the slot's least propensity.

With `--capacity` a fourth month is planned, and not sent, whose gateway can carry this share of the
customers: which of them find room?

The exit code is 1 where the last month does not reach 95 % of the best single window, or the
interval for every look misses the truth.
"""

from __future__ import annotations

import gc
import logging
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from unittest.mock import patch
from zoneinfo import ZoneInfo

import numpy as np
import structlog

from bandits.inference import fixed, sequence
from bandits.inference.arm_sums import ArmSums
from bandits.inference.holdout import HOLDOUT, POLICY
from bandits.inference.interval import Estimate
from benchmarks.folds import served
from benchmarks.lifts_service import Service
from benchmarks.moved_clock import MovedClock, moved_clock
from benchmarks.timing_world import Customers, answers, number_of
from nudge.domain.contact_calendar import calendar_intervals
from nudge.domain.contact_file import load_contact
from nudge.domain.contact_policy import ContactPolicy
from nudge.domain.learning import learner_config
from nudge.domain.planning import REMINDER, SMS, Timing
from nudge.domain.questions import EVER, Period
from nudge.domain.slot_file import load_slots
from nudge.domain.window import SLOT
from nudge.domain.windows import Calendar
from nudge.flows.plan import Planner
from nudge.lake import shown
from nudge.settings import load

CONFIG: Final = Path("config")
CUSTOMERS: Final = 200_000
MONTHS: Final = 3
WANTED: Final = 0.95
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
LOOKBACK: Final = timedelta(days=70)
"""How far a plan's decision may lie before its exposure, with slack. The lake looks for it nine
days back (`nudge.lake.shown`), and a report knows nothing of who was sent an SMS later than that:
until it looks further, this benchmark has it do so."""


@dataclass(frozen=True)
class Month:
    """What became of one month.

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
        timings: Sequence[Timing],
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
            least: the floor of its policy.
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
    """Who found room where capacity was short.

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
        usual, least = slot.fallback_for(REMINDER), learner_config(slot).policy.floor
        self.months.append(Month.of(self.customers, timings, period, usual, least))
        return self.months[-1]

    def plan(self, number: int, policy: ContactPolicy) -> list[Timing]:
        """The answers to a scheduler who asks for everybody, ahead of a month's first morning."""
        start = start_of(number) + PLANNED
        self.clock.move(start)
        service, wishes = self.service, self.customers.wishes
        sealer, holdout = service.decider.sealer, service.settings.holdout
        planner = Planner(service.client, service.keys, sealer, holdout, Calendar(policy))
        return [
            timing
            for low in range(0, len(wishes), self.batch)
            for timing in planner.plan_each(
                service.catalogue, wishes[low : low + self.batch], "scheduler", start
            )
        ]

    def _pass(self, timings: Sequence[Timing], month: int, end: float) -> None:
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


def mobile_first(customers: Customers, timings: Sequence[Timing], period: Period) -> MobileFirst:
    """Which customers were planned within the month, of those who were asked for."""
    groups: dict[bool, list[bool]] = {True: [], False: []}
    for one in timings:
        in_time = one.send_at is not None and one.send_at < end_of(period)
        groups[one.visitor_id in customers.mobile].append(in_time)
    mobile, others = (float(np.mean(groups[x])) if groups[x] else 0.0 for x in (True, False))
    return MobileFirst(len(timings), mobile, others)


def played(
    directory: Path,
    customers: int,
    *,
    seed: int = 1,
    batch: int = BATCH,
    every: int = DAY,
    floor: float | None = None,
) -> Iterator[Operator]:
    """The operator behind each month, of an installation of its own.

    Args:
        directory: for its lake.
        customers: how many.
        seed: of what they are and do.
        batch: customers of one call.
        every: steps between two publications.
        floor: of the slot's policy; None: as it ships.
    """
    settings = replace(load({"NUDGE_DATA_DIR": str(directory)}), namespace="timing", redis_url=None)
    slot, policy = load_slots(CONFIG / "slots")[SLOT], load_contact(CONFIG)
    slot = slot if floor is None else replace(slot, floor=floor)
    people = Customers.drawn(customers, slot.names, seed)
    with served() as client, moved_clock(client, start_of(0)) as moving:
        service = Service.of(client, settings, [slot])
        operator = Operator(service, moving, people, policy, seed, batch, every)
        operator.begin()
        for number in range(MONTHS):
            operator.month(number)
            yield operator


@dataclass(frozen=True)
class Lift:
    """Policy against holdout, in a month or in all.

    Attributes:
        name: of the month, or of all.
        truth: the world's.
        sums: of policy and holdout, from the lake.
    """

    name: str
    truth: float
    sums: ArmSums

    @property
    def look(self) -> Estimate:
        """Policy minus holdout, for one look."""
        return fixed.difference(self.sums, POLICY, HOLDOUT)

    @property
    def always(self) -> Estimate:
        """The same for every look."""
        return sequence.difference(self.sums, POLICY, HOLDOUT, unit=1.0)


def lifts_of(operator: Operator) -> list[Lift]:
    """The lift in each month and in all of them."""
    months, service = operator.months, operator.service
    truth = sum(one.served * one.lift for one in months) / sum(one.served for one in months)
    asked = [(f"month {i}", one.lift, one.period) for i, one in enumerate(months, 1)]
    with patch.object(shown, "LOOKBACK", LOOKBACK):
        return [
            Lift(name, known, service.sums(SLOT, period))
            for name, known, period in (*asked, ("all", truth, EVER))
        ]


def month_line(number: int, one: Month) -> str:
    """A line of the months' table: a hundred times the probabilities, and ratios."""
    means = (one.given, one.uniform, one.fallback, one.single, one.personal, one.floor)
    told = " ".join(f"{100.0 * x:8.2f}" for x in means)
    ratios = (one.given / x for x in (one.single, one.personal, one.floor))
    told += " ".join(f"{x:9.3f}" for x in ratios)
    return f"  {number:5} {one.planned:8,} {one.served:8,} {told}"


def shares_line(number: int, one: Month) -> str:
    """A line of the windows' table."""
    told = " ".join(f"{100.0 * share:13.1f}" for share in one.shares.values())
    return f"  {number:5} {told}"


def lift_line(one: Lift) -> str:
    """A line of the lifts' table; points are hundredths of a payment an SMS."""
    policy, holdout = (100.0 * x for x in one.sums.table.mean().tolist())
    look, always = (
        f"{100 * x.value:+6.2f} ({100 * x.low:+6.2f} to {100 * x.high:+6.2f})"
        for x in (one.look, one.always)
    )
    shown = one.sums.table.shown.tolist()
    covers = [one.look.contains(one.truth), one.always.contains(one.truth)]
    told = " ".join(f"{'yes' if x else 'NO':>5}" for x in covers)
    return (
        f"  {one.name:8} {shown[POLICY]:9,.0f} {shown[HOLDOUT]:8,.0f} {policy:7.2f} {holdout:7.2f}"
        f"  {look}  {always} {100 * one.truth:+7.2f}  {told}"
    )


def print_months(operator: Operator) -> None:
    """Print what became of the months."""
    print("  payments in a hundred SMS, in truth; then given as a share of the last three")
    heads = ("given", "uniform", "fallback", "single", "personal", "floor")
    ratios = ("/single", "/personal", "/floor")
    told = " ".join(f"{x:>8}" for x in heads) + " ".join(f"{x:>9}" for x in ratios)
    print(f"  {'month':5} {'planned':>8} {'served':>8} {told}")
    for number, one in enumerate(operator.months, 1):
        print(month_line(number, one))
    print("  share of each window, %")
    print(f"  {'month':5} " + " ".join(f"{x:>13}" for x in operator.customers.windows))
    for number, one in enumerate(operator.months, 1):
        print(shares_line(number, one))


def print_lifts(lifts: Sequence[Lift]) -> None:
    """Print policy against holdout, as the lake has them."""
    print(
        "  payments in a hundred SMS, counted: policy against holdout, for one look and for every"
    )
    print(
        f"  {'':8} {'policy':>9} {'holdout':>8} {'policy':>7} {'holdout':>7}"
        f"  {'difference':25}  {'for every look':25} {'truth':>6}  {'covered by':>11}"
    )
    for one in lifts:
        print(lift_line(one))


def print_mobile_first(operator: Operator, share: float) -> None:
    """Plan one more month with short capacity, and print who found room."""
    period = period_of(MONTHS)
    policy = short_of(operator.policy, share, len(operator.customers.people), period)
    found = mobile_first(operator.customers, operator.plan(MONTHS, policy), period)
    print(
        f"  mobile first: {policy.channels[SMS].capacity} SMS an hour, for {share:.0%} of"
        f" {found.customers:,} customers: planned in time {found.mobile:.1%} of those who used the"
        f" mobile channels, {found.others:.1%} of the others"
    )


def options(given: Sequence[str]) -> Namespace:
    """The options of the command line."""
    parser = ArgumentParser(prog="python -m benchmarks timing")
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--capacity", type=float, help="share of the customers, in one more month")
    parser.add_argument("--floor", type=float, help="of the policy, instead of the slot's own")
    parser.add_argument("--batch", type=int, default=BATCH, help="customers of one call")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(given)


def _played(directory: Path, asked: Namespace) -> Iterator[Operator]:
    return played(directory, asked.customers, seed=asked.seed, batch=asked.batch, floor=asked.floor)


def main(argv: Sequence[str] = ()) -> int:
    """Print the tables; 1 where the claim does not hold."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    asked, began = options(argv), time.perf_counter()
    # Millions of small things live as long as the run: to look for garbage among them takes longer
    # than to make them.
    gc.set_threshold(100_000, 50, 1_000)
    with tempfile.TemporaryDirectory(prefix="nudge-timing-") as name:
        print(f"{asked.customers:,} customers, {MONTHS} months, seed {asked.seed}", flush=True)
        for operator in _played(Path(name), asked):
            took = time.perf_counter() - began
            print(f"  month {len(operator.months)} over after {took:,.0f} s", flush=True)
            if len(operator.months) < MONTHS:
                continue
            lifts = lifts_of(operator)
            print_months(operator)
            print_lifts(lifts)
            if asked.capacity is not None:
                print_mobile_first(operator, asked.capacity)
            print(f"  {time.perf_counter() - began:,.0f} s")
            last, all_in_all = operator.months[-1], lifts[-1]
            reached = last.given >= WANTED * last.single
            return 0 if reached and all_in_all.always.contains(all_in_all.truth) else 1
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
