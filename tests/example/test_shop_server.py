"""The shop's own server: whose payments and decisions it tells, and what it never gives away."""

from __future__ import annotations

import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from places import ROOT
from shop_site import ShopSite
from structlog.testing import capture_logs

from lab.shop import payment_book, web
from lab.shop.outcomes import OUTCOMES
from lab.shop.payment_book import Payment, PaymentBook
from lab.shop.payment_news import ingest_key
from lab.shop.shop_files import LANGUAGES, ShopFiles, find_shop_files, read_words
from lab.shop.visit import COOKIE
from nudge.cli.serve import DEMO_PAGES, DEMO_WEB
from nudge.domain.journal.records import Event
from nudge.processes.supervise import programs
from nudge.settings.settings import Settings
from nudge.wiring.web import create_app

FILES = find_shop_files()
PAYMENT = {"amount": "30", "method": "alipay", "payment_id": "payment-1"}


def shopper(site: ShopSite) -> FlaskClient:
    """A browser that has opened the shop."""
    client = site.app.test_client()
    assert client.get("/example").status_code == 200
    return client


def visitor_of(client: FlaskClient) -> str:
    """The visitor's id, as the page has it."""
    page = client.get("/example").get_data(as_text=True)
    return re.findall(r'data-visitor="([^"]+)"', page)[0]


def test_a_visit_from_a_city_tells_it(site: ShopSite) -> None:
    """The city of the address is the page's, as text only; without one the page tells none."""
    client = site.app.test_client()
    page = client.get("/example?city=杭州").get_data(as_text=True)
    assert 'data-city="杭州"' in page
    assert "&amp;city=%E6%9D%AD%E5%B7%9E" in page or "&city=%E6%9D%AD%E5%B7%9E" in page
    hostile = client.get('/example?city="><script>x</script>').get_data(as_text=True)
    assert "<script>x" not in hostile
    assert "data-city" not in client.get("/example").get_data(as_text=True)


def decide(site: ShopSite, visitor: str) -> Any:
    """The decision about the banner that a page gets."""
    ask = {"visitor_id": visitor, "channel": "wap", "page": "home", "slots": ["banner"]}
    path = f"/v1/decisions?key={site.service.settings.page_key}"
    return site.app.test_client().post(path, data=json.dumps(ask)).json["decisions"]["banner"]


def test_only_a_demonstration_has_the_shop(shop_settings: Settings) -> None:
    """The service has no path of the example; the supervisor runs the shop where it is told to."""
    rules = [rule.rule for rule in create_app(shop_settings).url_map.iter_rules()]
    assert not [rule for rule in rules if "example" in rule]
    module, _, call = DEMO_WEB.partition(":")
    assert hasattr(import_module(module), call.removesuffix("()"))
    assert DEMO_WEB not in programs(shop_settings)[0].command
    assert DEMO_WEB in programs(shop_settings, DEMO_WEB)[0].command
    assert list(DEMO_PAGES.values()) == ["/example"]


def test_a_demonstration_without_the_shop_s_files_serves_the_rest(
    shop_settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A wheel has no examples: the service runs, and the log says what is missing."""
    monkeypatch.setattr(web, "find_shop_files", lambda: ShopFiles(tmp_path))
    with capture_logs() as logs:
        app = web.create_app(shop_settings)
    assert [one["event"] for one in logs] == ["shop_missing"]
    assert app.test_client().get("/example").status_code == 404
    assert app.test_client().get("/healthz").status_code == 200


def test_an_integration_has_fifteen_lines_a_page() -> None:
    """Everything of Nudge stands in one file a page, of at most 15 lines of code."""
    counted = {}
    for path in FILES.files.glob("*.js"):
        text = path.read_text("utf-8")
        code = [one for one in text.splitlines() if one.strip() and not one.startswith("//")]
        if "nudge." in "\n".join(code):
            counted[path.name] = len(code)
    counted.pop("panel.js")  # it shows the demonstration, and is of no shop
    assert set(counted) == {"home.js", "recharge.js", "pay.js"}
    assert max(counted.values()) <= 15


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("path", ["", "/recharge", "/pay"])
def test_a_page_has_one_key_and_no_inline_code(site: ShopSite, lang: str, path: str) -> None:
    """The page key alone; scripts and styles from this host, the SDK with its hash."""
    response = shopper(site).get(f"/example{path}?lang={lang}")
    text = response.get_data(as_text=True)
    settings = site.service.settings
    assert str(settings.page_key) in text
    assert not any(key in text for key in (str(settings.admin_key), ingest_key(settings)))
    assert not re.search(r"<script(?![^>]+src)|<style| style=| on\w+=|https?://", text)
    assert re.search(r'src="/sdk/[\d.]+/nudge.js" integrity="sha384-', text)
    policy = response.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


def test_both_languages_have_the_same_words() -> None:
    """No page lacks a word in one of them, and no word is left empty."""
    zh, en = (read_words(language) for language in LANGUAGES)
    assert zh.keys() == en.keys()
    assert all([*zh.values(), *en.values()])


def test_the_language_is_the_page_s_or_the_browser_s(site: ShopSite) -> None:
    """The language that was asked for goes first; without a known one it is Chinese."""
    client = site.app.test_client()
    english = {"Accept-Language": "en-GB"}
    assert 'lang="en">' in client.get("/example", headers=english).text.split("<head>")[0]
    for query, headers in (("?lang=zh", english), ("?lang=xx", {}), ("", {})):
        page = client.get(f"/example{query}", headers=headers).text
        assert 'lang="zh-CN">' in page.split("<head>")[0]


def test_a_decision_is_told_to_the_one_it_was_made_for(site: ShopSite) -> None:
    """Reason and distribution for this browser's visitor; everybody else learns nothing."""
    client = shopper(site)
    given = decide(site, visitor_of(client))
    told = client.get(f"/example/decisions/{given['decision_id']}?lang=en").json
    assert told["reproduced"]
    assert told["propensity"] == given["propensity"]
    assert sum(one["share"] for one in told["distribution"]) == pytest.approx(1)
    assert [one["title"] for one in told["distribution"] if one["drawn"]] == [told["variant"]]
    assert set(told) & {"subject", "context"} == set()
    other = shopper(site)
    decide(site, visitor_of(other))
    none = {"unexplained": "not_found"}
    assert other.get(f"/example/decisions/{given['decision_id']}").json == none
    assert client.get("/example/decisions/none").json == none
    stranger = site.app.test_client()
    assert stranger.get(f"/example/decisions/{given['decision_id']}").status_code == 401
    stranger.set_cookie(COOKIE, visitor_of(client), path="/example")
    assert stranger.get(f"/example/decisions/{given['decision_id']}").status_code == 401


def test_a_payment_is_told_once_as_a_fact(site: ShopSite) -> None:
    """A form that is sent again is the same payment; its first outcome stays, and counts once."""
    client = shopper(site)
    visitor = visitor_of(client)
    decide(site, visitor)
    for outcome in ("card_closed", "paid"):
        assert client.post("/example/payments", data=PAYMENT).status_code == 200
        done = client.post("/example/payments/payment-1", data={"outcome": outcome})
        assert done.status_code == 200
    assert client.get("/example/payments/payment-1").json == {
        "status": "failed",
        "reason": "card_closed",
        "method": "alipay",
    }
    told = [(one.type, one.source, one.fields["reason"]) for one in site.events(visitor)]
    assert told == [("payment_failed", "server", "card_closed")]
    other = shopper(site)
    assert other.get("/example/payments/payment-1").status_code == 404
    assert other.post("/example/payments", data=PAYMENT).status_code == 404
    assert other.post("/example/payments/payment-1", data={"outcome": "paid"}).status_code == 404


def test_what_the_service_did_not_take_is_told_with_the_next_question(site: ShopSite) -> None:
    """A payment is not lost while the service is away."""
    client = shopper(site)
    visitor = visitor_of(client)
    decide(site, visitor)
    form = PAYMENT | {"payment_id": "payment-2"}
    site.door.trouble = "down"
    client.post("/example/payments", data=form)
    client.post("/example/payments/payment-2", data={"outcome": "paid"})
    assert [one for one in site.records(Event) if one.event_id == "payment-2"] == []
    site.door.trouble = "none"
    assert client.get("/example/payments/payment-2").json["status"] == "paid"
    assert [(one.type, one.fields["amount"]) for one in site.events(visitor)] == [("paid", 30)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": "0"},
        {"amount": "501"},
        {"amount": "9" * 5000},
        {"amount": "-1"},
        {"amount": "٣٠٠٠"},
        {"amount": ""},
        {"method": "cash"},
        {"payment_id": "short"},
        {"payment_id": "x" * 41},
        {"payment_id": "号码号码号码号码"},
        {"payment_id": "a/b/c/d/e"},
        {"payment_id": "12345678\n"},
    ],
)
def test_a_form_that_does_not_fit_is_refused(site: ShopSite, wrong: dict[str, str]) -> None:
    """A clear answer names the field; nothing is written down."""
    answer = shopper(site).post("/example/payments", data=PAYMENT | wrong)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_request")
    assert next(iter(wrong)) in answer.json["message"]


def test_an_unknown_outcome_is_refused(site: ShopSite) -> None:
    """The stand-in knows a few ways to end, and names them."""
    client = shopper(site)
    client.post("/example/payments", data=PAYMENT | {"payment_id": "payment-3"})
    answer = client.post("/example/payments/payment-3", data={"outcome": "maybe"})
    assert answer.status_code == 422
    assert "insufficient_balance" in answer.json["message"]


def test_a_slow_payment_is_open_until_it_is_due(shop_settings: Settings) -> None:
    """Until then nobody is told; a silent one never ends."""
    book = PaymentBook(shop_settings.data_dir / "slow.sqlite")
    for name in ("slow", "silent"):
        payment = book.begin(Payment(f"id-{name}", "ada", 30, "alipay"))
        assert payment is not None
        book.settle(payment, name, OUTCOMES[name], at=100.0)
    assert book.untold("ada", at=107.9) == []
    due = book.untold("ada", at=108.0)
    assert [(one.payment_id, one.status(108.0)) for one in due] == [("id-slow", "paid")]
    book.note_told(due)
    assert book.untold("ada", at=1e9) == []


def test_the_book_keeps_the_latest(
    shop_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody fills the disk by an example."""
    monkeypatch.setattr(payment_book, "MOST", 3)
    book = PaymentBook(shop_settings.data_dir / "full.sqlite")
    for number in range(5):
        book.begin(Payment(f"id-{number}", "ada", 30, "alipay"))
    kept = [number for number in range(5) if book.find(f"id-{number}", "ada")]
    assert kept == [2, 3, 4]


def test_every_file_of_the_shop_is_small() -> None:
    """Somebody reads them, and copies them."""
    found = [path for path in (ROOT / "examples/shop").rglob("*") if path.is_file()]
    assert len(found) >= 12
    long = [p.name for p in found if len(p.read_text("utf-8").splitlines()) > 150]
    assert long == []
