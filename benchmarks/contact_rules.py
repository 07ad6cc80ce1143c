"""The price of the contact policy's rules: plans with all of them on, beside plans without.

Customers of both kinds alternate in batches on one store, so that a busy machine slows down both.
A third of them had up to four contacts in the last five weeks, as a campaign finds its customers;
the rules without are those that ship. Told is the processor time of the planning process, and the
seconds that passed, the store's own included.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from bandits.units import DAY
from benchmarks.options import option_parser
from nudge.config.documents.contact_file import load_contact
from nudge.config.slot_change import Edit, plan
from nudge.config.slot_file import load_slots
from nudge.domain.contact.contact import Consent, Contact
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.contact.pressure_rules import ContentLimit, RollingLimit, SequenceRule
from nudge.domain.identity.sealing import Sealer
from nudge.domain.people.visitor import VisitorState
from nudge.domain.people.visitor_codec import encode_state
from nudge.domain.timing.plan_request import PlanRequest
from nudge.domain.timing.windows import Calendar
from nudge.flows.plan import Planner
from nudge.flows.upkeep.apply import apply
from nudge.processes import embedded
from nudge.settings.settings import Settings
from nudge.store.service.catalogue import Catalogue
from nudge.store.store import Store
from nudge.store.vault.visitor_finder import VisitorFinder
from nudge.wiring.stores import patient_store

BASELINE: Final = "rules that ship"
ALL: Final = "all rules"
BOUND: Final = 1.3
"""Most times the time without the rules."""
CUSTOMERS: Final = 1_000_000
"""Of each kind."""
SMALL: Final = 200
BATCH: Final = 4096
TOUCHED: Final = 1 / 3
KINDS: Final = 64
"""Different states of customers."""
CONFIG: Final = Path(__file__).parents[1] / "config"
SECRET: Final = b"benchmark-secret-of-contact-rule"
TAG: Final = "spring"


@dataclass
class PlanCost:
    """The cost of the plans of one kind.

    Attributes:
        cpu: seconds of the planning process.
        wall: seconds that passed.
        planned: customers who got a time.
    """

    cpu: float = 0.0
    wall: float = 0.0
    planned: int = 0


def main(arguments: Sequence[str] = ()) -> int:
    """Plan for both kinds by turns, and tell; 1 where all rules cost more than the bound."""
    parser = option_parser("contact_rules", __doc__)
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    given = parser.parse_args(arguments)
    count = SMALL if given.small else given.customers
    shipped = load_contact(CONFIG)
    with tempfile.TemporaryDirectory(prefix="nudge-") as place, served(Path(place)) as desk:
        costs = measure(*desk, {BASELINE: shipped, ALL: with_all_rules(shipped)}, count)
    print(f"{count:,} customers of each kind, {TOUCHED:.0%} with contacts of the last weeks")
    print(f"{'':<18}{'planned':>10}{'us a customer':>16}{'seconds':>10}{'ratio':>8}{'passed':>8}")
    base = costs[BASELINE]
    for name, one in costs.items():
        print(
            f"{name:<18}{one.planned:>10,}{one.cpu / count * 1e6:>16.1f}{one.wall:>10.1f}"
            f"{one.cpu / base.cpu:>8.2f}{one.wall / base.wall:>8.2f}"
        )
    return int(costs[ALL].cpu > BOUND * base.cpu)


@contextmanager
def served(place: Path) -> Iterator[tuple[Store, Sealer]]:
    """Serve a store with the slots that ship, while the context lasts."""
    path = place / "s"
    options = {"appendonly": "no", "save": "", "port": "0", "unixsocket": str(path)}
    server = embedded.launch(place, path, f"unix://{path}", options, embedded.Waits())
    try:
        settings = Settings(secret_key=SECRET, redis_url=server.url, data_dir=place / "data")
        store = patient_store(settings)
        apply(store, plan({}, load_slots(CONFIG / "slots")), Edit("bench", "", time.time()))
        yield store, Sealer(settings.secret_key)
        store.close()
    finally:
        server.stop()


def measure(
    store: Store, sealer: Sealer, policies: Mapping[str, ContactPolicy], count: int
) -> dict[str, PlanCost]:
    """Plan for so many customers under each policy, and return what that cost."""
    catalogue = store.catalogue.refresh(Catalogue.empty())
    planners = {k: Planner(store, sealer, 0.0, Calendar(one)) for k, one in policies.items()}
    costs = {name: PlanCost() for name in policies}
    kinds = make_kinds(time.time())
    for first in range(0, count, BATCH):
        # By turns: whoever comes first pays for what both need.
        turns = list(planners.items())[:: -1 if first // BATCH % 2 else 1]
        for name, planner in turns:
            ids = [f"{name[:3]}-{n:08d}" for n in range(first, min(first + BATCH, count))]
            know(store, sealer, ids, kinds)
            wishes = [PlanRequest(one, content=TAG) for one in ids]
            started, before = time.perf_counter(), time.process_time()
            answers = planner.plan_each(catalogue, wishes, "bench", time.time())
            costs[name].cpu += time.process_time() - before
            costs[name].wall += time.perf_counter() - started
            costs[name].planned += sum(one.send_at is not None for one in answers)
    return costs


def with_all_rules(policy: ContactPolicy) -> ContactPolicy:
    """Return the policy with every further rule on, all about the purpose that is planned for."""
    return replace(
        policy,
        limits=(
            RollingLimit(10, float(DAY)),
            RollingLimit(2, 60.0),
            RollingLimit(3, 14.0 * DAY, frozenset({"sms"})),
        ),
        content=ContentLimit(1, float(DAY)),
        offers=frozenset({"summer"}),
        sequences=(
            SequenceRule("never_with", "reminder", "winback", 3.0 * DAY),
            SequenceRule("not_after", "reminder", "payment_failed", 2.0 * DAY),
            SequenceRule("only_after", "promotion", "reminder", 30.0 * DAY),
            SequenceRule("never_with", "content:spring", "content:summer", 7.0 * DAY),
        ),
    )


def make_kinds(now: float) -> list[bytes]:
    """Return states of customers who agreed to SMS, a third of them with contacts and receipts."""
    chance = np.random.default_rng(14)
    found = []
    for kind in range(KINDS):
        count = int(chance.integers(1, 5)) if kind < KINDS * TOUCHED else 0
        contacts = tuple(
            Contact(
                now - float(chance.uniform(0, 35)) * DAY,
                "sms",
                str(chance.choice(("reminder", "payment_failed", "winback", "promotion"))),
                str(chance.choice(("", TAG, "summer"))),
                f"p:{kind}.{n}.0",
                int(chance.choice((0, 2, 2, 2, 1))),
            )
            for n in range(count)
        )
        agreed = (Consent("sms", now - 90 * DAY, given=True),)
        state = VisitorState(contacts=tuple(sorted(contacts)), consents=agreed, watermark=now)
        found.append(encode_state(state))
    return found


def know(store: Store, sealer: Sealer, ids: Sequence[str], kinds: Sequence[bytes]) -> None:
    """Write what is known of customers, as `attribute` would have left it."""
    finder = VisitorFinder(store.visitors, store.people, sealer)
    opened = sorted(finder.opened_each(ids, besides=False))
    pairs: dict[int, list[str | bytes]] = {}
    for n, one in opened:
        key = store.keys.visitor(one.partition, one.subject)
        # By a prime, so that each batch has all kinds.
        pairs.setdefault(one.partition, []).extend((key, kinds[n * 37 % KINDS]))
    for rows in pairs.values():
        store.client.call("MSET", *rows)
