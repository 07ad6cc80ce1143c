"""The cost of a page's decision beside the two round trips that it cannot do without.

Baseline `two round trips`: two PINGs by the same client. `decide` is the flow without HTTP, three
slots of a page, for visitors who are new and for visitors whose decisions stick.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.options import option_parser
from nudge.config.slot_change import Edit, plan
from nudge.config.slot_file import load_slots
from nudge.domain.choosing.requests import DecisionRequest
from nudge.domain.identity.sealing import Sealer
from nudge.domain.journal.caller import Caller
from nudge.flows.serving.decide import Decider
from nudge.flows.upkeep.apply import apply
from nudge.processes import embedded
from nudge.settings.settings import load
from nudge.spool.spool import Spool
from nudge.store.service.catalogue import Catalogue
from nudge.store.store import Store
from nudge.store.wire import client as clients
from nudge.store.wire.keys import Keys

BASELINE: Final = "two round trips (baseline)"
CALLS: Final = 3_000
SMALL: Final = 30
NOW: Final = 1_790_000_000.0
SLOTS: Final = ("denomination", "prefill", "banner")


def main(arguments: Sequence[str] = ()) -> int:
    """Print the table."""
    small = option_parser("decide", __doc__).parse_args(arguments).small
    with tempfile.TemporaryDirectory(prefix="nudge-bench-") as directory:
        settings = replace(load({"NUDGE_DATA_DIR": directory}), redis_url=None)
        store = embedded.start(settings)
        try:
            _table(_timed(settings.store_url, Path(directory), SMALL if small else CALLS))
        finally:
            store.stop()
    return 0


def _timed(url: str, directory: Path, calls: int) -> dict[str, float]:
    store, sealer = Store(clients.hot(url, 1.0), Keys("bench", 8)), Sealer(b"b" * 32)
    slots = load_slots(Path("config/slots"))
    apply(store, plan({}, slots), Edit("bench", "", NOW))
    catalogue = store.catalogue.refresh(Catalogue.empty())
    decider = Decider(store, sealer, 0.05, Spool(directory / "spool", b"s" * 32, 1 << 20))
    caller = Caller("bench", frozenset({"decide"}))

    def decide(visitor: int) -> None:
        decider.decide(
            catalogue, [DecisionRequest(f"v{visitor}", "web", "home", SLOTS)], caller, NOW
        )

    def trips(_: int) -> None:
        store.client.call("PING")
        store.client.call("PING")

    return {
        BASELINE: _each(trips, calls),
        "decide, new visitor": _each(decide, calls),
        "decide, decisions that stick": _each(decide, calls),
    }


def _each(call: Callable[[int], None], calls: int) -> float:
    """Median seconds of a call."""
    spent = []
    for i in range(calls):
        began = time.perf_counter()
        call(i)
        spent.append(time.perf_counter() - began)
    return median(spent)


def _table(rows: dict[str, float]) -> None:
    base = rows[BASELINE]
    for name, seconds in rows.items():
        print(f"{name:32} {seconds * 1e6:9.0f} us   {seconds / base:6.2f} x")
