"""A lake of sends behind the pages, and a worker that answers questions about it, for the tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from api_web import Web
from send_traffic import OUTAGE, traffic, written

from nudge.wiring.stores import patient_store
from nudge.workers.reports.report_loop import ReportLoop
from nudge.workers.reports.send_answers import send_kind


def put_sends(web: Web, sends: int, people: int) -> None:
    """Write sends into the lake of the installation."""
    written(web.service.settings.lake_dir, [*traffic(0, sends, people), (OUTAGE.end, OUTAGE.mark)])


@contextmanager
def answering(web: Web) -> Iterator[None]:
    """A worker that answers questions about sends."""
    store, stop = patient_store(web.service.settings), Event()
    loop = ReportLoop(store, send_kind(store, web.service.settings), 5.0)
    thread = Thread(target=loop.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        store.close()
