"""Promotions over HTTP while visitors arrive: there within a second, to whom they are for."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from e2e_service import ADMIN_KEY, PAGE_KEY, Service, web_workers

from nudge.client.api import Api, ServiceTarget

STOCK = 300
WANTED = 1500
SLOT = {
    "title": "Offers of the test",
    "on": "decision",
    "holdout": 0,
    "stickiness": {"period": "30d"},
    "reward": {"event": "paid", "window": "1d"},
    "policy": {"kind": "uniform"},
    "fallback": {"default": "plain"},
    "variants": [{"name": "plain", "value": 0}],
}


def edit(
    service: Service, method: str, slot: str, body: object, tag: str | None = None
) -> tuple[int, dict[str, Any], str]:
    """Status, body and tag of an edit."""
    connection = http.client.HTTPConnection(urlsplit(service.url).netloc)
    headers = {"Authorization": f"Bearer {ADMIN_KEY}", "Content-Type": "application/json"}
    headers |= {"If-Match": tag} if tag else {}
    connection.request(method, f"/v1/slots/{slot}?why=spring", json.dumps(body), headers)
    response = connection.getresponse()
    answer = json.loads(response.read())
    tag = response.headers.get("ETag") or ""
    connection.close()
    return response.status, answer, tag


def ask(page: Api, slot: str, visitor: str, **context: object) -> dict[str, Any]:
    """The answer that one visitor gets."""
    body = {"visitor_id": visitor, "channel": "wap", "page": "home", "slots": [slot]}
    answer = page.post("/v1/decisions", {**body, "context": context})
    found: dict[str, Any] = answer["decisions"][slot]
    return found


def test_a_promotion_is_served_within_a_second_to_whom_it_is_for(service: Service) -> None:
    """No process restarts; visitors of other cities never see it; the audit says who and why."""
    status, _, tag = edit(service, "PUT", "city_offer", SLOT)
    assert status == 201
    before, page = web_workers(service), Api(ServiceTarget(service.url, PAGE_KEY))
    shown: list[tuple[float, str, str]] = []
    stop = threading.Event()

    def arrive(offset: int) -> None:
        api = Api(ServiceTarget(service.url, PAGE_KEY))
        number = offset
        while not stop.is_set():
            city = ("nanjing", "suzhou")[number // 2 % 2]
            given = ask(api, "city_offer", f"c{number}", city=city)
            shown.append((time.monotonic(), city, given["variant"]))
            number += 2

    threads = [threading.Thread(target=arrive, args=(offset,)) for offset in (0, 1)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    offer = {
        "value": {"title": {"zh": "我的专享优惠", "en": "My exclusive offer"}},
        "available": {"when": {"attribute": "city", "is": "nanjing"}},
    }
    status, answer, _ = edit(service, "PATCH", "city_offer", {"variants": {"mine": offer}}, tag)
    changed = time.monotonic()
    assert (status, answer["revision"]) == (200, 2)
    time.sleep(2.5)
    stop.set()
    for thread in threads:
        thread.join()
    first = min(at for at, _, variant in shown if variant == "mine")
    assert first - changed < 1.0  # a limit of the contract
    late = Counter((city, v) for at, city, v in shown if at > changed + 1.0)
    assert late["suzhou", "mine"] == 0
    assert late["suzhou", "plain"] > 0
    assert late["nanjing", "mine"] > 0
    assert not any(city == "suzhou" and v == "mine" for _, city, v in shown)
    assert web_workers(service) == before
    (entry,) = [
        one
        for one in service.api.get("/v1/slots/city_offer/revisions")["revisions"]
        if one["revision"] == 2
    ]
    assert (entry["why"], entry["who"]) == ("spring", "admin")
    assert "mine" in json.dumps(entry)
    assert ask(page, "city_offer", "latecomer", city="suzhou")["variant"] == "plain"


def test_of_limited_stock_exactly_all_is_given(service: Service) -> None:
    """Exactly 300 of 1,500 get one, whoever asks at the same time, and asks again."""
    slot = SLOT | {
        "variants": [
            {"name": "plain", "value": 0},
            {"name": "gift", "value": 1, "available": {"stock": STOCK}},
        ]
    }
    assert edit(service, "PUT", "gifts", slot)[0] == 201
    apis = threading.local()

    def want(number: int) -> str:
        if not hasattr(apis, "one"):
            apis.one = Api(ServiceTarget(service.url, PAGE_KEY))
        return str(ask(apis.one, "gifts", f"w{number}")["variant"])

    with ThreadPoolExecutor(16) as pool:
        # A worker evens the partitions' parts out: whoever comes then finds what is left.
        given = Counter(pool.map(want, range(WANTED)))
        until = time.monotonic() + 60
        while given["gift"] < STOCK and time.monotonic() < until:
            time.sleep(0.5)
            start = given.total()
            given += Counter(pool.map(want, range(start, start + 200)))
    assert given["gift"] == STOCK
    assert service.settled()
    sold = service.api.get("/v1/slots/gifts")
    assert sum(one["exposures"] for one in _variants(service, "gift")) == STOCK
    assert "gift" in json.dumps(sold)


def _variants(service: Service, name: str) -> list[dict[str, Any]]:
    return [one for one in service.performance("gifts")["variants"] if one["variant"] == name]


def test_the_second_of_two_marketers_is_told_what_changed(service: Service) -> None:
    """412, with the revision that is there now and what it changed; nothing is overwritten."""
    _, _, tag = edit(service, "PUT", "both", SLOT)
    assert edit(service, "PATCH", "both", {"title": "One"}, tag)[0] == 200
    status, answer, _ = edit(service, "PATCH", "both", {"title": "Two"}, tag)
    assert (status, answer["code"], answer["errors"]["revision"]) == (412, "precondition_failed", 2)
    assert any("One" in line for line in answer["errors"]["changed"])
    assert service.api.get("/v1/slots/both")["title"] == "One"
