"""The official Python provider: metadata, contexts, refusals and a service that is not there."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest
from api_web import listening
from child_processes import free_port
from flag_clients import PythonClient
from ofrep_site import FlagSite, flag_site

from nudge.settings.rate import Rate
from nudge.settings.settings import Settings

VISITOR = {"targetingKey": "v-1"}


@pytest.fixture
def client(site: FlagSite) -> Iterator[PythonClient]:
    """A server of the operator with the official provider."""
    with listening(site.web) as url:
        yield PythonClient(url, site.web.secrets["decide"])


def test_a_server_gets_value_variant_and_metadata(client: PythonClient, site: FlagSite) -> None:
    """The value is the variant's, and the metadata name the decision that the journal has."""
    told = client.details("Integer", "denomination", 1, VISITOR | {"page": "recharge"})
    assert told["value"] == int(told["variant"])
    made = site.web.decide(slots=["denomination"], page="recharge")["decisions"]["denomination"]
    assert told["flagMetadata"]["decision_id"] == made["decision_id"]
    assert told["flagMetadata"]["propensity"] == made["propensity"]


def test_a_context_of_an_application_is_taken_as_it_is(client: PythonClient) -> None:
    """Nested members and lists are left out and named: no exception, no default."""
    context = VISITOR | {"user": {"name": "Ada"}, "tags": ["a"], "city_tier": "2"}
    told = client.details("Object", "banner", {}, context)
    assert told["value"]["link"]
    assert told["flagMetadata"]["left_out"] == "user, tags"


def test_a_mistake_is_told_and_the_default_stands(client: PythonClient) -> None:
    """An unknown flag, another type and an impossible visitor each have their code."""
    cases = [
        ("Integer", "gone", VISITOR, "FLAG_NOT_FOUND"),
        ("String", "denomination", VISITOR, "TYPE_MISMATCH"),
        ("Integer", "denomination", {}, "TARGETING_KEY_MISSING"),
        ("Integer", "denomination", {"targetingKey": "undefined"}, "INVALID_CONTEXT"),
    ]
    for kind, key, context, code in cases:
        default = "mine" if kind == "String" else 7
        told = client.details(kind, key, default, context)
        assert (told["value"], told["reason"], told["errorCode"]) == (default, "ERROR", code)


def test_a_wrong_key_leaves_the_default(site: FlagSite) -> None:
    """401 and 403 are errors of the evaluation, not of the page."""
    with listening(site.web) as url:
        for key in ("k" * 40, site.web.secrets["read"]):
            told = PythonClient(url, key).details("Integer", "denomination", 7, VISITOR)
            assert (told["value"], told["errorCode"]) == (7, "GENERAL")


def test_a_limit_pauses_the_provider(settings: Settings) -> None:
    """After a 429 the provider waits as Retry-After says, and asks nothing meanwhile."""
    few = replace(settings, limits_address=Rate(0.001, 1))
    with flag_site(few) as site, listening(site.web) as url:
        client = PythonClient(url, site.web.secrets["decide"])
        values = [
            client.details("Integer", "denomination", 7, {"targetingKey": f"w-{i}"})["value"]
            for i in range(3)
        ]
        assert values[1:] == [7, 7]
        assert client.provider.retry_after is not None
        assert len(site.decisions()) == 1


def test_nobody_there_and_nobody_answering_leave_the_default() -> None:
    """A port that is closed, and one that takes calls and never answers."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        for port in (free_port(), silent.getsockname()[1]):
            client = PythonClient(f"http://127.0.0.1:{port}", "k" * 40, timeout=0.1)
            told = client.details("Integer", "denomination", 7, VISITOR)
            assert (told["value"], told["reason"], told["errorCode"]) == (7, "ERROR", "GENERAL")
