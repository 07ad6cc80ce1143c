"""The example of a WAP page without script, against the real service."""

from __future__ import annotations

import http.client
import threading
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from api_web import Web, listening, served
from child_processes import free_port
from places import ROOT

from nudge.client import Client
from nudge.domain.journal.records import Decision
from nudge.settings.settings import Settings

NAMES = {"x": "http://www.w3.org/1999/xhtml"}


@pytest.fixture
def web(settings: Settings) -> Iterator[Web]:
    yield from served(settings)


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The example's module, as its own folder finds it."""
    monkeypatch.syspath_prepend(str(ROOT / "examples" / "wap"))
    import shop  # noqa: PLC0415 (its folder is on the path from here on)

    return shop


@contextmanager
def selling(example: Any, service: str, key: str, pixel_key: str) -> Iterator[str]:
    """The shop's address."""
    with Client(service, key, example.DEFAULTS, budget=5.0, tell=lambda _: None) as client:
        handler = example.handler_of(example.Shop(client, service, pixel_key))
        handler.log_message = lambda *_: None
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def call(address: str, method: str, path: str, body: str = "", **headers: str) -> tuple[Any, bytes]:
    """A phone's call: the answer and its body."""
    connection = http.client.HTTPConnection(address)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer, data


def page_of(data: bytes) -> ET.Element:
    """The page as a WAP browser reads it: it must be well-formed."""
    return ET.fromstring(data)  # noqa: S314 (our own page)


def form_of(page: ET.Element) -> dict[str, str]:
    """The fields that the form sends."""
    hidden = page.iterfind(".//x:input[@type='hidden']", NAMES)
    chosen = page.find(".//x:option[@selected]", NAMES)
    assert chosen is not None
    return {one.get("name", ""): one.get("value", "") for one in hidden} | {
        "amount": chosen.get("value", "")
    }


def test_a_phone_without_script_recharges(web: Web, example: Any) -> None:
    """The page shows what was decided, its images count the exposures, and a payment counts once.

    The phone loads the images twice and sends the form twice, as such phones do.
    """
    key, pixel_key = web.key("decide", "ingest"), web.secrets["decide"]
    with listening(web) as url, selling(example, url, key, pixel_key) as address:
        answer, data = call(address, "GET", "/")
        page = page_of(data)
        assert answer.getheader("Content-Type").startswith("application/xhtml+xml")
        assert b"<script" not in data
        assert key.encode() not in data
        images = [one.get("src", "") for one in page.iterfind(".//x:img", NAMES)]
        for src in images * 2:
            parts = urlsplit(src)
            seen, _ = call(parts.netloc, "GET", f"{parts.path}?{parts.query}")
            assert seen.status == 200
        form = form_of(page)
        for _ in range(2):
            assert call(address, "POST", "/pay", urlencode(form))[0].status == 200
    made = {e.record.slot: e.record for e in web.entries() if isinstance(e.record, Decision)}
    assert form["amount"] == made["denomination"].variant
    assert {one.channel for one in made.values()} == {"wap"}
    assert sorted(one.type for one in web.events()) == ["paid", "shown", "shown"]
    (paid,) = [one for one in web.events() if one.type == "paid"]
    assert paid.event_id == form["order"]
    assert paid.subject == made["banner"].subject


def test_the_same_phone_is_the_same_visitor(web: Web, example: Any) -> None:
    """Its cookie brings the visitor's id, and the decisions of before."""
    key = web.key("decide", "ingest")
    with listening(web) as url, selling(example, url, key, "p") as address:
        answer, first = call(address, "GET", "/")
        cookie = answer.getheader("Set-Cookie").partition(";")[0]
        again = call(address, "GET", "/", Cookie=cookie)[1]
        forged = call(address, "GET", "/", Cookie='v="a\\012X-Forged: 1"')[0]
    assert forged.getheader("X-Forged") is None
    assert form_of(page_of(first))["v"] == form_of(page_of(again))["v"]
    # Two decisions for each of two visitors: an id that the shop did not give is nobody's.
    assert sum(isinstance(e.record, Decision) for e in web.entries()) == 4


@pytest.mark.parametrize(("lang", "word"), [("zh-CN", "充值抽流量"), ("en-GB", "draw data")])
def test_without_the_service_the_shop_sells(example: Any, lang: str, word: str) -> None:
    """The shop shows its own defaults and no image: the phone sees no difference."""
    url = f"http://127.0.0.1:{free_port()}"
    with selling(example, url, "k", "p") as address:
        _, data = call(address, "GET", "/", **{"Accept-Language": lang})
        page = page_of(data)
        assert word in data.decode()
        assert form_of(page)["amount"] == "50"
        assert page.find(".//x:img", NAMES) is None


ID = "0" * 32


@pytest.mark.parametrize(
    "form",
    [
        "",
        "amount=50",
        f"v={ID}&order={ID}&amount=7",
        f"v=&order={ID}&amount=50",
        f"v={ID}&order=b&amount=50",
        f"v=undefined&order={ID}&amount=50",
    ],
)
def test_a_form_that_does_not_fit_is_refused(example: Any, form: str) -> None:
    """The shop's own amounts alone, for ids that it gave: no other one reaches the service."""
    url = f"http://127.0.0.1:{free_port()}"
    with selling(example, url, "k", "p") as address:
        assert call(address, "POST", "/pay", form)[0].status == 400


@pytest.mark.parametrize("length", ["-1", "x", "1e3", "9" * 40])
def test_a_length_that_is_none_is_refused(example: Any, length: str) -> None:
    """A caller that says nonsense about its form is answered, and holds no thread."""
    url = f"http://127.0.0.1:{free_port()}"
    with selling(example, url, "k", "p") as address:
        assert call(address, "POST", "/pay", **{"Content-Length": length})[0].status == 400
