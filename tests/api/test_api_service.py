"""Errors, CORS, health, metrics, the document's page, and the store being away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from api_web import ASK, Web, bearer, served
from child_processes import eventually
from flask import Flask
from marshmallow import Schema
from places import CONFIG

from nudge.api.keeper import Keeper
from nudge.api.operation import check_rules, operation, resource
from nudge.api.schemas.decisions import MANY, ONE
from nudge.api.service import Service
from nudge.config.slot_change import Edit
from nudge.errors import StoreAwayError, StoreFullError
from nudge.flows.upkeep.setup.first_slots import apply_first_slots
from nudge.processes.welcome import NO_SLOTS
from nudge.settings.settings import Settings
from nudge.store.keeping.identity import MARGIN
from nudge.store.service import api_keys
from nudge.store.wire.client import Client
from nudge.wiring.web import create_app

AWAY = "redis://127.0.0.1:1"
SHIPPED = len(list((CONFIG / "slots").glob("*.toml")))
"""Slots of the shipped configuration."""


def away(settings: Settings) -> Web:
    """An app whose store does not answer."""
    app = create_app(replace(settings, redis_url=AWAY))
    return Web(app, {"read": settings.admin_key, "decide": settings.admin_key})


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/v1/nothing", 404, "not_found"),
        ("DELETE", "/v1/slots", 405, "method_not_allowed"),
        ("GET", "/v1/decisions", 405, "method_not_allowed"),
    ],
)
def test_flask_s_own_errors_have_the_one_form(
    web: Web, method: str, path: str, status: int, code: str
) -> None:
    """`{code, message}` for these too, and `Allow` stays with 405."""
    response = web.http.open(path, method=method)
    assert (response.status_code, response.json["code"]) == (status, code)
    assert set(response.json) == {"code", "message"}
    assert ("Allow" in response.headers) == (status == 405)


def test_a_fault_of_ours_tells_nothing(web: Web) -> None:
    """An exception that nobody foresaw is 500 in the one form, without its text."""
    web.app.testing = False
    web.app.view_functions["slots.every"] = lambda: 1 / 0
    response = web.http.get("/v1/slots")
    assert response.status_code == 500
    assert response.json == {
        "code": "internal",
        "message": "internal error; the service's log names the cause",
    }


def test_an_endpoint_without_a_rule_is_not_served() -> None:
    """The app refuses to start with an endpoint that anybody could call by oversight."""
    app = Flask("bare", static_folder=None)
    app.add_url_rule("/bare", view_func=lambda: "", endpoint="bare")
    with pytest.raises(RuntimeError, match="bare"):
        check_rules(app, ())


def test_preflight_needs_no_key(web: Web) -> None:
    """Browsers send none with it; the answer names methods and headers."""
    for path in ("/v1/decisions", "/v1/events", "/ofrep/v1/evaluate/flags"):
        response = web.http.options(path, headers={"Origin": "https://shop.example"})
        assert response.status_code == 204
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "POST" in response.headers["Access-Control-Allow-Methods"]
        assert "X-API-Key" in response.headers["Access-Control-Allow-Headers"]


def test_errors_have_cors_headers_too(web: Web) -> None:
    """A page can read why it was refused."""
    response = web.http.post("/v1/decisions", json={}, headers={"Origin": "https://shop.example"})
    assert response.status_code == 401
    assert response.headers["Access-Control-Allow-Origin"] == "*"


def test_only_the_settings_origins_are_allowed(settings: Settings) -> None:
    """Another origin gets no header, and the settings' page key works from the named ones only."""
    limited = replace(settings, cors_origins=("https://shop.example",))
    for web in served(limited):
        good = web.http.options("/v1/decisions", headers={"Origin": "https://shop.example"})
        bad = web.http.options("/v1/decisions", headers={"Origin": "https://evil.example"})
        assert good.headers["Access-Control-Allow-Origin"] == "https://shop.example"
        assert "Access-Control-Allow-Origin" not in bad.headers
        assert "Origin" in bad.headers["Vary"]
        headers = {"Origin": "https://evil.example"}
        refused = web.post("/v1/decisions", ASK, settings.page_key, headers=headers)
        assert (refused.status_code, refused.json["code"]) == (403, "forbidden")


def test_a_key_may_be_limited_to_origins(web: Web) -> None:
    """Elsewhere it is refused; a caller without an origin is no browser of another site."""
    key = web.key("decide", origins=("https://shop.example",))
    for origin, status in (("https://shop.example", 200), ("https://evil.example", 403)):
        response = web.post("/v1/decisions", ASK, key, headers={"Origin": origin})
        assert response.status_code == status
    assert web.post("/v1/decisions", ASK, key).status_code == 200


def test_health_is_told_without_a_key(web: Web) -> None:
    """Ready once the catalogue is loaded and the store answers."""
    assert web.http.get("/healthz").json == {"status": "ok"}
    ready = web.http.get("/readyz")
    assert (ready.status_code, ready.json["status"], ready.json["slots"]) == (200, "ready", SHIPPED)
    web.decide()
    lags = web.http.get("/readyz").json["lags"]
    assert lags.keys() == {"attribute", "learn", "archive", "monitor", "care", "segment"}
    assert lags["attribute"] >= 2


def test_a_wrong_store_is_told_and_served_from(web: Web) -> None:
    """A store that came back empty takes no slot and no key away; readyz names the matter."""
    service = web.service
    service.look()
    before = web.decide()
    for key in list(service.store.client.scan(f"{service.store.keys.namespace}:*")):
        service.store.client.call("DEL", key)
    service.look()
    ready = web.http.get("/readyz").json
    assert (ready["status"], ready["slots"]) == ("degraded", SHIPPED)
    assert ready["reason"].startswith("store_empty: ")
    after = web.decide()
    assert after["decisions"].keys() == before["decisions"].keys()
    assert service.store.journal.last_position(0) > MARGIN


def test_f01_a_slot_that_cannot_publish_is_told(web: Web) -> None:
    """Readyz names the slot, and a figure counts it, until its next version."""
    service = web.service
    service.store.snapshots.note_failure("banner", "MemoryError")
    service.refresh()
    ready = web.http.get("/readyz")
    assert (ready.status_code, ready.json["status"]) == (200, "degraded")
    warning, *rest = ready.json["warnings"]
    assert warning.startswith("publish_failing: the learner of slot banner fails (MemoryError)")
    assert ready.json["reason"] == warning
    assert 'nudge_publish_failing{slot="banner"} 1.0' in web.http.get("/metrics").text
    lease = service.store.snapshots.acquire("banner", "test", 5.0)
    assert lease
    service.store.snapshots.publish(lease, b"", 0.0, [])
    service.refresh()
    ready = web.http.get("/readyz").json
    assert (ready["status"], ready["warnings"]) == ("ready", rest)


def test_a_full_store_is_told(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """No room is another trouble than no store: the cure is another one."""
    web.service.look()
    breaker = web.service.store.client.breaker
    assert breaker

    def full() -> None:
        raise StoreFullError("OOM command not allowed")

    monkeypatch.setattr(breaker, "_probe", full)
    breaker.trip(StoreFullError("OOM command not allowed"))
    ready = web.http.get("/readyz").json
    assert ready["status"] == "degraded"
    assert ready["reason"].startswith("store_full: ")


def test_the_app_starts_without_a_store(settings: Settings) -> None:
    """It is alive but not ready, and says 503 with a time to try again."""
    web = away(settings)
    assert web.http.get("/healthz").status_code == 200
    ready = web.http.get("/readyz")
    assert (ready.status_code, ready.json["status"]) == (503, "starting")
    response = web.get("/v1/slots")
    assert (response.status_code, response.json["code"]) == (503, "store_away")
    assert int(response.headers["Retry-After"]) > 0
    assert "127.0.0.1" not in response.text


def test_o01_without_a_slot_it_is_not_ready(settings: Settings) -> None:
    """Nothing can be decided: 503 with the cure; as soon as there is a slot, ready."""
    web = Web(create_app(settings), {})
    web.service.look()
    ready = web.http.get("/readyz")
    assert (ready.status_code, ready.json["status"]) == (503, "starting")
    assert ready.json["reason"].startswith("no_slots: ")
    assert "nudge apply config/slots" in ready.json["reason"]
    assert NO_SLOTS in ready.data
    apply_first_slots(web.service.store, settings, Edit("test", "", 1.0))
    web.service.look()
    ready = web.http.get("/readyz")
    assert (ready.status_code, ready.json["status"]) == (200, "ready")


@contextmanager
def following(service: Service) -> Iterator[None]:
    """Let a service follow its store; afterwards it does not look at what other tests do to it."""
    thread = service.start()
    try:
        yield
    finally:
        service.ended.set()
        thread.join(10)
        assert not thread.is_alive()


def test_o01_the_web_registers_the_pages_key(settings: Settings) -> None:
    """Also where no `nudge serve` did: the key is listed, and can be revoked."""
    service = Web(create_app(settings), {}).service
    with following(service):
        assert eventually(
            lambda: [k.name for k in service.store.api_keys.list_keys()] == ["page"], 10
        )


def test_an_unknown_key_is_not_called_wrong_without_a_store(settings: Settings) -> None:
    """A caller who cannot be looked up is told to try again, not that the key is bad."""
    response = away(settings).http.get("/v1/slots", headers=bearer("nk_unknown"))
    assert response.status_code == 503


def test_with_the_store_gone_it_is_degraded(web: Web) -> None:
    """With a catalogue in memory the process still counts as ready."""
    web.service.refresh()
    gone = replace(web.service, store=away(web.service.settings).service.store)
    web.app.extensions["nudge"] = gone
    ready = web.http.get("/readyz")
    assert (ready.status_code, ready.json["status"]) == (200, "degraded")
    assert ready.json["slots"] == SHIPPED


def test_the_thread_follows_the_store(web: Web) -> None:
    """After `start` a new key is known without anybody asking."""
    fast = replace(web.service, settings=replace(web.service.settings, refresh_every=0.05))
    store = web.service.store
    with following(fast):
        _, secret = store.api_keys.create(["read"], "x", (), 1.0)
        digest = api_keys.digest_of(secret)
        assert eventually(lambda: digest in web.service.held.catalogue.callers, 10)


def test_what_the_spool_holds_is_told(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """Operations see how much waits, whether it fits, and when it went to the journal."""
    web.service.look()
    service = web.service
    keeper = Keeper(service.spool, service.store.client, service.store, service.metrics.spool)
    with monkeypatch.context() as patch:
        patch.setattr(Client, "_send", no_answer)
        web.decide()
        web.send({"event_id": "e", "type": "step", "visitor_id": "v", "step": "home"})
        keeper.tell(away=True)
    fullest = service.spool.used
    text = web.http.get("/metrics").text
    for line in ("nudge_spooled_total 3.0", "nudge_spool_pending 3.0", "nudge_store_away 1.0"):
        assert line in text
    assert 'nudge_degraded_decisions_total{slot="denomination"} 1.0' in text
    keeper.look()
    keeper.tell(away=False)
    text = web.http.get("/metrics").text
    for line in ("nudge_spool_drained_total 3.0", "nudge_spool_pending 0.0"):
        assert line in text
    # The monitors, which run elsewhere, read the fullest moment in the store.
    [noted] = service.store.process_notes.read().values()
    assert noted.spool_used == fullest > 0.0


def no_answer(*_: object) -> object:
    raise StoreAwayError("away")


def test_figures_are_counted_by_app(settings: Settings) -> None:
    """Two apps in one process have figures of their own."""
    for web in served(settings):
        other = create_app(settings).test_client()
        web.decide()
        web.send({"event_id": "e", "type": "step", "visitor_id": "v", "step": "home"}, {})
        text = web.http.get("/metrics").text
        assert 'nudge_decisions_total{reason="' in text
        assert 'nudge_events_total{result="accepted"} 1.0' in text
        assert 'nudge_events_total{result="rejected"} 1.0' in text
        assert 'nudge_request_seconds_count{endpoint="decide"} 1.0' in text
        assert 'nudge_decisions_total{reason="' not in other.get("/metrics").text


def test_the_page_uses_nothing_from_elsewhere(web: Web) -> None:
    """/docs runs our own files only; each one that it names is served."""
    page = web.http.get("/docs")
    policy = page.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy
    assert "http" not in page.text
    for name in ("swagger-ui.css", "swagger-ui-bundle.js", "start.js"):
        assert f'"/docs/assets/{name}"' in page.text
        assert web.http.get(f"/docs/assets/{name}").status_code == 200


def test_the_document_shows_what_is_loaded(web: Web) -> None:
    """The decide path loads with its schemas directly; the document is made of the same ones."""
    document = web.http.get("/openapi.json").json
    body = document["paths"]["/v1/decisions"]["post"]["requestBody"]["content"]
    refs = [one["$ref"].rsplit("/", 1)[1] for one in body["application/json"]["schema"]["oneOf"]]
    for name, schema in zip(refs, (ONE, MANY), strict=True):
        described = document["components"]["schemas"][name]
        assert described["properties"].keys() == schema.fields.keys()
        assert set(described["required"]) == required(schema)
        assert described["additionalProperties"] is False


def required(schema: Schema) -> set[str]:
    """Fields that a request can not do without."""
    return {name for name, field in schema.fields.items() if field.required}


def test_the_decorator_keeps_rule_and_document_together() -> None:
    """An operation enforces what it writes down."""
    group = resource("probe", "for a test")
    operation(
        group, "GET /probe", name="probe", scopes=("read",), answers={200: {"type": "object"}}
    )(probe)
    told = group._docs["probe"]["get"]["manual_doc"]
    assert told["x-scopes"] == ["read"]
    assert {401, 403, 503} <= told["responses"].keys()


def probe() -> None:
    """Does nothing."""
