"""Visits on the recharge path, brought into the lake, and the workers that answer about it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from api_web import Web
from page_site import PageSite

from nudge.domain.identity.sealing import Sealer
from nudge.flows.folds.archive import ArchiveFold, ArchiveLimits
from nudge.flows.folds.attribute import AttributeFold
from nudge.lake.files.reader import Lake
from nudge.wiring.stores import patient_store
from nudge.workers.leases import Leases
from nudge.workers.reports.answers import Answers
from nudge.workers.reports.report_loop import ReportLoop
from nudge.workers.runner import Runner

STEPS = ("home", "recharge", "amount", "number", "pay_tapped", "method")
PEOPLE = 90
PATIENCE = 60.0


def visit(web: Web, people: int = PEOPLE) -> list[str]:
    """Let visitors of two channels come: those of WAP fail to pay, the others pay.

    Returns:
        The ids of their decisions.
    """
    made = []
    for number in range(people):
        who, wap = f"v-{number}", number % 2
        told = web.decide(visitor_id=who, channel="wap" if wap else "web", slots=["denomination"])
        made.append(told["decisions"]["denomination"]["decision_id"])
        steps = [
            {"event_id": f"{who}-{step}", "type": "step", "visitor_id": who, "step": step}
            for step in STEPS
        ]
        paid = {"event_id": f"{who}-p", "type": "paid", "visitor_id": who, "amount": 50}
        failed = {"event_id": f"{who}-f", "type": "payment_failed", "visitor_id": who}
        last = failed | {"reason": "gateway_down", "method": "alipay"} if wap else paid
        web.post("/v1/events", {"events": [*steps, last]}, web.secrets["ingest"])
    return made


def archive(web: Web) -> None:
    """Bring what happened into the lake."""
    settings = web.service.settings
    store = patient_store(settings)
    runner = Runner(store, AttributeFold(store), "test")
    while runner.turn():
        pass
    seal = Sealer(settings.secret_key).seal_each
    leases = Leases(store, "archive", "test")
    leases.refresh()
    ArchiveFold(store, Lake(settings.lake_dir), seal, ArchiveLimits(every=0.0)).run(leases.held())
    store.close()


@contextmanager
def answering(web: Web) -> Iterator[None]:
    """A worker that answers questions about the lake, in threads."""
    settings = web.service.settings
    store, stop = patient_store(settings), Event()
    loops = [ReportLoop(store, kind, 5.0) for kind in Answers(store, settings).kinds]
    threads = [Thread(target=loop.run, args=(stop,)) for loop in loops]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        store.close()


def settled(site: PageSite, path: str, role: str = "admin", language: str = "zh") -> str:
    """The page at a path, once no worker computes for it any more."""
    until = time.monotonic() + PATIENCE
    while 'class="pending"' in (text := site.text(path, role, language)):
        assert time.monotonic() < until
        time.sleep(0.1)
    return text
