"""OpenFeature's provider conformance questions (Appendix F), through the official providers.

The application's own context names a visitor, for nothing is decided without one. Lifecycle and
events are in `test_javascript.py`: they need a provider that reaches its backend on its own.
"""

from __future__ import annotations

import json
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from api_web import listening, served
from canonical_flags import TARGET, canonical_flags
from conformance import DECLARED, QUESTIONS, UNDECLARED, Question
from flag_clients import DEFAULT_VISITOR, FlagClient, PythonClient, node_client
from test_api_withdrawals import follow

from nudge.clock import now
from nudge.config.slot_change import Edit, plan
from nudge.domain.people.loading import VisitorRow
from nudge.flows.upkeep import apply as applying
from nudge.flows.upkeep.load import VisitorLoader
from nudge.settings.settings import Settings

KNOWN = {
    ("python", "Integer", "boolean-flag"): "the provider takes true for an integer, as Python does",
}
"""Client, type and flag -> deviation of a provider of OpenFeature, which is none of the service."""


@dataclass(frozen=True)
class Backend:
    """A service with the canonical flags.

    Attributes:
        url: of the service.
        key: of a server, which may know what was told of a visitor.
    """

    url: str
    key: str


@pytest.fixture(scope="module")
def backend(store_url: str) -> Iterator[Backend]:
    """The canonical flags, and what a server told of the one visitor whom a rule is for."""
    with tempfile.TemporaryDirectory() as directory:
        settings = Settings(
            secret_key=b"test-secret-key-0123456789abcdef",
            redis_url=store_url,
            data_dir=Path(directory),
            namespace=f"t-{uuid.uuid4().hex[:12]}",
            web_workers=1,
            hot_timeout=2.0,
            holdout=0.0,
        )
        for web in served(settings):
            service = web.service
            edit = Edit("test", "canonical", now())
            applying.apply(service.store, plan({}, canonical_flags()), edit)
            row = VisitorRow(TARGET, None, {"tester": True}, {})
            VisitorLoader(service.store, service.sealer).load([row])
            service.refresh()
            follow(web)
            with listening(web) as url:
                yield Backend(url, web.key("decide", "ingest"))


@pytest.fixture(scope="module", params=["python", "javascript-web", "javascript-server"])
def client(request: pytest.FixtureRequest, backend: Backend) -> Iterator[FlagClient]:
    """Each of the official providers."""
    if request.param == "python":
        yield PythonClient(backend.url, backend.key)
        return
    kind = request.param.removeprefix("javascript-")
    context = {"targetingKey": DEFAULT_VISITOR}
    with (
        tempfile.TemporaryDirectory() as directory,
        node_client(
            Path(directory),
            kind,
            backend.url,
            backend.key,
            **({"context": context} if kind == "web" else {}),
        ) as node,
    ):
        yield node


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: one.id)
def test_a_provider_gets_what_the_suite_expects(client: FlagClient, question: Question) -> None:
    """Value, reason, variant and error code are those of the suite; nothing is thrown.

    A question that needs what is not declared is not asked, and says why.
    """
    if missing := sorted(question.needs - DECLARED):
        pytest.skip(f"{missing[0]} is not declared: {UNDECLARED[missing[0]]}")
    told = ask(client, question)
    if known := KNOWN.get((client.name, question.type, question.key)):
        assert told["value"] is not question.expected, "the deviation is gone: take it out"
        pytest.skip(known)
    assert told["value"] == question.expected
    if isinstance(question.expected, bool):
        assert isinstance(told["value"], bool)
    assert told.get("errorCode") == (question.error or None)
    assert question.reason in ("", told["reason"])
    assert question.variant in ("", told.get("variant"))


def ask(client: FlagClient, question: Question) -> Any:
    """The details that a provider gives."""
    context: Mapping[str, str] = {"targetingKey": question.visitor or DEFAULT_VISITOR}
    told = client.details(question.type, question.key, question.default, context)
    assert "thrown" not in told, told
    return told


def test_every_provider_gets_the_metadata(client: FlagClient) -> None:
    """Decision id, propensity, policy version and flags come as metadata of the evaluation."""
    told = client.details("Boolean", "boolean-flag", False, {"targetingKey": "m-1"})
    found = told["flagMetadata"]
    assert len(found["decision_id"]) == 26
    assert (found["propensity"], found["policy_version"], found["reason"]) == (
        1,
        0,
        "only_eligible",
    )
    assert (found["holdout"], found["fallback"]) == (False, False)


def test_without_a_visitor_the_default_stands(client: FlagClient) -> None:
    """The suite's scenario without a context: told as an error, and the code's default is used.

    The web provider asks for all flags at once, and keeps those of the visitor before:
    `test_javascript.py` has one that never had any.
    """
    if client.name == "javascript-web":
        return
    told = client.details("String", "string-flag", "mine", {})
    assert (told["value"], told["reason"]) == ("mine", "ERROR")
    assert told["errorCode"] == "TARGETING_KEY_MISSING"


def test_the_questions_are_all_there() -> None:
    """A capability that is not declared has a reason, and no question is asked twice."""
    needed = {need for one in QUESTIONS for need in one.needs}
    assert needed == DECLARED | UNDECLARED.keys()
    assert len({one.id for one in QUESTIONS}) == len(QUESTIONS)
    assert json.dumps(sorted(UNDECLARED))
