"""The matrix of who may call what, generated from the OpenAPI document: it knows every endpoint."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from api_web import ASK, Web, bearer

from nudge.api.document import LIBRARY
from nudge.clock import now
from nudge.domain.journal.caller import SCOPES

METHODS = ("get", "post", "put", "patch", "delete")
BODIES = {
    "/v1/decisions": ASK,
    "/v1/events": {"events": [{}]},
    "/v1/slots/{slot}": {},
    "/v1/sms/timings": {"visitor_id": "v"},
}
PLACES = {"{slot}": "banner", "{decision_id}": "a" * 26, "{visitor_id}": "ada"}


def operations(web: Web) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of everything in the document."""
    for path, item in web.http.get("/openapi.json").json["paths"].items():
        for method in METHODS:
            if method in item:
                yield method, path, item[method]


def call(web: Web, method: str, path: str, key: str | None) -> tuple[int, str]:
    """Status and error code of a call that is in order but for its key."""
    target = path
    for place, value in PLACES.items():
        target = target.replace(place, value)
    headers = bearer(key) if key else {}
    response = web.http.open(target, method=method, json=BODIES.get(path), headers=headers)
    told = response.json if response.is_json else {}
    return response.status_code, told.get("code", "")


def test_every_operation_has_a_rule(web: Web) -> None:
    """An endpoint without scopes, or with scopes that are none of ours, fails here."""
    for method, path, told in operations(web):
        assert "x-scopes" in told, f"{method} {path} has no rule"
        assert set(told["x-scopes"]) <= set(SCOPES)
        assert bool(told["x-scopes"]) == bool(told["security"])


def test_every_endpoint_is_in_the_document(web: Web) -> None:
    """Every operation of the app is described, but for the document's own pages."""
    paths = {path for _, path, _ in operations(web)}
    for rule in web.app.url_map.iter_rules():
        described = re.sub(r"<[a-z_]+(?:\(maxlength=\d+\))?:(\w+)>", r"{\1}", rule.rule) in paths
        assert described or rule.endpoint in LIBRARY | {
            "docs.page",
            "docs.document",
            "docs.statistics",
            "sdk.script",
            "sdk.manifest",
        }, rule.endpoint


def test_who_may_call_what(web: Web) -> None:
    """Every operation x every scope x no key, wrong key, revoked key and each scope alone."""
    revoked = web.key(*SCOPES)
    web.service.store.api_keys.revoke(revoked.split("_")[1], now())
    web.service.refresh()
    for method, path, told in operations(web):
        scopes = told["x-scopes"]
        without = [None, "wrong", "nk_" + "a" * 43, revoked]
        got = [call(web, method, path, key) for key in without]
        if not scopes:
            assert {status for status, _ in got} <= {200}, path
            continue
        unknown = [(401, "unauthenticated")] * 3
        assert got == [*unknown, (401, "key_revoked")], f"{method} {path}"
        for scope in SCOPES:
            status, code = call(web, method, path, web.secrets[scope])
            if scope in scopes:
                assert status not in {401, 403}, f"{method} {path} with {scope}"
            else:
                assert (status, code) == (403, "forbidden"), f"{method} {path} with {scope}"


def test_a_refusal_names_the_scope(web: Web) -> None:
    """403 says which scope is missing."""
    response = web.get("/v1/slots", "decide")
    assert "read" in response.json["message"]


def test_no_scope_includes_another(web: Web) -> None:
    """`admin` alone asks for no decision and reads nothing; the settings' admin key has all."""
    assert web.post("/v1/decisions", ASK, web.secrets["admin"]).status_code == 403
    assert web.get("/v1/slots", "admin").status_code == 403
    assert web.post("/v1/decisions", ASK, web.service.settings.admin_key).status_code == 200


@pytest.mark.parametrize(
    "headers", [{"X-API-Key": "{}"}, {"Authorization": "Bearer {}"}, {"Authorization": "bearer {}"}]
)
def test_a_key_travels_in_either_header(web: Web, headers: dict[str, str]) -> None:
    """Both headers mean the same."""
    sent = {name: value.format(web.secrets["read"]) for name, value in headers.items()}
    assert web.http.get("/v1/slots", headers=sent).status_code == 200


def test_a_key_as_a_parameter_is_for_beacons_only(web: Web) -> None:
    """Parameters end up in logs, so that only senders without headers may use one."""
    assert web.http.get(f"/v1/slots?key={web.secrets['read']}").status_code == 401


def test_the_page_key_of_the_settings_asks_and_sends(web: Web) -> None:
    """It has the scope `decide` and no other."""
    key = web.service.settings.page_key
    assert web.post("/v1/decisions", ASK, key).status_code == 200
    assert web.http.get("/v1/slots", headers=bearer(key)).status_code == 403


def test_a_settings_key_can_be_revoked(web: Web) -> None:
    """Registered in the store and revoked there, the settings' page key works no longer."""
    store = web.service.store
    secret = web.service.settings.page_key
    key_id = store.api_keys.register(secret, ["decide"], "page", (), now())
    store.api_keys.revoke(key_id, now())
    web.service.refresh()
    assert web.post("/v1/decisions", ASK, secret).json["code"] == "key_revoked"
