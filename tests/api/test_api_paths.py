"""Paths at the edge: ids of any form, unknown parameters, and no redirects."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from api_web import ASK, Web, bearer

IDS = [
    "user/13",
    "/user",
    "user/",
    "a//b",
    "//",
    "/",
    ".",
    "..",
    "a/../b",
    "a/./b",
    "who?x=1",
    "who#1",
    "a;b=c",
    "a+b",
    "a b",
    "100%",
    "a%2Fb",
    "%2F",
    "a&b=c",
    "客户/13",
    "\U0001f600/\U0001f468",
    "q83vEjRWeJCrze8SNFZ4kA==",
    "+/+/+/==",
    "a\\b",
    "a:b@c",
    '"quoted"',
    "user/13/next",
    "x" * 200,
    "/" * 200,
]


@pytest.mark.parametrize("visitor_id", IDS)
def test_f08_every_id_can_be_read_and_erased(web: Web, visitor_id: str) -> None:
    """An id that events and decisions take is found under its path, and forgotten by it."""
    sent = {"event_id": "e", "type": "feedback", "visitor_id": visitor_id, "score": 3, "text": "hi"}
    assert web.send(sent)["accepted"] == 1
    path = f"/v1/visitors/{quote(visitor_id, safe='')}"
    found = web.get(path, "admin")
    assert (found.status_code, found.json.get("visitor_id")) == (200, visitor_id)
    assert found.json["texts"] == {"e": "hi"}
    erased = web.http.delete(path, headers=bearer(web.secrets["admin"]))
    assert (erased.status_code, erased.json["found"]) == (200, True)
    assert web.get(path, "admin").status_code == 404


@pytest.mark.parametrize("visitor_id", ["user/13", "a//b", "/user/", "../x", "a/./b"])
def test_f08_a_slash_need_not_be_escaped(web: Web, visitor_id: str) -> None:
    """A proxy that decodes `%2F`, or a caller who never encoded it, means the same visitor."""
    web.decide(visitor_id=visitor_id)
    environ = {"PATH_INFO": f"/v1/visitors/{visitor_id}"}
    found = web.http.get(headers=bearer(web.secrets["admin"]), environ_overrides=environ)
    assert (found.status_code, found.json.get("visitor_id")) == (200, visitor_id)


def test_f08_what_was_taken_with_blanks_can_still_be_erased(web: Web) -> None:
    """A path with blanks around the id means the id as it comes in today, or as it was kept."""
    web.decide(visitor_id="wsp1")
    assert web.get("/v1/visitors/%20wsp1%20", "admin").json["visitor_id"] == "wsp1"
    deleted = web.http.delete("/v1/visitors/wsp1%20", headers=bearer(web.secrets["admin"]))
    assert deleted.json["found"]


def test_f08_no_path_answers_with_a_redirect(web: Web) -> None:
    """Neither slashes at the end nor two in a row redirect, on any path, whatever the method."""
    key = bearer(web.service.settings.admin_key)
    for path in ["/", "/docs", "/openapi.json", *(path for _, path in calls(web))]:
        for other in (f"{path}/", f"{path}//", path.replace("/", "//"), f"/{path}"):
            for method in ("GET", "HEAD", "POST", "DELETE"):
                # As the server has it: a client would take two slashes for the name of a host.
                environ = {"PATH_INFO": other}
                answer = web.http.open(method=method, headers=key, environ_overrides=environ)
                assert not 300 <= answer.status_code < 400, f"{method} {other}"


def calls(web: Web) -> list[tuple[str, str]]:
    """Method and path of every operation in the document."""
    paths = web.http.get("/openapi.json").json["paths"]
    places = {"{slot}": "banner", "{visitor_id}": "ada"}
    found = []
    for path, item in paths.items():
        target = path
        for place, value in places.items():
            target = target.replace(place, value)
        found += [(method, target) for method in item if method != "parameters"]
    return found


def test_f34_every_path_refuses_unknown_parameters(web: Web) -> None:
    """A parameter that nobody reads is a 422 that names it, before anything is done."""
    key = bearer(web.service.settings.admin_key)
    for method, path in calls(web):
        answer = web.http.open(f"{path}?chanel=wap", method=method, json=ASK, headers=key)
        assert (answer.status_code, answer.json["code"]) == (422, "invalid_request"), path
        assert "unknown parameter" in answer.json["errors"]["chanel"][0], path
    assert web.events() == []


def test_f34_the_likely_parameter_is_suggested(web: Web) -> None:
    """A slip is answered with the word that was meant, else with all that the path takes."""
    path = "/v1/slots/banner/performance"
    assert "'from'" in web.get(f"{path}?frm=2026-01-01").json["message"]
    assert "to" in web.get(f"{path}?channel=wap").json["message"]
    assert "takes none" in web.get("/v1/slots?limit=5").json["message"]


@pytest.mark.parametrize("query", ["by=page&by=channel", "from=1&from=2", "format=csv&format=json"])
def test_f34_a_parameter_that_is_given_twice_is_refused(web: Web, query: str) -> None:
    """Of two values one would be ignored."""
    answer = web.get(f"/v1/slots/banner/performance?{query}")
    assert answer.status_code == 422
    assert "twice" in answer.json["message"]


def test_f34_the_key_is_a_parameter_of_beacons_only(web: Web) -> None:
    """`?key=` is known where it is read, and unknown where it would only end up in logs."""
    key = web.secrets["decide"]
    batch = {"events": [{"event_id": "e", "type": "feedback", "visitor_id": "v", "score": 3}]}
    assert web.http.post(f"/v1/events?key={key}", json=batch).status_code == 202
    assert web.get("/v1/slots?key=abc").status_code == 422
