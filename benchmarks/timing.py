"""When to send an SMS: what the shipped slot learns in three months, against the world's truth.

    python -m benchmarks timing [--customers N] [--capacity SHARE] [--seeds N]
                                [--floor PROPENSITY] [--half-life DURATION]

Runs the service's own code (see `lifts_service`) with `sms_timing` and the contact policy as they
ship, on a store whose clock is moved (`moved_clock`). On the first day of each month every customer
is planned once, in one go, as a scheduler does it with its file: who is planned then is planned by
what was learned in the months before, and in the first month by the operator's own window, with
some trials. At the time of the plan `sms_sent` goes out, and with the world's probability a payment
follows. Folds and learner run through the month; the publisher publishes every day.

The ratios are means over the customers whom the policy served, of the world's own probability in
the window that they were given: no luck is in them. `fallback` is what the operator's own window
would bring, `personal` what each customer's own best window would, `single` what the one window
that is best for all would, and `floor` the best that any policy can do which shows each window with
the least propensity of a plan.

With `--capacity` a fourth month is planned, and not sent, whose gateway can carry this share of the
customers: which of them find room?

The exit code is 1 where, in the mean over the seeds, a month does not reach its bound: the first
.98 of the operator's own window, the second 1.15 of the best single window, the third 1.18. These
are for 200,000 customers; with fewer each month has to reach .95 of the operator's own window. It
is 1 as well where the interval for every look misses the truth.
"""

from __future__ import annotations

import gc
import logging
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import structlog

from bandits.inference import fixed, sequence
from bandits.inference.arm_sums import ArmSums
from bandits.inference.holdout import HOLDOUT, POLICY
from bandits.inference.interval import Estimate
from benchmarks.options import option_parser
from benchmarks.timing_months import (
    BATCH,
    DAY,
    MONTHS,
    Month,
    Operator,
    mobile_first,
    period_of,
    played,
    shipped,
    short_of,
)
from nudge.domain.reports.questions import EVER
from nudge.domain.slots.slot import Slot
from nudge.domain.slots.window import SLOT
from nudge.domain.timing.plan_request import SMS

BASELINE: Final = "holdout"
CUSTOMERS: Final = 200_000
SMALL: Final = 40
SELDOM: Final = 60
WANTED: Final = (("fallback", 0.98), ("single", 1.15), ("single", 1.18))
"""For each month the window that it is compared with, and the least ratio."""
SAFE: Final = (("fallback", 0.95),) * 3
"""Bounds with fewer customers, of whom less can be learned."""


@dataclass(frozen=True)
class Lift:
    """Policy against holdout, in a month or in all.

    Attributes:
        name: of the month, or of all.
        given: the world's mean for those whom the policy served.
        fallback: the same, had they been given the fallback.
        sums: of policy and holdout, from the lake.
    """

    name: str
    given: float
    fallback: float
    sums: ArmSums

    @property
    def truth(self) -> float:
        """By how much what was given is better, an SMS."""
        return self.given - self.fallback

    @property
    def look(self) -> Estimate:
        """Policy minus holdout, for one look."""
        return fixed.difference(self.sums, POLICY, HOLDOUT)

    @property
    def always(self) -> Estimate:
        """The same for every look."""
        return sequence.difference(self.sums, POLICY, HOLDOUT, unit=1.0)

    @property
    def share(self) -> Estimate:
        """The lift as the report has it: a share of the holdout's, for one look."""
        return fixed.lift(self.sums, POLICY, HOLDOUT)


def lifts_of(operator: Operator) -> list[Lift]:
    """The lift in each month and in all of them."""
    months, service = operator.months, operator.service
    weights = [one.served for one in months]
    means = (np.average([(m.given, m.fallback) for m in months], axis=0, weights=weights)).tolist()
    asked = [(f"month {i}", one.given, one.fallback, one.period) for i, one in enumerate(months, 1)]
    return [
        Lift(name, given, fallback, service.sums(SLOT, period))
        for name, given, fallback, period in (*asked, ("all", *means, EVER))
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
    """A line of the lifts' table; points are hundredths of a payment an SMS, lifts are percent."""
    policy, holdout = (100.0 * x for x in one.sums.table.mean().tolist())
    share = one.given / one.fallback - 1.0
    truths = ((one.look, one.truth), (one.always, one.truth), (one.share, share))
    told = "  ".join(
        f"{100 * x.value:+6.2f} ({100 * x.low:+6.2f} to {100 * x.high:+6.2f}) {100 * truth:+6.2f}"
        f" {'yes' if x.contains(truth) else 'NO':>3}"
        for x, truth in truths
    )
    shown_to = one.sums.table.shown.tolist()
    return (
        f"  {one.name:8} {shown_to[POLICY]:9,.0f} {shown_to[HOLDOUT]:8,.0f} {policy:7.2f}"
        f" {holdout:7.2f}  {told}"
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
    """Print policy against holdout, as the lake has them, and which intervals have the truth."""
    print("  payments in a hundred SMS, counted; behind each interval the truth: is it covered?")
    heads = ("difference, one look", "difference, every look", "lift in percent, one look")
    told = "  ".join(f"{x:36}" for x in heads)
    print(f"  {'':8} {'policy':>9} {BASELINE:>8} {'policy':>7} {BASELINE:>7}  {told}")
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
    parser = option_parser("timing", __doc__)
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--capacity", type=float, help="share of the customers, in one more month")
    parser.add_argument("--floor", type=float, help="of the policy, instead of the slot's own")
    parser.add_argument("--half-life", help="of the policy, such as 180d or never")
    parser.add_argument("--batch", type=int, default=BATCH, help="customers of one call")
    parser.add_argument("--every", type=int, default=DAY, help="steps between two publications")
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=int, default=1, help="number of seeds")
    asked = parser.parse_args(given)
    if asked.small:
        asked.customers, asked.every = SMALL, SELDOM
    return asked


def slot_of(asked: Namespace) -> Slot:
    """The slot as it ships, but for the options."""
    slot = shipped()
    if asked.floor is not None:
        slot = replace(slot, floor=asked.floor)
    if asked.half_life is not None:
        slot = replace(slot, policy={**slot.policy, "half_life": asked.half_life})
    return slot


def _played(directory: Path, asked: Namespace, seed: int) -> Iterator[Operator]:
    slot = slot_of(asked)
    pace = {"batch": asked.batch, "every": asked.every}
    return played(directory, asked.customers, seed=seed, **pace, slot=slot)


def play_seed(asked: Namespace, seed: int) -> tuple[list[Month], bool]:
    """Play the months of one seed and print them.

    Returns:
        The months, and whether the interval for every look holds the truth.
    """
    began = time.perf_counter()
    print(f"{asked.customers:,} customers, {MONTHS} months, seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="nudge-timing-") as name:
        for operator in _played(Path(name), asked, seed):
            took = time.perf_counter() - began
            print(f"  month {len(operator.months)} over after {took:,.0f} s", flush=True)
            if len(operator.months) < MONTHS:
                continue
            lifts = lifts_of(operator)
            print_months(operator)
            print_lifts(lifts)
            if asked.capacity is not None:
                print_mobile_first(operator, asked.capacity)
            print(f"  {time.perf_counter() - began:,.0f} s", flush=True)
            return list(operator.months), lifts[-1].always.contains(lifts[-1].truth)
    return [], False


def print_bounds(played: Sequence[Sequence[Month]], wanted: Sequence[tuple[str, float]]) -> bool:
    """Print the mean ratio of each month beside its bound; return whether all are reached."""
    reached = True
    for number, (name, least) in enumerate(wanted):
        ratios = [months[number].given / getattr(months[number], name) for months in played]
        mean = float(np.mean(ratios))
        told = f"{mean:.3f} (least {min(ratios):.3f}), wanted {least:.2f}"
        print(f"  month {number + 1} / {name}: {told}{'' if mean >= least else '  MISSED'}")
        reached = reached and mean >= least
    return reached


def main(arguments: Sequence[str] = ()) -> int:
    """Print the tables; 1 where the claim does not hold."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    asked = options(arguments)
    # Millions of small things live as long as the run: to look for garbage among them takes longer
    # than to make them.
    gc.set_threshold(100_000, 50, 1_000)
    found = [play_seed(asked, asked.seed + number) for number in range(asked.seeds)]
    wanted = WANTED if asked.customers >= CUSTOMERS else SAFE
    reached = print_bounds([months for months, _ in found], wanted)
    return 0 if reached and all(covered for _, covered in found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
