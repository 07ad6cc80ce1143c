"""OpenFeature's polls against the real server: a 304 has no body and breaks nothing."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

from e2e_service import PAGE_KEY, Service

PATH = "/ofrep/v1/evaluate/flags"


def test_a_poll_keeps_its_connection(service: Service) -> None:
    """A 304 between two answers on one connection: both are read whole, and the tag is the same."""
    address = urlsplit(service.url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=60)
    body = json.dumps({"context": {"targetingKey": "of-flags"}})
    headers = {"Authorization": f"Bearer {PAGE_KEY}", "Content-Type": "application/json"}
    found = []
    for more in ({}, {"If-None-Match": ""}, {}):
        tag = found[0][1] if more else ""
        connection.request("POST", PATH, body, headers | dict.fromkeys(more, tag))
        answer = connection.getresponse()
        found.append((answer.status, answer.getheader("ETag"), len(answer.read())))
    connection.close()
    assert [status for status, _, _ in found] == [200, 304, 200]
    assert len({tag for _, tag, _ in found}) == 1
    assert found[1][2] == 0 < min(found[0][2], found[2][2])
