"""Promotions with visitors behind them: the site of the tests of that screen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

from api_web import bearer
from page_site import PageSite

from nudge import clock
from nudge.domain.identity.sealing import Sealer
from nudge.flows.folds.archive import ArchiveFold, ArchiveLimits
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.folds.learn import LearnFold
from nudge.lake.files.reader import Lake
from nudge.wiring.stores import patient_store
from nudge.workers.leases import Leases
from nudge.workers.reports.audience_answers import audience_kind
from nudge.workers.reports.report_loop import ReportLoop

DAY = 86_400.0


def patch(site: PageSite, variants: object, **more: object) -> Any:
    """A change of the slot `banner` by the API, as somebody else makes it."""
    web = site.web
    tag = web.get("/v1/slots/banner").headers["ETag"]
    headers = bearer(web.secrets["admin"]) | {"If-Match": tag}
    body = {"variants": variants} | more
    answer = web.http.patch("/v1/slots/banner?why=spring", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json


def offer(zh: str, en: str, **available: object) -> dict[str, object]:
    """A promotion as the API takes it."""
    text = {"zh": f"{zh}，限时有效", "en": f"{en}, for a short time"}
    title = {"zh": zh, "en": en}
    return {"title": title, "value": {"title": title, "text": text}, "available": available}


def add_promotions(site: PageSite) -> None:
    """Promotions of every state beside the shipped ones."""
    now = round(clock.now())
    patch(
        site,
        {
            "city": offer(
                "杭州专享",
                "Hangzhou only",
                when={"all": [{"attribute": "city", "in": ["杭州", "宁波"]}]},
                ends=now + 2 * DAY,
            ),
            "stocked": offer("会员日", "Members' day", stock=500, channels=["wap", "app"]),
            "later": offer("双十二", "12.12", starts=now + 5 * DAY, ends=now + 9 * DAY),
            "over": offer("开学季", "Back to school", starts=now - 9 * DAY, ends=now - 2 * DAY),
            "video": {"enabled": False},
        },
    )


def add_visitors(site: PageSite, people: int = 60) -> None:
    """Visitors who saw the banner, half of them by WAP, brought into states and lake."""
    web = site.web
    for number in range(people):
        who = f"v-{number}"
        context = {"city_tier": str(1 + number % 2)}
        channel = "wap" if number % 2 else "web"
        told = web.decide(visitor_id=who, channel=channel, slots=["banner"], context=context)
        named = told["decisions"]["banner"]["decision_id"]
        shown = {"event_id": f"{who}-s", "type": "shown", "visitor_id": who, "decision_id": named}
        paid = {"event_id": f"{who}-p", "type": "paid", "visitor_id": who, "amount": 50}
        events = [shown, paid] if number % 3 == 0 else [shown]
        web.post("/v1/events", {"events": events}, web.secrets["ingest"])
    settings = web.service.settings
    store = patient_store(settings)
    site.fold(AttributeFold(store), LearnFold(store))
    leases = Leases(store, "archive", "test")
    leases.refresh()
    seal = Sealer(settings.secret_key).seal_each
    ArchiveFold(store, Lake(settings.lake_dir), seal, ArchiveLimits(every=0.0)).run(leases.held())
    store.close()


@contextmanager
def counting(site: PageSite) -> Iterator[None]:
    """A worker that counts visitors, in a thread."""
    settings = site.web.service.settings
    store, stop = patient_store(settings), Event()
    thread = Thread(target=ReportLoop(store, audience_kind(store, settings), 5.0).run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        store.close()
