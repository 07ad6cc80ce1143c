"""How many entries of the journal each fold takes in a second, in one process.

Baseline `raw copy`: the same entries read with XRANGE and appended again with one script a batch,
neither decoded nor understood: what any fold has to pay for in this store. `monitor` may take a
tenth of a core at 1,000 entries a second.
"""

from __future__ import annotations

import logging
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Final, TypeVar

import structlog

from benchmarks.options import option_parser
from nudge.domain.alarms.watch_plan import WatchedStage, WatchPlan
from nudge.domain.journal.records import Decision, Event, Ref
from nudge.domain.slots.slot import RewardTerms, Scalar
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.folds.fold import Fold
from nudge.flows.folds.learn import LearnFold
from nudge.flows.folds.monitor import MonitorFold
from nudge.processes import embedded
from nudge.store.journal.appends import Append
from nudge.store.store import Store
from nudge.store.wire import client as clients
from nudge.store.wire.keys import Keys
from nudge.workers.runner import Runner

S = TypeVar("S")

BASELINE: Final = "raw copy (baseline)"
VISITORS: Final = 4000
SMALL: Final = 80
MOST_MICROS: Final = 100
"""Microseconds of a core that `monitor` may take for an entry."""
PARTITIONS: Final = 8
BATCH: Final = 500
SLOTS: Final = (
    ("denomination", RewardTerms("decision", "paid", "conversion", 3 * 86_400.0)),
    ("banner", RewardTerms("shown", "paid", "conversion", 86_400.0)),
    ("prefill", RewardTerms("decision", "prefill_kept", "conversion", 1800.0)),
)


PLAN: Final = WatchPlan(
    (
        WatchedStage("home", (("step", "home", ""),)),
        WatchedStage("method", (("step", "method", ""),)),
        WatchedStage("paid", (("paid", "", "server"),)),
    ),
    dimensions={"city": "city_tier", "page": "page", "amount": "last_amount"},
)


@contextmanager
def served(namespace: str = "bench", partitions: int = PARTITIONS) -> Iterator[Store]:
    """A store of its own server, which keeps nothing on disk."""
    with tempfile.TemporaryDirectory(prefix="nudge-") as name:
        path = Path(name) / "s"
        options = {"port": "0", "unixsocket": str(path), "appendonly": "no", "save": ""}
        url = f"unix://{path}"
        server = embedded.launch(Path(name), path, url, options, embedded.Waits())
        store = Store(clients.patient(url), Keys(namespace, partitions))
        try:
            yield store
        finally:
            store.close()
            server.stop()


def fill(store: Store, random: Random, visitors: int = VISITORS) -> int:
    """Visits: three decisions, what was shown, and for every fifth a payment. Returns entries."""
    for visitor in range(visitors):
        subject, p = f"{visitor:032x}", visitor % store.keys.partitions
        decisions = [_decision(subject, slot, terms, random) for slot, terms in SLOTS]
        kept = store.journal.append_decisions(p, decisions, 3600.0)
        chosen = _event(subject, "step", step="method", method="wechat")
        events = [_event(subject, "shown", kept[1].ref), chosen]
        if visitor % 5 == 0:
            events.append(_event(subject, "paid"))
        store.journal.append_once(p, [Append("", event) for event in events], closes=True)
    return sum(store.journal.last_position(p) for p in store.keys.every_partition())


def _decision(subject: str, slot: str, terms: RewardTerms, random: Random) -> Decision:
    eligible = ("10", "30", "50", "100", "300", "500")
    return Decision(
        subject=subject,
        slot=slot,
        revision=1,
        channel="web",
        page="home",
        context={"page": "home", "channel": "web", "last_amount": 50},
        cell=f"{random.randint(0, 7)}.{random.randint(0, 2)}.0",
        eligible=eligible,
        removed={},
        pmf=(1 / 6,) * 6,
        u=random.getrandbits(64),
        variant=random.choice(eligible),
        propensity=1 / 6,
        reason="policy",
        policy="auto",
        policy_version=3,
        terms=terms,
        unit=slot,
        period=1,
    )


def _event(subject: str, kind: str, ref: Ref | None = None, **fields: str) -> Event:
    told: dict[str, Scalar] = {"amount": 50, **fields}
    return Event(subject, kind, kind, "server", decision=ref, fields=told)


def raw_copy(store: Store) -> None:
    """The baseline, into streams of its own."""
    other = Keys(f"{store.keys.namespace}-copy", store.keys.partitions)
    for p in store.keys.every_partition():
        after = "0-0"
        names = [other.journal(p), other.seq(p)]
        while rows := store.client.call(
            "XRANGE", store.keys.journal(p), f"({after}", "+", "COUNT", BATCH
        ):
            args = [value for _, row in rows for value in (row[b"s"], row[b"r"])]
            store.client.run("append", names, args)
            after = rows[-1][0].decode()


def folded(store: Store, fold: Fold[S]) -> None:
    """Run the fold until nothing is left."""
    runner = Runner(store, fold, "benchmark")
    while runner.turn():
        pass


def timed(work: Callable[[], None]) -> tuple[float, float]:
    """Seconds by the wall, and seconds of this process."""
    wall, own = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - own


def main(arguments: Sequence[str] = ()) -> int:
    """Print the table."""
    small = option_parser("folds", __doc__).parse_args(arguments).small
    visitors = SMALL if small else VISITORS
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with served() as store:
        entries = fill(store, Random(1), visitors)  # noqa: S311 - the same journal every time
        base = timed(lambda: raw_copy(store))
        attribute = timed(lambda: folded(store, AttributeFold(store)))
        learn = timed(lambda: folded(store, LearnFold(store)))
        monitor = timed(lambda: folded(store, MonitorFold(store, lambda: PLAN)))
    both = (attribute[0] + learn[0], attribute[1] + learn[1])
    rows = {
        BASELINE: base,
        "attribute": attribute,
        "learn": learn,
        "attribute + learn": both,
        "monitor": monitor,
    }
    print(f"folds: {entries:,} entries that web processes wrote, {PARTITIONS} partitions")
    print(f"  {'':20} {'entries/s':>12} {'ratio':>8} {'entries/s of own cpu':>22}")
    for name, (wall, own) in rows.items():
        ratio = f"{wall / base[0]:.2f} x"
        print(f"  {name:20} {entries / wall:12,.0f} {ratio:>8} {entries / own:22,.0f}")
    micros = monitor[1] / entries * 1e6
    print(f"monitor: {micros:.0f} microseconds of a core an entry, asked at most {MOST_MICROS}")
    return int(micros > MOST_MICROS and not small)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
