"""The client of an operator's server: within its budget, and without losing an event."""

from __future__ import annotations

import datetime as dt
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from child_processes import free_port
from stub_service import accepted, given, stub

from nudge.client import Client, SlotDecision
from nudge.client.breaker import Breaker
from nudge.client.delivery import PatientDelivery
from nudge.clock import sleep
from nudge.errors import InvalidConfigError

DEFAULTS = {"banner": {"link": "/"}, "denomination": 50}
KEPT = "kept"
PAGE = {"decisions": {"banner": given("coffee", "d" * 26)}, "device_token": "t"}


def answering(page: Any = PAGE, status: int = 200) -> Any:
    """A service that decides, and takes every event."""

    def answer(_: str, path: str, body: Any) -> tuple[int, Any]:
        return (status, page) if path == "/v1/decisions" else accepted(body)

    return answer


@contextmanager
def client_of(url: str, **more: Any) -> Iterator[tuple[Client, list[str]]]:
    """A client, and the problems that it told."""
    told: list[str] = []
    client = Client(url, "k", DEFAULTS, tell=told.append, **({"budget": 5.0} | more))
    try:
        yield client, told
    finally:
        client.close()


def test_a_page_is_decided() -> None:
    """The answer's value, variant, id and token are what the page gets; the request says who."""
    with stub(answering()) as service, client_of(service.url) as (client, told):
        page = client.decide(
            "v-1", ["banner"], page="recharge", context={"a": 1}, device_token=KEPT
        )
        assert (page["banner"].variant, page["banner"].decision_id) == ("coffee", "d" * 26)
        assert not page["banner"].is_default
        assert [one.slot for one in page] == ["banner"]
        assert (page.device_token, page.problem, told) == ("t", "", [])
        (_, _, body) = service.calls[0]
        assert (body["visitor_id"], body["page"], body["context"]) == ("v-1", "recharge", {"a": 1})
        assert body["device_token"] == KEPT
        assert "msisdn" not in body


@pytest.mark.parametrize(
    ("page", "status"),
    [
        ({"code": "internal", "message": "oops"}, 500),
        ({"code": "unauthenticated", "message": "unknown key"}, 401),
        ({"code": "unknown_slot", "message": "no such slot"}, 422),
        ({"code": "too_many_requests", "message": "wait"}, 429),
        ({"decisions": {}}, 200),
        ({"decisions": {"banner": None}, "device_token": ""}, 200),
        ("<html>", 200),
        (None, 200),
        ([], 200),
    ],
)
def test_whatever_else_is_answered_the_defaults_stand(page: Any, status: int) -> None:
    """An error, another shape or another server: the page gets its defaults, and why."""
    with stub(answering(page, status)) as service, client_of(service.url) as (client, told):
        found = client.decide("v-1", ["banner"], device_token=KEPT)
        assert found["banner"] == SlotDecision("banner", DEFAULTS["banner"])
        assert found["banner"].is_default
        assert found.problem
        assert found.device_token == KEPT
        assert len(told) == 1
        # Of a default nothing is reported: the service did not decide it.
        assert not client.shown(found["banner"])


def test_a_context_that_is_no_json_costs_no_page() -> None:
    """A date among the attributes is told, and the defaults stand."""
    with stub(answering()) as service, client_of(service.url) as (client, told):
        page = client.decide("v-1", ["banner"], context={"at": object()})
        assert page["banner"].is_default
        assert told
        assert service.calls == []


def dribble(server: socket.socket) -> None:
    """Answer one call rightly, a byte at a time: it takes many seconds, unless nobody listens."""
    connection, _ = server.accept()
    body = json.dumps(PAGE).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with connection, suppress(OSError):
        connection.recv(65_536)
        for byte in head + body:
            connection.sendall(bytes([byte]))
            sleep(0.02)


@pytest.mark.parametrize("kind", ["closed", "silent", "dribbling"])
def test_the_budget_is_kept_whatever_the_other_side_does(kind: str) -> None:
    """Nobody there, nobody answering, or a right answer byte by byte: the defaults stand."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        thread = threading.Thread(target=dribble, args=(server,))
        if kind == "dribbling":
            thread.start()
        port = free_port() if kind == "closed" else server.getsockname()[1]
        with client_of(f"http://127.0.0.1:{port}", budget=0.1) as (client, _):
            page = client.decide("v-1", ["banner", "denomination"])
        assert [one.value for one in page] == list(DEFAULTS.values())
        if kind == "dribbling":
            thread.join()


def test_a_stumble_is_repeated_within_the_budget() -> None:
    """503 once: the same question goes out again, and the page is decided."""
    statuses = iter([503, 200])
    with (
        stub(lambda *_: (next(statuses), PAGE)) as service,
        client_of(service.url) as (client, told),
    ):
        assert client.decide("v-1", ["banner"])["banner"].variant == "coffee"
        assert told == []
        assert len(service.calls) == 2


def test_an_outage_is_not_waited_for_by_each_page() -> None:
    """After five failures in a row pages get their defaults at once, until the pause is over."""
    with stub(answering({}, 500)) as service, client_of(service.url) as (client, _):
        for _ in range(8):
            assert client.decide("v-1", ["banner"])["banner"].is_default
        assert len(service.calls) == 5


def test_a_breaker_lets_one_call_try_after_its_pause() -> None:
    """One call tries; its success lets all through, its failure begins another pause."""
    at = [0.0]
    breaker = Breaker(trips_at=2, pause=1.0, clock=lambda: at[0])
    breaker.note(failed=True)
    assert breaker.allows()
    breaker.note(failed=True)
    assert not breaker.allows()
    at[0] = 1.5
    assert [breaker.allows() for _ in range(3)] == [True, False, False]
    at[0] = 3.0
    assert breaker.allows()
    breaker.note(failed=False)
    assert [breaker.allows() for _ in range(3)] == [True] * 3


def test_a_slot_needs_a_default() -> None:
    """A page that asks for a slot without a default is a mistake, told before any call."""
    with stub(answering()) as service, client_of(service.url) as (client, _):
        with pytest.raises(ValueError, match=r"'prefill' has no default.*defaults="):
            client.decide("v-1", ["banner", "prefill"])
        assert service.calls == []
    with pytest.raises(InvalidConfigError, match="http://HOST:PORT"):
        Client("service", "k", {})


def test_events_go_out_with_ids_and_times() -> None:
    """An event of what was shown names its decision; each has an id of its own, and its time."""
    with stub(answering()) as service, client_of(service.url) as (client, _):
        page = client.decide("v-1", ["banner"])
        assert client.shown(page["banner"])
        assert client.clicked(page["banner"])
        assert client.track("step", visitor_id="v-1", step="pay_tapped")
        assert client.close() == ()
        shown, clicked, step = service.events
        assert (shown["type"], shown["decision_id"]) == ("shown", "d" * 26)
        assert (clicked["type"], step["step"]) == ("clicked", "pay_tapped")
        assert len({one["event_id"] for one in service.events}) == 3
        assert all(one["at"] > 1_700_000_000 for one in service.events)


def test_an_event_that_is_no_json_is_refused_where_it_is_made() -> None:
    """The others wait for nothing: such an event never reaches the queue."""
    with stub(answering()) as service, client_of(service.url) as (client, _):
        with pytest.raises(ValueError, match="JSON"):
            client.track("feedback", visitor_id="v-1", when=dt.date.max, odd=object())
        assert client.track("step", visitor_id="v-1", step="home")
        assert client.close() == ()
        assert len(service.events) == 1


def test_events_are_sent_again_with_the_same_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors, a wrong key and limits are waited out; what was taken is not sent again."""
    monkeypatch.setattr("nudge.client.delivery.FIRST_WAIT", 0.01)
    late = {"event_id": "2", "code": "too_many_requests", "message": "wait"}
    bad = {"event_id": "3", "code": "invalid", "message": "no such step"}
    answers = iter(
        [
            (500, {"code": "internal", "message": ""}),
            (401, {"code": "unauthenticated", "message": "unknown key"}),
            (200, "<html>"),
            (202, {"rejected": [late, bad]}),
            (202, {"rejected": []}),
        ]
    )
    with (
        stub(lambda *_: next(answers)) as service,
        client_of(service.url) as (client, told),
    ):
        with client._outbox._changed:  # one batch of three
            for name in "123":
                client.track("step", event_id=name)
        client._outbox.drain()
        sent = [[one["event_id"] for one in body["events"]] for *_, body in service.calls]
        assert sent == [["1", "2", "3"]] * 4 + [["2"]]
        assert [one for one in told if "event 3 was refused: no such step" in one]


def test_what_cannot_be_sent_is_given_back() -> None:
    """A client that ends while nobody answers returns its events: they may be kept elsewhere."""
    told: list[str] = []
    client = Client(f"http://127.0.0.1:{free_port()}", "k", {}, tell=told.append)
    for name in "12":
        client.track("step", event_id=name, visitor_id="v")
    unsent = client.close()
    assert [one["event_id"] for one in unsent] == ["1", "2"]
    assert any("2 events were not sent" in one for one in told)


def test_a_full_queue_takes_no_more_and_holds_nobody_up() -> None:
    """Beyond `most` an event is refused at once: a page never waits for the queue."""
    url = f"http://127.0.0.1:{free_port()}"
    client = Client(url, "k", {}, tell=lambda _: None, most=3)
    taken = [client.track("step", visitor_id="v") for _ in range(2000)]
    assert taken.count(True) <= 3 + 500
    assert not taken[-1]
    client.close()


def test_a_closed_client_takes_no_event() -> None:
    """Nobody would send it: the caller hears that at once."""
    with stub(answering()) as service:
        client = Client(service.url, "k", {}, tell=lambda _: None)
        client.close()
        assert not client.track("step", visitor_id="v")
        assert service.events == []


def test_facts_are_sent_at_once_and_answered() -> None:
    """The call with facts returns what became of them; the event goes out as it was given."""
    with stub(answering()) as service, client_of(service.url) as (client, _):
        paid = {"event_id": "order-1", "type": "paid", "visitor_id": "v-1", "amount": 50}
        assert client.send(paid)["accepted"] == 1
        assert service.events == [paid]


def test_a_batch_that_is_refused_for_good_does_not_stop_the_rest() -> None:
    """413 and 422 of a whole call: it is told and left, and the next batch goes out."""
    told: list[str] = []
    answers = iter([(413, {"code": "too_large", "message": "the body"}), (202, {"rejected": []})])
    with stub(lambda *_: next(answers)) as service, client_of(service.url) as (client, _):
        delivery = PatientDelivery(client._delivery.api, told.append)
        delivery([{"event_id": "1"}])
        delivery([{"event_id": "2"}])
        assert len(service.calls) == 2
    assert ["for good" in one for one in told] == [True]


def test_one_event_that_is_too_large_does_not_cost_the_others() -> None:
    """A batch beyond the service's limit goes out in parts; what is too large alone is told."""
    told: list[str] = []

    def answer(_: str, __: str, body: Any) -> tuple[int, Any]:
        if any(one["event_id"] == "3" for one in body["events"]):
            return 413, {"code": "too_large", "message": "the body"}
        return accepted(body)

    with stub(answer) as service, client_of(service.url) as (client, _):
        PatientDelivery(client._delivery.api, told.append)([{"event_id": one} for one in "12345"])
        taken = [
            one["event_id"]
            for *_, body in service.calls
            for one in body["events"]
            if all(each["event_id"] != "3" for each in body["events"])
        ]
    assert sorted(taken) == ["1", "2", "4", "5"]
    assert ["1 events were refused for good" in one for one in told] == [True]
