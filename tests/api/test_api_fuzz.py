"""schemathesis over the whole document: no 5xx, and no status that the document does not name."""

from __future__ import annotations

import json
from collections import Counter

import pytest
import schemathesis
from api_web import Web, bearer, listening
from schemathesis.checks import load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import from_schema
from schemathesis.engine.events import EngineFinished, FatalError, NonFatalError, ScenarioFinished

SHORT = pytest.param(12, 300, id="short")
LONG = pytest.param(90, 2000, marks=pytest.mark.soak, id="soak")
"""Examples of each operation, of which those that take nothing have only one; cases in all."""


@schemathesis.serializer("text/plain")
def as_json(_: object, value: object) -> bytes:
    """A beacon's text is JSON."""
    return value if isinstance(value, bytes) else json.dumps(value).encode()


@schemathesis.serializer("application/x-ndjson")
def as_line(_: object, value: object) -> bytes:
    """A stream's lines are JSON, or what is not."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


def config(key: str, examples: int) -> SchemathesisConfig:
    """The same cases each time, with a key that may do everything."""
    return SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "headers": bearer(key),
            "continue-on-failure": True,
            "generation": {
                "max-examples": examples,
                "deterministic": True,
                "database": "none",
                "no-shrink": True,
            },
            "cache": {"enabled": False},
            "phases": {"stateful": {"enabled": False}},
        }
    )


@pytest.mark.parametrize(("examples", "least"), [SHORT, LONG])
def test_any_input_gets_a_documented_answer(web: Web, examples: int, least: int) -> None:
    """All checks hold for whatever fits the document, and for what does not."""
    load_all_checks()
    used = config(web.service.settings.admin_key, examples)
    cases: Counter[str] = Counter()
    problems = []
    with listening(web) as url:
        schema = schemathesis.openapi.from_url(f"{url}/openapi.json", config=used)
        for event in from_schema(schema).execute():
            if isinstance(event, ScenarioFinished):
                cases[event.recorder.label] += len(event.recorder.interactions)
            elif isinstance(event, FatalError | NonFatalError):
                problems.append(str(event))
            elif isinstance(event, EngineFinished):
                problems += [f"{x.operation}: {x.title}: {x.message}" for x in event.failures]
    assert not problems, "\n".join(problems)
    assert cases.total() >= least, cases
