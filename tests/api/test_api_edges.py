"""Edges of every field: what the document names is sent with each awkward value, one at a time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import quote

import pytest
from api_web import Web, bearer
from document_walk import PLACE, Walker
from edge_values import BROKEN, EDGES, HEADERS, ODD_HEADERS, URL
from werkzeug.test import TestResponse

from nudge.api.schemas.examples import operations
from nudge.flows.serving import questions

Json = dict[str, Any]
ALL = pytest.param(1000, marks=pytest.mark.soak, id="soak")
"""As many edges for each field as there are."""


def some(number: int) -> Any:
    """So many edges for each field, others for each."""
    return pytest.mark.parametrize("number", [pytest.param(number, id="short"), ALL])


@dataclass(frozen=True)
class Sender:
    """A sender of requests that checks each answer against the document."""

    web: Web
    document: Json

    def send(self, method: str, path: str, target: str, **more: Any) -> TestResponse:
        """The answer: never a 5xx, a status of the document, errors in the one form."""
        headers = bearer(self.web.service.settings.admin_key) | more.pop("headers", {})
        answer = self.web.http.open(target, method=method, headers=headers, **more)
        told = self.document["paths"][path][method.lower()]
        assert answer.status_code < 500, answer.text
        assert str(answer.status_code) in told["responses"], f"{method} {path}: {answer.status}"
        if answer.status_code in {400, 404} and path.startswith("/ofrep/"):
            # The protocol has a form of its own for what it knows.
            assert {"errorCode", "errorDetails"} <= set(answer.json)
        elif answer.status_code >= 400:
            assert {"code", "message"} <= set(answer.json) <= {"code", "message", "errors"}
            assert isinstance(answer.json["code"], str)
            assert isinstance(answer.json["message"], str)
        return answer


@pytest.fixture
def sender(web: Web, monkeypatch: pytest.MonkeyPatch) -> Sender:
    """A sender to a service whose questions wait for no worker."""
    monkeypatch.setattr(questions, "PATIENCE", 0.0)
    monkeypatch.setattr(questions, "TAKEN", 0.0)
    web.app.testing = False
    return Sender(web, web.http.get("/openapi.json").json)


def drawn(number: int, edges: Sequence[Any], random: Random) -> Sequence[Any]:
    """Some of the edges, others for each field."""
    return random.sample(edges, min(number, len(edges)))


@some(2)
def test_s04_every_field_of_every_body_may_hold_anything(sender: Sender, number: int) -> None:
    """Whatever stands in a field of a body is answered as the document says, and never by a 5xx."""
    random = Random(9)  # noqa: S311 (the same values every time)
    places = list(Walker(sender.document).places())
    assert len(places) > 120
    for place in places:
        target = place.path.replace("{slot}", "banner")
        for edge in (*drawn(number, EDGES, random), random.choice(BROKEN)):
            body = place.with_edge(edge)
            sender.send(
                place.method,
                place.path,
                target,
                data=body,
                content_type="application/json",
                headers={"If-Match": "*"},
            )


def with_edges(event: Json, turn: int, edges: Sequence[bytes]) -> list[bytes]:
    """The event with each edge in its place, and an id of its own where that is not the place."""
    made = []
    for number, edge in enumerate(edges):
        own = {} if event["event_id"] == PLACE else {"event_id": f"{turn}-{number}"}
        made.append(json.dumps(event | own).encode().replace(f'"{PLACE}"'.encode(), edge))
    return made


@some(8)
def test_s04_every_field_of_every_event_costs_its_event_alone(sender: Sender, number: int) -> None:
    """Of a batch with awkward values the neighbours are taken, and each event is accounted for."""
    random = Random(4)  # noqa: S311 (the same values every time)
    fields = list(Walker(sender.document).events())
    assert len(fields) > 100
    for turn, (name, event) in enumerate(fields):
        edges = drawn(number, EDGES, random)
        good = [
            {"event_id": f"good-{turn}-{i}", "type": "step", "visitor_id": "good", "step": "home"}
            for i in range(2)
        ]
        ends = [json.dumps(one).encode() for one in good]
        parts = [ends[0], *with_edges(event, turn, edges), ends[1]]
        body = b'{"events": [' + b",".join(parts) + b"]}"
        answer = sender.send("POST", "/v1/events", "/v1/events", data=body)
        told = answer.json
        assert answer.status_code == 202, (name, answer.text)
        assert told["accepted"] + told["duplicates"] + len(told["rejected"]) == len(parts), name
        assert not {one["event_id"] for one in told["rejected"]} & {x["event_id"] for x in good}
        assert all(one["code"] and one["message"] for one in told["rejected"])


def test_s04_a_number_beyond_all_numbers_costs_its_event(sender: Sender) -> None:
    """1e26, 1e400 and a time before all times are told of their events; the payment is taken."""
    paid = '{"event_id": "%s", "type": "paid", "visitor_id": "v", "amount": %s}'
    early = '{"event_id": "early", "type": "complaint", "visitor_id": "v", "at": "%s"}'
    parts = [
        paid % ("good", "50"),
        paid % ("far", "1e26"),
        paid % ("farther", "1e400"),
        paid % ("digits", "1" + "0" * 400),
        early % "0001-01-01T00:00:00+00:01",
    ]
    body = f'{{"events": [{",".join(parts)}]}}'
    told = sender.send("POST", "/v1/events", "/v1/events", data=body).json
    assert told["accepted"] == 1, told
    assert {one["event_id"] for one in told["rejected"]} == {"far", "farther", "digits", "early"}


@some(8)
def test_s04_every_parameter_may_hold_anything(sender: Sender, number: int) -> None:
    """Paths, queries and headers with awkward values are answered as the document says."""
    random = Random(2)  # noqa: S311 (the same values every time)
    for operation, item in operations(sender.document):
        method, path = Walker(sender.document).targets[operation["operationId"]]
        every = [*item.get("parameters", ()), *operation.get("parameters", ())]
        needed = {one["name"]: one["example"] for one in every if one.get("required")}
        content = operation.get("requestBody", {}).get("content", {})
        examples = content.get("application/json", {}).get("examples", {"": {"value": None}})
        body = next(iter(examples.values()))["value"]
        for one in every:
            edges = [(one["name"], one["in"], edge) for edge in drawn(number, URL, random)]
            for name, where, edge in edges:
                send_parameter(sender, method, path, needed, (name, where, edge), body)


def send_parameter(
    sender: Sender, method: str, path: str, needed: Json, edge: tuple[str, str, str], body: Any
) -> None:
    """Send a request with an awkward parameter."""
    name, where, value = edge
    target = path
    for other, given in needed.items():
        held = value if (name, where) == (other, "path") else quote(str(given), safe="")
        target = target.replace(f"{{{other}}}", held)
    query = {k: quote(str(v)) for k, v in needed.items() if f"{{{k}}}" not in path}
    if where == "query":
        query[name] = value
    text = "&".join(f"{key}={told}" for key, told in query.items())
    headers = {name: value} if where == "header" else {}
    data = None if body is None else json.dumps(body)
    sender.send(
        method,
        path,
        f"{target}?{text}" if text else target,
        data=data,
        content_type="application/json",
        headers=headers,
    )


def test_s04_every_header_may_hold_anything(sender: Sender) -> None:
    """A header that is read, or is not, costs no more than its request."""
    body = {"title": "Banner"}
    for name in HEADERS:
        for value in ODD_HEADERS:
            environ = {f"HTTP_{name.upper().replace('-', '_')}": value}
            if name == "Content-Type":
                environ = {"CONTENT_TYPE": value}
            sender.send(
                "PATCH",
                "/v1/slots/{slot}",
                "/v1/slots/banner",
                data=json.dumps(body),
                content_type="application/json",
                environ_overrides=environ,
            )
