"""How many customers `nudge load visitors` takes in a second, from a file with numbers.

Processor time and wall time of the command, with an embedded store beside it that writes its log.
Baseline `one by one`: each customer is made known by the calls that an event makes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Final

from benchmarks.options import option_parser
from nudge.domain.identity.number import parse_number
from nudge.domain.identity.region import region_of
from nudge.domain.identity.sealing import Sealer, new_label, new_subject
from nudge.domain.journal.records import Event
from nudge.domain.prefill.numbers import OWN
from nudge.processes import embedded
from nudge.settings.settings import Settings
from nudge.settings.settings import load as load_settings
from nudge.store.journal.appends import Append, NamedId
from nudge.wiring.stores import patient_store

BASELINE: Final = "one by one (baseline)"
CUSTOMERS: Final = 200_000
SINGLY: Final = 2_000
SMALL: Final = (200, 50)
"""Customers and single calls of the small form."""
WANTED: Final = 10_000
"""Customers a second of processor time."""
HEADS: Final = ("135", "138", "139", "150", "159", "166", "177", "186", "188", "199")


@contextmanager
def installed() -> Iterator[tuple[Settings, dict[str, str]]]:
    """An installation whose store runs, and the variables of its commands."""
    with tempfile.TemporaryDirectory(prefix="nudge-") as name:
        environment = {
            "NUDGE_DATA_DIR": name,
            "NUDGE_SECRET_KEY": "benchmark-secret-of-loads-0123456789",
        }
        settings = load_settings(overrides=environment)
        store = embedded.start(settings)
        try:
            yield settings, os.environ | environment
        finally:
            store.stop()


def number_of(random: Random) -> str:
    """A valid number."""
    return f"{random.choice(HEADS)}{random.randrange(10**8):08}"


def write(path: Path, customers: int, random: Random) -> None:
    """A file as an operator has it: id, number, two attributes and a consent."""
    rows = (
        f"customer-{i},{number_of(random)},{i % 5},t{i % 9},{'yes' if i % 3 else 'no'}\n"
        for i in range(customers)
    )
    with path.open("w", encoding="utf-8") as file:
        file.write("visitor_id,msisdn,city_tier,tariff,consent_sms\n")
        file.writelines(rows)


def loaded(path: Path, environment: dict[str, str]) -> tuple[float, float]:
    """Load the file by the command; return its processor time and its wall time, in seconds."""
    command = [sys.executable, "-m", "nudge", "load", "visitors", os.fspath(path)]
    before, began = os.times(), time.perf_counter()
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603 - our own
    wall, after = time.perf_counter() - began, os.times()
    spent = after.children_user + after.children_system
    return spent - before.children_user - before.children_system, wall


def one_by_one(settings: Settings, customers: int, random: Random) -> tuple[float, float]:
    """Make customers known one by one; return processor time and wall time, in seconds."""
    store, sealer = patient_store(settings), Sealer(settings.secret_key, settings.vault_secrets)
    began, wall = time.process_time(), time.perf_counter()
    for i in range(customers):
        number = parse_number(number_of(random), "CN")
        of, hashed = sealer.visitor_hash(f"single-{i}"), sealer.number_hash(number)
        home = sealer.partition(of, store.keys.partitions)
        sealed = sealer.vault.seal(number.to_seal, OWN)
        there = sealer.partition(hashed, store.keys.partitions)
        named = NamedId(hashed, there, new_label(), OWN, sealed)
        known = Event(new_subject(), "l", "loaded", "server", fields={"city_tier": 1})
        said = Event(new_subject(), "i", "identified", "server", fields=dict(region_of(number)))
        arrivals = [Append(of, known), Append(of, said, named=named)]
        store.people.append_people({home: arrivals}, closes=True)
    spent, passed = time.process_time() - began, time.perf_counter() - wall
    store.close()
    return spent, passed


def main(arguments: Sequence[str]) -> int:
    """Print the table; 1 where the command takes fewer than 10,000 customers a second of CPU."""
    options = option_parser("loads", __doc__).parse_args(arguments)
    customers, singly = SMALL if options.small else (CUSTOMERS, SINGLY)
    random = Random(7)  # noqa: S311 - numbers of a file
    with installed() as (settings, environment), tempfile.TemporaryDirectory() as name:
        path = Path(name) / "customers.csv"
        write(path, customers, random)
        file = loaded(path, environment)
        single = one_by_one(settings, singly, random)
    print(f"{'':24}{'customers':>12}{'a second':>12}{'us CPU each':>14}{'us wall each':>14}")
    for label, count, (spent, wall) in (
        (BASELINE, singly, single),
        ("nudge load visitors", customers, file),
    ):
        each = f"{spent / count * 1e6:>14,.0f}{wall / count * 1e6:>14,.0f}"
        print(f"{label:24}{count:>12,}{count / spent:>12,.0f}{each}")
    return int(customers / file[0] < WANTED)
