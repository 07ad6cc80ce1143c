"""The overview over the data of a service: time of its page and answer, and round trips.

    python -m benchmarks overview --data DIR   # a copy of that of a service: it is changed

Without `--data` the store is new. The report behind the page is made first, as a worker makes it;
the page never waits for it. Baseline `answer of the API`: the same without the page around it.
"""

from __future__ import annotations

import logging
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import structlog
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from benchmarks.options import option_parser
from nudge.api.service import EXTENSION, Service
from nudge.clock import now
from nudge.config.slot_change import Edit
from nudge.domain.users.roles import Role
from nudge.domain.users.session import Session
from nudge.domain.users.user import User
from nudge.flows.accounts.accounts import Accounts, SignedInUser
from nudge.flows.accounts.passwords import PasswordHasher
from nudge.flows.accounts.secret_words import new_secret
from nudge.flows.upkeep.setup.first_slots import apply_first_slots
from nudge.pages.access import TICKET
from nudge.pages.app import PageParts, create_pages
from nudge.processes import embedded
from nudge.settings.settings import Settings, load
from nudge.store.wire.client import Client
from nudge.wiring.stores import patient_store
from nudge.wiring.web import create_app
from nudge.workers.reports.answers import Answers
from nudge.workers.reports.report_loop import ReportLoop

BASELINE: Final = "answer of the API"
MOST: Final = 0.3
"""Seconds of the page that are allowed."""
TIMES: Final = 30
KEY: Final = "benchmark-key-of-the-overview-0123456789"


class OneAccount(Accounts):
    """The accounts of a benchmark: every ticket is an admin's."""

    def session(self, secret: str) -> SignedInUser:
        """Return the one user, behind the round trip that a session takes."""
        super().session(secret)
        return SignedInUser(User("bench", Role.ADMIN), Session("bench", 0, now(), now()))


@contextmanager
def installation(data: Path) -> Iterator[Settings]:
    """Settings of a data directory whose store runs."""
    settings = load(overrides={"NUDGE_DATA_DIR": str(data), "NUDGE_ADMIN_KEY": KEY})
    server = embedded.start(settings)
    try:
        yield settings
    finally:
        server.stop()


def report(settings: Settings, client: FlaskClient) -> None:
    """Have the report made that the page asks for."""
    store = patient_store(settings)
    (kind,) = (one for one in Answers(store, settings).kinds if one.name == "overview")
    client.get("/v1/overview", headers={"Authorization": f"Bearer {KEY}"})
    began = time.perf_counter()
    ReportLoop(store, kind, 60.0).turn()
    print(f"  report of the lake, by the worker   {time.perf_counter() - began:8.2f} s")
    store.close()


def measured(work: Callable[[], Any]) -> Sequence[float]:
    """Seconds of each call, the first ones left out."""
    work()
    found = []
    for _ in range(TIMES):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return sorted(found)


@contextmanager
def counted() -> Iterator[list[int]]:
    """Count round trips to the store."""
    trips = [0]
    kept: dict[str, Callable[..., Any]] = {}

    def counting(name: str) -> Callable[..., Any]:
        def call(self: Client, *given: Any, **more: Any) -> Any:  # noqa: ANN401 (as the client's)
            trips[0] += 1
            return kept[name](self, *given, **more)

        return call

    for name in ("_send", "call_each", "run_each"):
        kept[name] = getattr(Client, name)
        setattr(Client, name, counting(name))
    try:
        yield trips
    finally:
        for name, own in kept.items():
            setattr(Client, name, own)


def told(settings: Settings) -> int:
    """Print the table; return 1 where the page takes too long."""
    app = create_app(settings)
    service: Service = app.extensions[EXTENSION]
    apply_first_slots(service.store, settings, Edit("bench", "benchmark", now()))
    client = app.test_client()
    report(settings, client)
    accounts = OneAccount(service.patient, PasswordHasher(), service.sealer.limits_key)
    parts = PageParts(app.wsgi_app, accounts, service.sealer.pages_key, service.calendar.zone)
    pages = create_pages(parts).test_client()
    with pages.session_transaction() as session:
        session["_user_id"] = session[TICKET] = new_secret()
    headers = {"Authorization": f"Bearer {KEY}"}
    asked: dict[str, Callable[[], TestResponse]] = {
        BASELINE: lambda: client.get("/v1/overview", headers=headers),
        "page": lambda: pages.get("/"),
    }
    slowest = 0.0
    for name, work in asked.items():
        response = work()
        times = measured(work)
        with counted() as trips:
            work()
        middle, high = statistics.median(times), times[-2]
        size = len(response.data)
        print(
            f"  {name:20} median {1e3 * middle:7.1f} ms   95 % {1e3 * high:7.1f} ms   "
            f"{size:8,} bytes   {trips[0]:4} round trips   status {response.status_code}"
        )
        slowest = high
    service.store.close()
    if slowest > MOST:
        print(f"  BROKEN: the page may take {1e3 * MOST:.0f} ms")
    return int(slowest > MOST)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the data of a directory, or of a new one."""
    quiet = structlog.make_filtering_bound_logger(logging.WARNING)
    structlog.configure(wrapper_class=quiet)
    parser = option_parser("overview", __doc__)
    parser.add_argument("--data", type=Path, help="data directory of a service that has ended")
    given = parser.parse_args(arguments)
    if given.data and not given.small:
        with installation(given.data.absolute()) as settings:
            return told(settings)
    with tempfile.TemporaryDirectory(prefix="nudge-") as name, installation(Path(name)) as settings:
        return told(settings)
