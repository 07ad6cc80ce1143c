"""Our own HTTP client: patient with a service that stumbles, clear about one that is not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from child_processes import free_port
from stub_service import accepted, stub

from nudge.client.api import Api, Patience, RefusedError, ServiceAwayError, ServiceTarget, find
from nudge.client.outbox import BATCH, Outbox, deliver_to
from nudge.errors import InvalidConfigError
from nudge.settings.settings import Settings

QUICK = Patience(timeout=2, tries=4, backoff=0.01)


def test_call_is_repeated_while_the_service_is_unavailable() -> None:
    """503 is a stumble: the same call goes out again, and the repeat is counted."""
    statuses = iter([503, 503, 200])
    with stub(lambda *_: (next(statuses), {"ok": True})) as service:
        api = Api(ServiceTarget(service.url, "k"), QUICK)
        assert api.post("/v1/decisions", {"a": 1}) == {"ok": True}
        assert [body for *_, body in service.calls] == [{"a": 1}] * 3
        assert api.repeats == 2


def test_s06_a_limit_is_waited_for_as_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """429 with Retry-After uses up no try: the call goes out again when the service said."""
    waits: list[float] = []
    monkeypatch.setattr("nudge.client.api.sleep", waits.append)
    monkeypatch.setattr("nudge.client.outbox.sleep", waits.append)
    answers = iter([429] * 9 + [200])
    told = {"code": "too_many_requests", "message": "wait"}
    with stub(lambda *_: (next(answers), told), headers={"Retry-After": "3"}) as service:
        api = Api(ServiceTarget(service.url, "k"), QUICK)
        assert api.post("/v1/decisions", {"a": 1}) == told
        assert (waits, api.repeats) == ([3] * 9, 0)
        impatient = Api(ServiceTarget(service.url, "k"), Patience(tries=4, refused=7))
        answers = iter([429] * 9)
        with pytest.raises(RefusedError, match="too_many_requests"):
            impatient.get("/v1/slots")


def test_s06_events_beyond_a_limit_are_sent_again_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a batch in which some were refused for a limit, only these go out again."""
    monkeypatch.setattr("nudge.client.outbox.sleep", lambda _: None)
    late = [{"event_id": "2", "code": "too_many_requests", "message": "wait"}]
    rejected = iter([late, []])
    with stub(lambda *_: (202, {"rejected": next(rejected)})) as service:
        deliver_to(Api(ServiceTarget(service.url, "k"), QUICK))([{"event_id": n} for n in "123"])
        sent = [[one["event_id"] for one in body["events"]] for *_, body in service.calls]
        assert sent == [["1", "2", "3"], ["2"]]


def test_refusal_is_told_and_not_repeated() -> None:
    """A refusal's code, message and fields reach the user; asking again would not help."""
    wrong = {"code": "unknown_slot", "message": "no such slot", "errors": {"slots": ["x"]}}
    with stub(lambda *_: (422, wrong)) as service:
        with pytest.raises(RefusedError, match=r"422 unknown_slot: no such slot .*slots") as caught:
            Api(ServiceTarget(service.url, "k"), QUICK).get("/v1/slots")
        assert caught.value.status == 422
        assert len(service.calls) == 1


def test_nobody_there_is_told_with_the_cure() -> None:
    """A service that does not listen is told with its address and how to start it."""
    url = f"http://127.0.0.1:{free_port()}"
    api = Api(ServiceTarget(url, "k"), QUICK)
    with pytest.raises(ServiceAwayError, match=rf"{url} does not answer.*make run"):
        api.get("/v1/slots")
    with pytest.raises(ServiceAwayError, match="make run"):
        api.check()


def test_running_service_is_found_by_its_file(tmp_path: Path) -> None:
    """An URL given wins, then serve.json in the data directory, then the configured address."""
    settings = Settings(secret_key=b"x" * 16, admin_key="admin", data_dir=tmp_path, port=8001)
    assert find(settings).url == "http://127.0.0.1:8001"
    (tmp_path / "serve.json").write_text('{"pid": 1, "url": "http://127.0.0.1:9999"}')
    assert find(settings) == ServiceTarget("http://127.0.0.1:9999", "admin")
    assert find(settings, "http://h:1/", "mine") == ServiceTarget("http://h:1", "mine")


def test_missing_key_and_bad_address_are_configuration_errors(tmp_path: Path) -> None:
    """A missing or wrong thing is named with the cure, before any call."""
    settings = Settings(secret_key=b"x" * 16, data_dir=tmp_path)
    with pytest.raises(InvalidConfigError, match="NUDGE_ADMIN_KEY"):
        find(settings)
    with pytest.raises(InvalidConfigError, match="http://HOST:PORT"):
        Api(ServiceTarget("localhost:8000", "k"))


def test_outbox_keeps_the_order_and_loses_nothing() -> None:
    """Events arrive in the order in which they were put, in batches of bounded size."""
    with stub(lambda _m, _p, body: accepted(body)) as service:
        outbox = Outbox(deliver_to(Api(ServiceTarget(service.url, "k"), QUICK)))
        for number in range(3 * BATCH + 7):
            outbox.put({"event_id": str(number)})
        outbox.drain()
        assert outbox.sent == 3 * BATCH + 7
        outbox.close()
        assert [event["event_id"] for event in service.events] == [
            str(number) for number in range(3 * BATCH + 7)
        ]
        assert max(len(body["events"]) for *_, body in service.calls) <= BATCH


def test_outbox_tells_of_an_event_that_was_rejected() -> None:
    """We make these events: a rejected one is our error, and it is raised, not dropped."""

    def answer(_method: str, _path: str, _body: Any) -> tuple[int, Any]:
        rejected = [{"event_id": "1", "code": "invalid", "message": "bad"}]
        return 202, {"accepted": 0, "duplicates": 0, "rejected": rejected}

    with stub(answer) as service:
        outbox = Outbox(deliver_to(Api(ServiceTarget(service.url, "k"), QUICK)))
        outbox.put({"event_id": "1"})
        with pytest.raises(RefusedError, match="1 events were rejected"):
            outbox.close()
        with pytest.raises(RefusedError):
            outbox.put({"event_id": "2"})
