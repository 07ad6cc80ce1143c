"""The first use of the service, as somebody sees it who starts it for the first time."""

from __future__ import annotations

import http.client
import json
import time
from urllib.parse import urlsplit

from e2e_service import Service

from nudge.client.api import SERVE_FILE


def test_printed_curl_line_answers_with_all_slots_of_the_page(service: Service) -> None:
    """The line that `nudge serve` prints works as it stands, with the page key."""
    words = service.curl
    url = urlsplit(next(word for word in words if word.startswith("http")))
    body = words[words.index("-d") + 1]
    given = [words[i + 1] for i, word in enumerate(words) if word == "-H"]
    headers = dict(header.split(": ", 1) for header in given)
    connection = http.client.HTTPConnection(url.netloc)
    connection.request("POST", url.path, body, headers)
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()
    assert response.status == 200
    assert set(answer["decisions"]) == {"denomination", "prefill", "banner"}
    assert set(json.loads(body)["slots"]) == set(answer["decisions"])


def test_running_service_says_where_it_is(service: Service) -> None:
    """serve.json in the data directory names the URL, so that commands need no option."""
    assert json.loads((service.data_dir / SERVE_FILE).read_text())["url"] == service.url


def test_example_slots_are_in_service(service: Service) -> None:
    """`nudge serve` applies config/slots: the slots of the product are served."""
    served = {slot["slot"] for slot in service.api.get("/v1/slots")["slots"]}
    own = {"denomination", "prefill", "banner", "payment_retry", "sms_timing", "retention_offer"}
    assert served >= own


def test_applying_again_changes_nothing(service: Service) -> None:
    """`nudge apply` of files that are in service is no change, and says so."""
    done = service.run("apply", "config/slots", "--json")
    assert done.returncode == 0, done.stderr
    assert {change["action"] for change in json.loads(done.stdout)} == {"unchanged"}


def test_page_key_is_listed_and_a_revoked_key_is_refused(service: Service) -> None:
    """Keys made by the command line work soon, and no more once they are revoked."""
    listed = json.loads(service.run("keys", "list", "--json").stdout)
    assert any(key["name"] == "page" and key["scopes"] == ["decide"] for key in listed)
    made = json.loads(service.run("keys", "create", "--scope", "read", "--json").stdout)
    assert _status(service, made["key"], 200) == 200
    assert service.run("keys", "revoke", made["key_id"]).returncode == 0
    assert _status(service, made["key"], 401) == 401


def _status(service: Service, key: str, wanted: int) -> int:
    """The status of a call with the key, once the web has heard of the change."""
    status, until = 0, time.monotonic() + 10.0
    while status != wanted and time.monotonic() < until:
        time.sleep(0.05)
        connection = http.client.HTTPConnection(urlsplit(service.url).netloc)
        connection.request("GET", "/v1/slots", headers={"X-API-Key": key})
        status = connection.getresponse().status
        connection.close()
    return status
