"""The OpenAPI document: whole, true, and of use to who generates a client from it."""

from __future__ import annotations

import importlib
import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema_rs
import pytest
from api_web import Web, bearer, listening
from werkzeug.test import TestResponse

from nudge import clock
from nudge.api.schemas.examples import FOLDER, METHODS
from nudge.domain.alarms.alarm import Alarm, AlarmAction, AlarmLevel, AlarmStep
from nudge.domain.alarms.quarantine import QuarantineNote, QuarantineScope
from nudge.domain.care.case import CaseStep, case_of, facts_of, opening_record
from nudge.domain.care.signal import Signal
from nudge.domain.care.warning_rule import CaseKind, CaseLevel, EventTest, WarningRule
from nudge.domain.measures.measure import Measure, measure_rules
from nudge.domain.slots.rule import read_rule
from nudge.domain.slots.slot import Scalar
from nudge.flows.serving import questions
from nudge.flows.upkeep import quarantine
from nudge.store.service.alarms import StoredAlarm
from nudge.store.store import Store

Json = dict[str, Any]
VERBS = {
    "check",
    "erase",
    "evaluate",
    "explain",
    "get",
    "list",
    "make",
    "patch",
    "plan",
    "put",
    "record",
}


@dataclass(frozen=True)
class Operation:
    """An operation of the document."""

    method: str
    path: str
    told: Json
    parameters: Mapping[str, Json]

    @property
    def name(self) -> str:
        """Its operationId."""
        name: str = self.told["operationId"]
        return name


@pytest.fixture
def document(web: Web) -> Json:
    """The document as it is served."""
    found: Json = web.http.get("/openapi.json").json
    return found


def operations(document: Json) -> Iterator[Operation]:
    """Every operation, in the document's order."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                told = item[method]
                every = [*item.get("parameters", []), *told.get("parameters", [])]
                yield Operation(method, path, told, {one["name"]: one for one in every})


def misfits(document: Json, schema: Json, value: object) -> list[str]:
    """The parts of a value that do not fit a schema of the document."""
    whole = schema | {"components": document["components"]}
    found = jsonschema_rs.validator_for(whole).iter_errors(value)
    return [f"{list(one.instance_path)}: {one.message}" for one in found]


def test_o08_every_operation_is_named_and_described(document: Json) -> None:
    """Names are unique verbs with nouns; each has words, a tag that is described, and servers."""
    names = [one.name for one in operations(document)]
    assert len(set(names)) == len(names)
    tags = {one["name"] for one in document["tags"] if one["description"]}
    for one in operations(document):
        assert re.fullmatch(r"[a-z]+([A-Z][a-z]+)+", one.name), one.name
        assert re.split("[A-Z]", one.name)[0] in VERBS, one.name
        assert one.told["summary"]
        assert set(one.told["tags"]) <= tags
        assert all(x.get("description") or x["in"] == "path" for x in one.parameters.values())
    assert [one["url"] for one in document["servers"]] == ["/", "http://127.0.0.1:8000"]


def test_o08_what_any_request_may_meet_is_in_the_document(document: Json) -> None:
    """Limits, deadlines and refusals are told for every operation, with their headers."""
    errors = document["components"]["responses"]
    for one in operations(document):
        answers = one.told["responses"]
        assert {"400", "408", "413", "422"} <= answers.keys(), one.name
        assert ("429" in answers) == one.path.startswith(("/v1/", "/ofrep/")), one.name
        assert ("{" in one.path) <= ({"404", "405"} <= answers.keys()), one.name
    for name, header in (("TOO_MANY_REQUESTS", "Retry-After"), ("METHOD_NOT_ALLOWED", "Allow")):
        assert errors[name]["headers"][header]["required"]
    for one in operations(document):
        for status, told in one.told["responses"].items():
            known = told.get("$ref", "").rpartition("/")[2]
            assert not known or known in errors, (one.name, status)


def test_o08_every_operation_has_examples_that_fit(document: Json) -> None:
    """Requests, parameters and answers have examples, and each fits its schema."""
    used = {f"{one.name}.json" for one in operations(document)}
    assert {path.name for path in FOLDER.iterdir()} == used
    for one in operations(document):
        content = one.told.get("requestBody", {}).get("content", {})
        for kind, body in content.items():
            # Tools can write no stream of lines; docs/sms.md shows one.
            assert "examples" in body or kind == "application/x-ndjson", one.name
            for example in body.get("examples", {}).values():
                assert not misfits(document, body["schema"], example["value"]), one.name
        for parameter in one.parameters.values():
            assert "example" in parameter or not parameter.get("required"), one.name
            if "example" in parameter:
                assert not misfits(document, parameter["schema"], parameter["example"])
        answer = next(iter(one.told["responses"].values()))
        kind, body = next(iter(answer["content"].items()))
        assert kind == "image/gif" or not misfits(document, body["schema"], body["example"]), (
            one.name
        )


def test_o08_every_link_leads_on(document: Json) -> None:
    """A link names an operation and parameters that are there, and its values are in examples."""
    known = {one.name: one for one in operations(document)}
    linked = set()
    for one in operations(document):
        for answer in one.told["responses"].values():
            for link in answer.get("links", {}).values():
                target = known[link["operationId"]]
                linked.add(target.name)
                assert set(link.get("parameters", {})) <= target.parameters.keys(), one.name
                assert ("requestBody" in link) <= ("requestBody" in target.told)
    assert {"explainDecision", "recordEvents", "patchSlot", "getJob", "getVisitor"} <= linked


class Caller:
    """A caller who sends the document's examples, and follows its links for ids."""

    def __init__(self, web: Web, document: Json) -> None:
        self.web = web
        self.document = document
        self.ids: dict[tuple[str, str], str] = {}

    def send(self, one: Operation, kind: str | None, body: object) -> TestResponse:
        """The answer to an example; ids that an answer before gave stand in for their form."""
        path, query, headers = one.path, {}, bearer(self.web.service.settings.admin_key)
        for name, parameter in one.parameters.items():
            value = self.ids.get((one.name, name), parameter.get("example"))
            if value is None:
                continue
            if parameter["in"] == "path":
                path = path.replace(f"{{{name}}}", str(value))
            else:
                (query if parameter["in"] == "query" else headers)[name] = str(value)
        data = body if isinstance(body, str | None) else json.dumps(body)
        answer = self.web.http.open(
            path,
            method=one.method,
            query_string=query,
            data=data,
            content_type=kind,
            headers=headers,
        )
        self.follow(one, answer)
        return answer

    def follow(self, one: Operation, answer: TestResponse) -> None:
        """Keep the ids that the answer's links name."""
        told = one.told["responses"].get(str(answer.status_code), {})
        for link in told.get("links", {}).values():
            for name, where in link.get("parameters", {}).items():
                start, _, pointer = where.partition("#/")
                value: Any = answer.json if start == "$response.body" else {}
                for part in pointer.split("/"):
                    value = value.get(part) if isinstance(value, dict) else None
                if isinstance(value, str):
                    self.ids[link["operationId"], name] = value


def open_alarm(store: Store, document: Json) -> None:
    """Open the alarm of the examples, with a quarantine: no monitor is there that would."""
    (one,) = (one for one in operations(document) if one.name == "getAlarm")
    name = one.parameters["alarm"]["example"]
    at = clock.now()
    note = QuarantineNote("monitor", at)
    marked = quarantine.mark(store, at - 600.0, at, QuarantineScope(), note, alarm=name)
    opened = AlarmStep(at, AlarmAction.OPEN, "monitor")
    cause, sentence = {"stage": "method"}, {"zh": "支付异常。", "en": "Payments fail."}
    alarm = Alarm(
        name,
        "payment",
        AlarmLevel.CRITICAL,
        cause,
        at,
        at,
        sentence,
        quarantine=marked.id,
        steps=(opened,),
    )
    assert store.alarms.put(StoredAlarm(alarm))


def open_case(store: Store, document: Json, operation: str, kind: CaseKind) -> None:
    """Open a case of the examples: no fold is there that would."""
    (one,) = (one for one in operations(document) if one.name == operation)
    (place,) = (x for x in one.parameters.values() if x["in"] == "path")
    name, subject = place["example"], "5" * 32
    signal = Signal(clock.now(), "feedback", "f-1", "after_sales", 2.0)
    rule = WarningRule("leaving", EventTest("feedback"), CaseLevel.CRITICAL, kind=kind)
    record = opening_record(name, subject, rule, "", 1.0, signal)
    for write in store.cases.put(0, None, case_of(0, record, clock.now())):
        store.client.call(write.command, write.key, *write.args)


def grant_measure(store: Store, document: Json) -> None:
    """Grant the measure of the examples: a call that is repeated tells what was granted."""
    (one,) = (one for one in operations(document) if one.name == "makeGrant")
    (rule,) = measure_rules([Measure("welcome", read_rule({"attribute": "stage", "is": "growth"}))])
    signal = Signal(clock.now(), "", "")
    name = one.parameters["case"]["example"]
    record = opening_record(name, "6" * 32, replace(rule, held_share=0.0), "", 1.0, signal)
    facts: dict[str, Scalar] = {"measure": "welcome", "slot": "retention_offer"}
    facts |= {"variant": "data_package", "group": "retention", "amount": 8.0}
    told = facts_of(facts | {"decision_id": "a" * 26})
    case = case_of(0, record, clock.now())
    granted = case.with_step(CaseStep(clock.now(), "grant", "care_team", facts=told))
    for write in store.cases.put(0, None, granted):
        store.client.call(write.command, write.key, *write.args)


def test_o08_every_example_is_answered_as_the_document_says(
    web: Web, document: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a service with the shipped slots all of them give 2xx, in the form that is described."""
    # No worker is there that answers a question: its job is the answer.
    monkeypatch.setattr(questions, "PATIENCE", 0.0)
    caller = Caller(web, document)
    open_alarm(web.service.store, document)
    open_case(web.service.store, document, "getWarning", CaseKind.WARNING)
    open_case(web.service.store, document, "getWork", CaseKind.WARNING)
    open_case(web.service.store, document, "getWinback", CaseKind.WINBACK)
    grant_measure(web.service.store, document)
    # Jobs and decisions are asked for before somebody asks about them; who is erased, is last. No
    # fold reads steps here: whoever acts on one case does so before all cases are shared out.
    order = sorted(
        operations(document),
        key=lambda one: (one.name == "getJob", one.method == "delete", one.name != "patchWinback"),
    )
    for one in order:
        content = one.told.get("requestBody", {}).get("content", {None: {"examples": {"": {}}}})
        for kind, body in content.items():
            for name, example in body.get("examples", {}).items():
                answer = caller.send(one, kind, example.get("value"))
                assert 200 <= answer.status_code < 300, f"{one.name} {name}: {answer.text}"
                told = one.told["responses"][str(answer.status_code)]
                assert told.get("headers", {}).keys() <= set(answer.headers.keys()), one.name
                assert answer.mimetype in told["content"]
                if answer.mimetype == "application/json":
                    schema = told["content"][answer.mimetype]["schema"]
                    assert not misfits(document, schema, answer.json), one.name


@pytest.fixture
def client(document: Json, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A client that was generated from the document, as the package `generated`."""
    # Half a second, which the other tests need not wait.
    from openapi_python_client import generate  # noqa: PLC0415
    from openapi_python_client.config import Config, ConfigFile, MetaType  # noqa: PLC0415

    source = tmp_path / "openapi.json"
    source.write_text(json.dumps(document))
    told = ConfigFile(post_hooks=[], package_name_override="generated", literal_enums=True)
    config = Config.from_sources(
        told,
        MetaType.NONE,
        document_source=source,
        file_encoding="utf-8",
        overwrite=True,
        output_path=tmp_path / "generated",
    )
    problems = [one for one in generate(config=config) if one.level.value == "ERROR"]
    assert not problems
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [name for name in sys.modules if name.partition(".")[0] == "generated"]:
        del sys.modules[name]
    return importlib.import_module("generated")


def test_o08_a_generated_client_decides_records_and_reads(web: Web, client: ModuleType) -> None:
    """A client that openapi-python-client makes of the document calls a running service, typed."""

    def api(tag: str, name: str) -> Any:
        return importlib.import_module(f"generated.api.{tag}.{name}")

    models = importlib.import_module("generated.models")
    with listening(web) as url:
        key = web.service.settings.admin_key
        caller = client.AuthenticatedClient(
            base_url=url, token=key, raise_on_unexpected_status=True
        )
        asked = models.DecisionRequest(
            visitor_id="grace", channel="web", page="home", slots=["banner", "denomination"]
        )
        page = api("decisions", "make_decisions").sync(client=caller, body=asked)
        decision = page.decisions["banner"]
        assert page.decisions.additional_keys == ["banner", "denomination"]
        shown = models.ShownEvent(event_id="s", type_="shown", decision_id=decision.decision_id)
        batch = models.EventBatch(events=[shown])
        taken = api("events", "record_events").sync(client=caller, body=batch)
        assert (taken.accepted, taken.rejected) == (1, [])
        why = api("decisions", "explain_decision").sync(decision.decision_id, client=caller)
        assert (why.variant, why.reproduced) == (decision.variant, True)
        slots = api("slots", "list_slots").sync(client=caller)
        assert "banner" in {one.slot for one in slots.slots}
        tag = api("slots", "get_slot").sync_detailed("banner", client=caller).headers["ETag"]
        change = models.SlotPatch.from_dict({"title": "Another"})
        patched = api("slots", "patch_slot").sync(
            "banner", client=caller, body=change, if_match=tag
        )
        assert patched.title == "Another"
        figures = api("reports", "get_performance").sync("banner", client=caller)
        assert {one.variant for one in figures.variants} >= {decision.variant}
