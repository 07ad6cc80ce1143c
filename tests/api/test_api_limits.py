"""Limits of page keys and addresses at the doors of the app (row S6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from api_web import ASK, Web, served
from werkzeug.test import TestResponse

from nudge.settings.rate import Rate
from nudge.settings.settings import Settings

SMALL = Rate(0.001, 10)
"""So slow that nothing comes back while a test runs."""
SHARED = {"channel": "web", "page": "home", "slots": ["banner"]}


@pytest.fixture
def web(settings: Settings) -> Iterator[Web]:
    """The app with ten unknown visitors and ten events an address, and three addresses a key."""
    small = replace(
        settings,
        limits_address=SMALL,
        limits_key=Rate(0.001, 30),
        limits_gateway=Rate(0.001, 25),
        limits_device=Rate(0.001, 5),
        limits_address_events=SMALL,
        limits_device_events=Rate(0.001, 5),
        limits_failures=SMALL,
        limits_trusted_proxies=("127.0.0.9",),
        limits_gateways=("198.51.100.0/24",),
    )
    yield from served(small)


def ask(web: Web, number: int = 1, peer: str = "192.0.2.1", **more: Any) -> TestResponse:
    """The answer to a call of so many new visitors."""
    key, headers = more.pop("key", None), more.pop("headers", {})
    visitors = [{"visitor_id": f"made-up-{n}", **more} for n in range(number)]
    return web.post(
        "/v1/decisions",
        SHARED | {"visitors": visitors},
        key,
        environ_base={"REMOTE_ADDR": peer},
        headers=headers,
    )


def one(web: Web, peer: str = "192.0.2.1", **more: Any) -> TestResponse:
    """The answer to a call of one visitor."""
    return web.post("/v1/decisions", ASK | more, environ_base={"REMOTE_ADDR": peer})


def send(web: Web, *events: dict[str, Any]) -> TestResponse:
    """The answer to a batch of events from one address."""
    body = {"events": [{"event_id": f"e{n}", **event} for n, event in enumerate(events)]}
    return web.post("/v1/events", body, environ_base={"REMOTE_ADDR": "192.0.2.1"})


def test_s06_unknown_visitors_are_refused_beyond_the_limit(web: Web) -> None:
    """Beyond the limit of its address a call is 429 with Retry-After, and is counted."""
    before = len(web.entries())
    assert ask(web, 10).status_code == 200
    refused = ask(web, 100, headers={"Origin": "https://shop.example"})
    assert refused.status_code == 429
    assert refused.json["code"] == "too_many_requests"
    assert int(refused.headers["Retry-After"]) >= 1
    assert refused.headers["Access-Control-Allow-Origin"]
    assert "Retry-After" in refused.headers["Access-Control-Expose-Headers"]
    assert "192.0.2.1" not in refused.text
    assert one(web).status_code == 429
    assert len(web.entries()) == before + 10
    text = web.http.get("/metrics").text
    assert 'nudge_refused_total{by="address",kind="decisions"} 101.0' in text


def test_s06_a_known_device_is_never_refused_for_others(web: Web) -> None:
    """A device token is served beside a flood, alone or in a list, up to its own limit.

    It takes nothing of what others may bring.
    """
    token = one(web, visitor_id="known").json["device_token"]
    assert ask(web, 9).status_code == 200
    assert one(web).status_code == 429
    assert one(web, visitor_id="known", device_token=token).status_code == 200
    visitors = [{"visitor_id": "known", "device_token": token}, {"visitor_id": "made-up"}]
    mixed = web.post(
        "/v1/decisions", SHARED | {"visitors": visitors}, environ_base={"REMOTE_ADDR": "192.0.2.1"}
    )
    known, unknown = mixed.json["results"]
    assert known["decisions"]
    assert (unknown["code"], unknown["index"]) == ("too_many_requests", 1)
    assert [one(web, device_token=token).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert one(web, device_token=token[:-4] + "AAAA").status_code == 429
    assert 'by="device"' in web.http.get("/metrics").text
    # Of another address the key has 20 left: the known device took none of them.
    assert [ask(web, 10, f"192.0.2.{n}").status_code for n in (2, 3, 4)] == [200, 200, 429]


def test_s06_other_keys_and_servers_are_not_refused(web: Web) -> None:
    """One key's flood costs no other key at the same address; keys of servers have no limit."""
    assert [ask(web, 10).status_code for _ in range(2)] == [200, 429]
    assert ask(web, 10, key=web.key("decide")).status_code == 200
    assert ask(web, 100, key=web.key("decide", "ingest")).status_code == 200


def test_s06_addresses_come_from_trusted_proxies(web: Web) -> None:
    """A header of a trusted proxy tells the address; that of any other peer changes nothing."""
    spoofed = [ask(web, 5, headers={"X-Forwarded-For": f"203.0.113.{n}"}) for n in range(3)]
    assert [found.status_code for found in spoofed] == [200, 200, 429]
    told = [
        ask(web, 5, "127.0.0.9", headers={"X-Forwarded-For": f"6.6.6.{n}, 203.0.113.7"})
        for n in range(3)
    ]
    assert [found.status_code for found in told] == [200, 200, 429]


def test_s06_a_gateway_has_its_own_limit(web: Web) -> None:
    """An address of a gateway's range stands for many, and may bring more."""
    assert [ask(web, 10, "198.51.100.1").status_code for _ in range(3)] == [200, 200, 429]


def test_s06_a_call_larger_than_the_burst_is_admitted_when_the_bucket_is_full(web: Web) -> None:
    """A limit below the largest call makes it rarer, not impossible."""
    assert ask(web, 30).status_code == 200
    assert one(web).status_code == 429


def test_s06_events_of_nobody_known_are_refused_beyond_the_limit(web: Web) -> None:
    """Events count one by one; those about a decision that was made here are taken all the same."""
    decision = one(web).json["decisions"]["banner"]["decision_id"]
    step = {"type": "step", "visitor_id": "made-up", "step": "home"}
    assert send(web, *[step] * 10).status_code == 202
    refused = send(web, step)
    assert (refused.status_code, refused.json["code"]) == (429, "too_many_requests")
    assert int(refused.headers["Retry-After"]) >= 1
    mixed = send(web, {"type": "shown", "decision_id": decision}, step)
    assert mixed.status_code == 202
    assert [found["code"] for found in mixed.json["rejected"]] == ["too_many_requests"]
    pixel = f"/v1/pixel?d={decision}&key={web.secrets['decide']}"
    peer = {"REMOTE_ADDR": "192.0.2.1"}
    answers = [web.http.get(pixel, environ_base=peer).status_code for _ in range(6)]
    assert answers == [200, 200, 200, 200, 429, 429]


def test_s06_wrong_keys_are_counted_by_address(web: Web) -> None:
    """Guesses of keys end in 429; a right key at the same address is served."""
    wrong = [ask(web, key="nk_guess").status_code for _ in range(12)]
    assert wrong == [401] * 10 + [429] * 2
    assert web.http.get("/v1/slots", environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code == 429
    assert ask(web).status_code == 200


def test_s06_servers_may_be_limited_by_calls(settings: Settings) -> None:
    """A limit of servers counts the calls of each key; pages have their own."""
    for web in served(replace(settings, limits_server=Rate(0.001, 2))):
        answers = [web.get("/v1/slots").status_code for _ in range(3)]
        assert answers == [200, 200, 429]
        assert one(web).status_code == 200


def test_s06_the_document_tells_of_the_limits(web: Web) -> None:
    """Each operation with a key has the answer 429."""
    paths = web.http.get("/openapi.json").json["paths"]
    found = [one for path in paths.values() for one in path.values() if isinstance(one, dict)]
    keyed = [one for one in found if one.get("x-scopes")]
    assert keyed
    assert all("429" in one["responses"] for one in keyed)


def test_s06_no_address_is_written_down(web: Web, settings: Settings) -> None:
    """An address stands in no file: the table of buckets holds hashes of it."""
    assert [ask(web, 10, "192.0.2.77").status_code for _ in range(2)]
    packed, text = bytes([192, 0, 2, 77]), b"192.0.2.77"
    files = [path for path in settings.data_dir.rglob("*") if path.is_file()]
    assert settings.limits_file in files
    assert not [path for path in files if packed in path.read_bytes() or text in path.read_bytes()]
