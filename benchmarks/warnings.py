"""Warnings: feedback through 200 rules and a lexicon of 2,000 phrases, with a real store.

    python -m benchmarks warnings [--events N] [--apart] [--small]

The whole way of the fold `care`: entries are read and decoded, texts opened from the vault, judged
by the shipped complaint model, words found and written down, read back, rules asked, cases opened,
watches and cases written. Process and store share one core. With `--apart` no rules share a topic,
so that each opens cases of its own: three for five events. Baseline `raw copy`: the same entries
read and appended again, neither decoded nor understood.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

import structlog

from benchmarks.folds import BASELINE as RAW
from benchmarks.folds import folded, raw_copy, served
from benchmarks.options import option_parser
from benchmarks.warnings_world import GROUPS, PHRASES, finder_of, policy_of, said, sealed
from nudge.domain.care.rule_book import RuleBook
from nudge.domain.care.text_reading import TextReader
from nudge.domain.care.warning_rule import WarningPolicy
from nudge.domain.identity.vault_seal import VaultSeal
from nudge.flows.folds.care import CareFold, TextDesk
from nudge.models.complaints.file import load_complaint_model
from nudge.store.journal.appends import Append
from nudge.store.store import Store

BASELINE: Final = RAW
EVENTS: Final = 100_000
SMALL: Final = 500
VISITORS: Final = 25_000
WANTED: Final = 5_000.0
"""Events a second on one core."""
_CHUNK: Final = 500


def fill(store: Store, seal: VaultSeal, random: Random, events: int) -> None:
    """Append feedback of many visitors, with texts in the vault, as web processes do."""
    rows: dict[int, list[Append]] = {p: [] for p in store.keys.every_partition()}
    for number in range(events):
        visitor = random.randrange(min(VISITORS, events))
        p = visitor % store.keys.partitions
        event, text = said(f"{visitor:032x}", number, random)
        rows[p].append(Append(event.subject, event, notes=sealed(seal, event, text)))
        if len(rows[p]) == _CHUNK:
            store.journal.append_once(p, rows[p], closes=False)
            rows[p].clear()
    for p, rest in rows.items():
        store.journal.append_once(p, rest, closes=False)


def timed(store: Store, work: Callable[[], None]) -> tuple[float, float, float]:
    """Return seconds by the wall, of this process, and of the server."""
    wall, own, served_before = time.perf_counter(), time.process_time(), _server_cpu(store)
    work()
    return (
        time.perf_counter() - wall,
        time.process_time() - own,
        _server_cpu(store) - served_before,
    )


def _server_cpu(store: Store) -> float:
    (told,) = [store.client.call("INFO", "cpu")]
    rows = told.decode() if isinstance(told, bytes) else told
    if isinstance(rows, str):
        rows = dict(one.split(":", 1) for one in rows.splitlines() if ":" in one)
    return float(rows["used_cpu_sys"]) + float(rows["used_cpu_user"])


def main(arguments: Sequence[str] = ()) -> int:
    """Print the figures; 1 where fewer events a second than are wanted go through."""
    parser = option_parser("warnings", __doc__)
    parser.add_argument("--events", type=int, default=EVENTS, help="feedback events")
    parser.add_argument("--apart", action="store_true", help="no rules share a topic")
    given = parser.parse_args(arguments)
    events = SMALL if given.small else given.events
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    core = min(os.sched_getaffinity(0))
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        return _run(events, policy_of(apart=given.apart), small=given.small)
    finally:
        os.sched_setaffinity(0, before)


def _run(events: int, policy: WarningPolicy, *, small: bool) -> int:
    random, seal = Random(1), VaultSeal({1: b"k" * 32})  # noqa: S311 - the same journal every time
    book, model = RuleBook(policy), load_complaint_model()
    reader = TextReader(finder_of(), model, policy.proposes_at)
    with served() as store:
        fill(store, seal, random, events)
        base = timed(store, lambda: raw_copy(store))
        fold = CareFold(store, lambda: book, TextDesk(seal, lambda: reader))
        care = timed(store, lambda: folded(store, fold))
        entries = sum(store.journal.last_position(p) for p in store.keys.every_partition())
        cases = sum(len(store.cases.places(p, None, events)) for p in range(store.keys.partitions))
    rules = f"{len(policy.rules)} rules, {len(PHRASES):,} phrases in {len(GROUPS)} groups"
    print(f"warnings: {events:,} feedback events, {rules}; one core for process and store")
    for name, (wall, own, server) in {BASELINE: base, "care": care}.items():
        print(
            f"  {name:20} {events / wall:10,.0f} events/s of the wall,"
            f" {events / (own + server):10,.0f} of the core's cpu"
            f" (process {own:.1f} s, store {server:.1f} s)"
        )
    times = care[0] / base[0]
    print(f"  {times:.1f} times the baseline; {entries - events:,} records, {cases:,} cases")
    rate = events / (care[1] + care[2])
    print(f"warnings: {rate:,.0f} events a second of one core, asked {WANTED:,.0f}")
    return int(rate < WANTED and not small)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
