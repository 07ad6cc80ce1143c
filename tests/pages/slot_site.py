"""A slot with visitors, a policy and a worker, for the tests of its pages."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any, Final

import pytest
from api_web import Web, bearer
from page_site import PageSite
from test_api_model import publish
from test_api_reports import fold

from nudge.lake.reports import shown
from nudge.wiring.stores import patient_store
from nudge.workers.reports.answers import Answers
from nudge.workers.reports.report_loop import ReportLoop

SLOT: Final = "/v1/slots/banner"
PATIENCE: Final = 60.0
STAGES: Final = ("growth", "stable", "left")


def patch(web: Web, body: object, path: str = SLOT, why: str = "a test") -> Any:
    """Change the slot as somebody else, whatever revision it has."""
    headers = bearer(web.secrets["admin"]) | {"If-Match": "*"}
    done = web.http.patch(f"{path}?why={why}", json=body, headers=headers)
    assert done.status_code == 200, done.text
    return done.json


def visit(web: Web, people: int = 160) -> None:
    """Visitors see the banner; the gifts pay among those of WAP, the data draw elsewhere.

    Windows are a second long, and somebody comes behind it: all but the last have closed.
    """
    patch(web, {"reward": {"window": "1s"}})
    publish(web)
    chance = random.Random(5)  # noqa: S311 (a test's own)
    for number in range(people):
        _one(web, number, chance)
    fold(web)
    time.sleep(2.5)
    for number in range(people, people + 40):
        _one(web, number, chance)
    fold(web)


def _one(web: Web, number: int, chance: random.Random) -> None:
    channel = chance.choice(("wap", "web"))
    context = {"stage": chance.choice(STAGES), "city_tier": "1"}
    asked = {"visitor_id": f"v-{number}", "channel": channel, "page": "home", "context": context}
    made = web.decide(slots=["banner"], **asked)["decisions"]["banner"]
    seen = {"event_id": f"s-{number}", "type": "shown", "visitor_id": f"v-{number}"}
    web.send(seen | {"decision_id": made["decision_id"]})
    best = "triple_gift" if channel == "wap" else "data_draw"
    if chance.random() < (0.6 if made["variant"] == best else 0.1):
        paid = {"event_id": f"p-{number}", "type": "paid", "visitor_id": f"v-{number}"}
        body = {"events": [paid | {"amount": 50}]}
        assert web.post("/v1/events", body, web.secrets["ingest"]).status_code == 202


@contextmanager
def working(web: Web) -> Iterator[None]:
    """A worker that answers questions, in threads; it waits for no late record."""
    settings = web.service.settings
    store, stop = patient_store(settings), Event()
    loops = [ReportLoop(store, kind, 5.0) for kind in Answers(store, settings).kinds]
    threads = [Thread(target=loop.run, args=(stop,)) for loop in loops]
    for thread in threads:
        thread.start()
    try:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(shown, "GRACE", 0.0)
            yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        store.close()


def settled(site: PageSite, path: str, language: str = "zh") -> str:
    """A page once no part of it is still being computed."""
    client, until = site.client(language=language), time.monotonic() + PATIENCE
    while True:
        text = client.get(path).text
        if 'class="pending"' not in text:
            return text
        assert time.monotonic() < until, text
        time.sleep(0.1)
