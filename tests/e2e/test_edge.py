"""The edge as gunicorn has it: raw paths, compressed bodies."""

from __future__ import annotations

import gzip
import http.client
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from e2e_service import ADMIN_KEY, Service

IDS = ["user/13", "/a//b/", "..", "a/../b", "who?x#1;b+ %2F", "客户/\U0001f600", "+/8A+/==", "//"]


MOST = 4 * 1024 * 1024
"""Bytes of a batch of events; the tests' service has the shipped settings."""


def ask(
    service: Service, method: str, path: str, body: bytes | Iterator[bytes] = b"", **more: str
) -> Any:
    """Status and JSON of a request whose path goes over the wire as it is."""
    link = http.client.HTTPConnection(urlsplit(service.url).netloc, timeout=30)
    headers = {"Authorization": f"Bearer {ADMIN_KEY}", "Content-Type": "application/json"}
    named = {name.replace("_", "-"): value for name, value in more.items()}
    chunked = "Transfer_Encoding" in more
    link.request(method, path, body or None, headers | named, encode_chunked=chunked)
    answer = link.getresponse()
    told = answer.read()
    link.close()
    return answer.status, json.loads(told)


@pytest.mark.parametrize("visitor_id", IDS)
def test_f08_every_id_can_be_read_and_erased_over_the_wire(
    service: Service, visitor_id: str
) -> None:
    """An id that a batch takes is found under its escaped path, and erased there."""
    event = {"event_id": "edge", "type": "feedback", "visitor_id": visitor_id, "score": 3}
    sent = gzip.compress(json.dumps({"events": [event]}).encode())
    status, told = ask(service, "POST", "/v1/events", sent, Content_Encoding="gzip")
    assert (status, told["accepted"]) == (202, 1)
    path = f"/v1/visitors/{quote(visitor_id, safe='')}"
    status, told = ask(service, "GET", path)
    assert (status, told.get("visitor_id")) == (200, visitor_id)
    status, told = ask(service, "DELETE", path)
    assert (status, told.get("found")) == (200, True)
    assert ask(service, "GET", path)[0] == 404


@pytest.mark.parametrize("path", ["/v1/slots/", "//v1//slots", "/docs/", "//docs", "/healthz/"])
def test_f08_no_redirect_over_the_wire(service: Service, path: str) -> None:
    """A slash too many is answered, not sent elsewhere."""
    link = http.client.HTTPConnection(urlsplit(service.url).netloc, timeout=30)
    link.request("GET", path, headers={"Authorization": f"Bearer {ADMIN_KEY}"})
    status = link.getresponse().status
    link.close()
    assert status in {200, 404}


def test_s13_what_is_sent_in_chunks_is_never_cut_over_the_wire(service: Service) -> None:
    """A body beyond the limit is refused, one in order is read; so over the wire."""
    batch = b'{"events": [{"event_id": "chunk", "type": "complaint", "visitor_id": "w"}]}'
    for size, status in ((MOST, 202), (MOST + 1, 413)):
        blocks = [batch, b" " * (size - len(batch))]
        got, told = ask(service, "POST", "/v1/events", iter(blocks), Transfer_Encoding="chunked")
        assert got == status, told
    got, told = ask(service, "FOO", "/v1/events")
    assert (got, told["code"]) == (405, "method_not_allowed")
