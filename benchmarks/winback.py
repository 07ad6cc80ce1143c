"""Win-back: visits through the fold `care`, and pages of the list among many open cases.

    python -m benchmarks winback [--cases N] [--visits N] [--small]

Visits: steps of the path with banners that are shown; a third fails to pay, a third pays.
Pages: 100,000 open cases of visitors with consents and contacts; the worker's ranking of all, and
pages of 100, by several filters. Baseline `page of few`: the same page where 1,000 cases are
open. Process and store share one core.
"""

from __future__ import annotations

import logging
import os
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Final

import structlog

from benchmarks.folds import folded, served
from benchmarks.options import option_parser
from benchmarks.warnings import timed
from nudge.config.documents.contact_file import load_contact
from nudge.config.documents.winback_file import load_winback
from nudge.domain.basics.calendar import ZONE, OperatorCalendar
from nudge.domain.care.case import case_of, opening_record
from nudge.domain.care.rule_book import RuleBook
from nudge.domain.care.signal import Signal
from nudge.domain.contact.contact import Consent, Contact
from nudge.domain.journal.records import Event, Exposure, Ref
from nudge.domain.people.visitor import VisitorState
from nudge.flows.folds.care import CareFold
from nudge.flows.winback.winback_desk import WinbackSetup, open_desk
from nudge.flows.winback.winback_list import WinbackQuestion, list_winback
from nudge.flows.winback.winback_ranking import WinbackRanking
from nudge.store.store import Store
from nudge.store.wire.codec import encode

CONFIG: Final = Path(__file__).parents[1] / "config"
BASELINE: Final = "page of few"
CASES: Final = 100_000
FEW: Final = 1_000
VISITS: Final = 20_000
SMALL: Final = 300
WANTED: Final = 0.1
"""Seconds of a page of 100."""
PACE: Final = 5_000.0
"""Events a second on one core."""
STEPS: Final = ("home", "recharge", "amount", "number", "pay_tapped", "method")
_TRIES: Final = 15
_CHUNK: Final = 500


def visits(number: int, random: Random, at: float) -> Iterator[Event | Exposure]:
    """Yield the records of one visitor's visit: a third pays, a third fails to."""
    subject = f"{number:032x}"
    shown = Exposure(
        subject, Ref(0, number + 1), "banner", 1, "data", "c", "policy", 0.5, 3600.0, at
    )
    yield shown
    for i, step in enumerate(STEPS[: random.randrange(1, 7)]):
        fields = {"step": step, "amount": 50.0} if step == "amount" else {"step": step}
        yield Event(subject, f"s{number}-{i}", "step", "page", fields=fields, at=at + i)
    if number % 3 == 0:
        yield Event(subject, f"p{number}", "paid", "server", fields={"amount": 50.0}, at=at + 9)
    elif number % 3 == 1:
        fields = {"reason": "timeout", "method": "wallet"}
        yield Event(subject, f"f{number}", "payment_failed", "server", fields=fields, at=at + 9)


def fill_journal(store: Store, count: int, at: float) -> int:
    """Append the visits as folds do; return how many records there are."""
    random, written = Random(1), 0  # noqa: S311 - the same visits every time
    for start in range(0, count, _CHUNK):
        rows: dict[int, list[str | bytes]] = {p: [] for p in store.keys.every_partition()}
        for number in range(start, min(start + _CHUNK, count)):
            for one in visits(number, random, at):
                rows[number % store.keys.partitions] += [one.subject, encode(one)]
        for p, args in rows.items():
            store.client.run("append", [store.keys.journal(p), store.keys.seq(p)], args)
            written += len(args) // 2
    return written


def fill_cases(store: Store, count: int, at: float) -> None:
    """Write open cases with their visitors: nine of ten consent to calls."""
    random = Random(2)  # noqa: S311 - the same cases every time
    rule = load_winback(CONFIG).rules[0]
    commands: list[tuple[object, ...]] = []
    for number in range(count):
        p, subject, left = number % store.keys.partitions, f"{number:032x}", at - 10.0 * number
        facts = {
            "stage": random.choice(("pay_tapped", "method")),
            "reason": random.choice(("timeout", "insufficient_balance", "gateway_error")),
            "method": random.choice(("wallet", "card")),
            "amount": random.choice((30.0, 50.0, 100.0)),
            "channel": random.choice(("web", "wap", "app")),
            "left_at": left,
        }
        record = opening_record(
            f"{p}-{number:018x}",
            subject,
            replace(rule, facts=facts, held_share=0.0),
            "",
            left,
            Signal(left, "path_left", "e"),
        )
        case = case_of(p, record, left)
        consents = (Consent("call", left, given=number % 10 > 0),)
        contacts = (Contact(at - 86_400.0 * random.random() * 9, "sms", "reminder"),)
        state = VisitorState(watermark=at, consents=consents, contacts=contacts)
        writes = [*store.cases.put(p, None, case), store.visitor_states.put(p, subject, state)]
        commands += [(one.command, one.key, *one.args) for one in writes]
        if len(commands) > _CHUNK:
            store.client.call_each(commands)  # type: ignore[arg-type]
            commands.clear()
    if commands:
        store.client.call_each(commands)  # type: ignore[arg-type]


def page_time(store: Store, setup: WinbackSetup, question: WinbackQuestion) -> tuple[float, ...]:
    """Return the median seconds of a page by the wall and of the core, and the rows that it had."""
    took, rows = [], 0

    def read() -> None:
        nonlocal rows
        rows = len(list_winback(open_desk(store, setup, time.time()), question).cases)

    took = [timed(store, read) for _ in range(_TRIES)]
    wall = statistics.median(one[0] for one in took)
    return wall, statistics.median(sum(one[1:]) for one in took), rows


def ranked_site(store: Store, setup: WinbackSetup, count: int) -> tuple[float, float, float]:
    """Fill a store with cases and rank all of them; return the seconds that took."""
    fill_cases(store, count, time.time())
    ranking = WinbackRanking(store, lambda: open_desk(store, setup, time.time()))
    return timed(store, lambda: sum(ranking.rank_all()))


def main(arguments: Sequence[str] = ()) -> int:
    """Print the figures; 1 where a page takes longer, or the fold less, than is wanted."""
    parser = option_parser("winback", __doc__)
    parser.add_argument("--cases", type=int, default=CASES, help="open cases")
    parser.add_argument("--visits", type=int, default=VISITS, help="visits")
    given = parser.parse_args(arguments)
    cases, few = (SMALL, SMALL // 3) if given.small else (given.cases, FEW)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        pace = _visits(SMALL if given.small else given.visits)
        slowest = _pages(cases, few)
    finally:
        os.sched_setaffinity(0, before)
    return int(not given.small and (slowest > WANTED or pace < PACE))


def _visits(count: int) -> float:
    policy = load_winback(CONFIG)
    book = RuleBook(further=policy.rules, trails=policy.trails)
    with served() as store:
        records = fill_journal(store, count, time.time() - 86_400.0)
        wall, own, server = timed(store, lambda: folded(store, CareFold(store, lambda: book)))
    pace = records / (own + server)
    print(f"winback: {records:,} records of {count:,} visits; one core for process and store")
    print(f"  {pace:,.0f} records a second of the core's cpu, {records / wall:,.0f} of the wall")
    return pace


def _pages(cases: int, few: int) -> float:
    setup = WinbackSetup(
        load_winback(CONFIG), load_contact(CONFIG), OperatorCalendar.named(ZONE), {}
    )
    questions = {
        "first page": WinbackQuestion(),
        "stage": WinbackQuestion(stage="method"),
        "reason": WinbackQuestion(reason="timeout"),
        "channel and reason": WinbackQuestion(channel="app", reason="timeout"),
        "with blocked": WinbackQuestion(blocked=True),
    }
    with served() as store:
        ranked_site(store, setup, few)
        base = page_time(store, setup, questions["first page"])
    with served() as store:
        wall, own, server = ranked_site(store, setup, cases)
        parts = f"process {own:.1f}, store {server:.1f}"
        print(f"  {cases:,} open cases ranked in {wall:.1f} s ({parts})")
        slowest = _tell(f"{BASELINE}, {few:,} cases", base)
        for name, question in questions.items():
            slowest = max(slowest, _tell(name, page_time(store, setup, question)))
    print(f"winback: slowest page {1000 * slowest:.0f} ms of the core, asked {1000 * WANTED:.0f}")
    return slowest


def _tell(name: str, page: tuple[float, ...]) -> float:
    wall, core, rows = page
    print(f"  {name:26} {1000 * core:7.1f} ms of the core, {1000 * wall:.1f} wall, {rows:.0f} rows")
    return core


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
