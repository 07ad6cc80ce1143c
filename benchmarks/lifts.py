"""The lift of each shipped slot over its holdout, in a world with a written truth.

    python -m benchmarks lifts [--slots banner,prefill] [--seed N]

Runs the service's own code (see `lifts_service`) with the five slots as they ship, each with its
own visitors. After every 1,000 the learner publishes. In the end the lake is asked what the
policy's visitors did against what the holdout did, with the interval for one look and the one for
every look. The truth beside it is the world's, and knows nothing of a learner: over the visitors
whom the policy served, the probability under what they were shown less that under the fallback.

The exit code is 1 where an interval is not above zero.
"""

from __future__ import annotations

import logging
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import structlog

from bandits.inference import fixed, sequence
from bandits.inference.arm_sums import ArmSums
from bandits.inference.holdout import HOLDOUT, POLICY
from bandits.inference.interval import Estimate
from benchmarks.folds import served
from benchmarks.lifts_service import Service
from benchmarks.lifts_worlds import VISITS, Visit
from benchmarks.options import option_parser
from lab.simulate import truth
from lab.simulate.visitors import draw_visitor, generator
from nudge.config.slot_file import load_slots
from nudge.domain.choosing.requests import DecisionRequest, EventRequest
from nudge.domain.slots.slot import Slot
from nudge.settings.settings import load
from nudge.store.wire.client import Client

BASELINE: Final = "holdout"
SMALL: Final = 60
VISITORS: Final[Mapping[str, int]] = {
    "denomination": 40_000,
    "banner": 60_000,
    "payment_retry": 200_000,
    "prefill": 10_000,
    "sms_timing": 60_000,
}
"""So many that the holdout alone lets the true lift be seen: see `docs/statistics.md`."""
BATCH: Final = 1_000
SLOTS: Final = Path("config/slots")


@dataclass
class Truth:
    """The truth about the visitors whom the policy served, as the world knows it.

    Attributes:
        served: how many.
        shown: sum of their probabilities under what they were shown.
        fallback: the same under the fallback.
    """

    served: int = 0
    shown: float = 0.0
    fallback: float = 0.0

    @property
    def difference(self) -> float:
        """By how much what was shown is better, a visitor."""
        return (self.shown - self.fallback) / self.served


@dataclass(frozen=True)
class Lift:
    """The lift of one slot, beside its truth.

    Attributes:
        slot: its name.
        truth: the world's.
        sums: of policy and holdout, from the lake.
        seconds: that it took.
    """

    slot: str
    truth: Truth
    sums: ArmSums
    seconds: float

    @property
    def look(self) -> Estimate:
        """Policy minus holdout, for one look."""
        return fixed.difference(self.sums, POLICY, HOLDOUT)

    @property
    def always(self) -> Estimate:
        """The same for every look."""
        return sequence.difference(self.sums, POLICY, HOLDOUT, unit=1.0)


def play(service: Service, name: str, visitors: int, seed: int, batch: int = BATCH) -> Truth:
    """Send visitors to a slot; the learner publishes behind each batch."""
    found, slot = Truth(), service.slot(name)
    for start in range(0, visitors, batch):
        numbers = range(start, min(start + batch, visitors))
        sent = [event for n in numbers for event in _visited(service, slot, n, seed, found)]
        service.record(sent)
        service.learn()
    service.archive()
    return found


def _visited(
    service: Service, slot: Slot, number: int, seed: int, found: Truth
) -> list[EventRequest]:
    """One visitor's visit: what is shown, and what they do."""
    rng = generator(seed, number)
    visit = VISITS[slot.name](draw_visitor(number, rng), rng)
    who = f"{slot.name}-{seed}-{number}"
    ask = DecisionRequest(who, visit.channel, visit.page, (slot.name,), visit.context)
    given = service.decide(ask).decisions[slot.name]
    if given.reason == "policy":
        usual, event = slot.fallback_for(visit.page), slot.terms.event
        found.served += 1
        found.shown += truth.reward_probability(visit.outcomes(given.variant), event)
        found.fallback += truth.reward_probability(visit.outcomes(usual), event)
    types = visit.happens(given.variant, rng.random())
    return list(_events(visit, who, given.decision_id, types))


def _events(visit: Visit, who: str, decision: str, types: frozenset[str]) -> Iterator[EventRequest]:
    if visit.shown:
        yield EventRequest(f"{who}-shown", "shown", who, None, decision)
    if "prefill_kept" in types:
        yield EventRequest(f"{who}-kept", "prefill_kept", who, None, decision)
    if "pay_tapped" in types:
        yield EventRequest(f"{who}-tapped", "step", who, None, None, {"step": "pay_tapped"})
    if "paid" in types:
        yield EventRequest(f"{who}-paid", "paid", who, None, None, {"amount": visit.amount})


def lift_of(client: Client, directory: Path, name: str, visitors: int, seed: int) -> Lift:
    """The lift of a shipped slot, in an installation of its own."""
    began = time.perf_counter()
    settings = replace(
        load({"NUDGE_DATA_DIR": str(directory / name)}), namespace=f"lifts-{name}", redis_url=None
    )
    slot = load_slots(SLOTS)[name]
    service = Service.of(client, settings, [slot])
    known = play(service, name, visitors, seed)
    return Lift(name, known, service.sums(name), time.perf_counter() - began)


def line(one: Lift) -> str:
    """A line of the table; points are hundredths of a rewarding event a visitor."""
    policy, holdout = (100.0 * x for x in one.sums.table.mean().tolist())
    look, always = (
        f"{100 * x.value:+6.2f} ({100 * x.low:+6.2f} to {100 * x.high:+6.2f})"
        for x in (one.look, one.always)
    )
    share = f"{100.0 * (policy / holdout - 1.0):+7.1f} %" if holdout else "      -  "
    true, covers = one.truth.difference, one.look.contains(one.truth.difference)
    shown = one.sums.table.shown.tolist()
    return (
        f"  {one.slot:14} {shown[POLICY]:8,.0f} {shown[HOLDOUT]:7,.0f} {policy:8.2f} {holdout:8.2f}"
        f" {share}  {look}  {always}  {100 * true:+6.2f} {'yes' if covers else 'NO':>7}"
        f" {one.seconds:5.0f} s"
    )


def main(arguments: Sequence[str] = ()) -> int:
    """Print the table; 1 where an interval is not above zero."""
    parser = option_parser("lifts", __doc__)
    parser.add_argument("--slots", default=",".join(VISITS))
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    print("rewarded visits in a hundred: policy against holdout, for one look and for every look")
    print(
        f"  {'slot':14} {'policy':>8} {BASELINE:>7} {'policy':>8} {BASELINE:>8} {'lift':>9}"
        f"  {'difference':24}  {'for every look':24}  {'truth':>6} {'covered':>7}"
    )
    good = True
    with served() as store, tempfile.TemporaryDirectory(prefix="nudge-lifts-") as name:
        for slot in given.slots.split(","):
            visitors = SMALL if given.small else VISITORS[slot]
            found = lift_of(store.client, Path(name), slot, visitors, given.seed)
            print(line(found), flush=True)
            good &= found.look.low > 0.0
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
