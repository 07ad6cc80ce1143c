"""GET .../performance, POST .../evaluations, GET /v1/jobs/{job_id}: questions about the log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson
from flask import Response, current_app, request
from marshmallow import ValidationError

from nudge.api.bodies import json_table
from nudge.api.errors import error_answer
from nudge.api.operation import operation, resource
from nudge.api.provider import MIMETYPE, answer
from nudge.api.report_schemas import (
    PARAMETERS,
    AskedSchema,
    EvaluationSchema,
    JobSchema,
    PerformanceSchema,
)
from nudge.api.service import Service, current
from nudge.domain.questions import (
    EvaluationQuestion,
    PerformanceQuestion,
    dimensions_of,
    format_of,
    period_of,
    target_of,
)
from nudge.domain.report_table import as_csv
from nudge.domain.report_time import iso
from nudge.domain.served import Served
from nudge.errors import InvalidRequestError, NotFoundError
from nudge.flows.ask import Desk, Reply
from nudge.flows.report import performance
from nudge.store import client as store
from nudge.store import jobs
from nudge.store.jobs import Job

blueprint = resource("reports", "What happened, and what would have happened otherwise")

NAMED: Final = "/v1/slots/<string(maxlength=64):slot>"
DESK: Final = "nudge-desk"
ANSWER_TIMEOUT: Final = 2.0
"""Seconds that a report may wait for the store."""
SETTLED: Final = 15.0
"""Seconds that the report beside the totals stays as it is: many look at these every second."""
FAILED: Final = {"invalid_request": 422, "not_found": 404, "too_large_question": 422}
"""What a worker found wrong with a question -> status; anything else is our own fault."""
CSV: Final = "text/csv"
PARQUET: Final = "application/vnd.apache.parquet"
_FILE: Final = {"schema": {"type": "string", "format": "binary"}}
_ANSWER: Final = {
    "content": {
        MIMETYPE: {"schema": PerformanceSchema},
        CSV: {"schema": {"type": "string"}},
        PARQUET: _FILE,
    }
}
_ASKED: Final = AskedSchema()


@operation(
    blueprint,
    f"GET {NAMED}/performance",
    scopes=("read",),
    answers={200: _ANSWER, 202: PerformanceSchema},
    errors=(404, 422, 429),
    parameters=PARAMETERS,
)
def figures(slot: str) -> Response:
    """Tell what each variant has brought.

    Without parameters: the totals of this second, with the newest report beside them. With any:
    the report of that question, or 202 with the job that makes it.
    """
    service, served = current(), _served(slot)
    given = request.args
    asked = PerformanceQuestion(
        slot,
        period_of(given.get("from"), given.get("to")),
        dimensions_of(given.get("by")),
        format_of(given.get("format")) == "parquet",
    )
    desk = _desk(service)
    inquiry = desk.inquiry("report", asked.plain, served.slot.revision)
    if not {"from", "to", "by", "format"} & given.keys():
        reply = desk.answer(inquiry, fresh=SETTLED, old=float("inf"))
        totals = performance(service.client, service.keys, served)
        return answer(totals | _report(reply))
    reply = desk.answer(inquiry)
    if reply.body is None:
        return _pending(_head(served) | _report(reply), reply)
    if asked.parquet:
        return _file(reply.body, PARQUET, f"{slot}.parquet")
    if given.get("format") == "csv":
        told = orjson.loads(reply.body) | {"as_of": iso(reply.as_of)}
        return _file(as_csv(told).encode(), CSV, f"{slot}.csv")
    return answer(_head(served) | _report(reply))


@operation(
    blueprint,
    f"POST {NAMED}/evaluations",
    scopes=("read",),
    answers={200: EvaluationSchema, 202: JobSchema},
    body={MIMETYPE: AskedSchema},
    errors=(404, 415, 429),
)
def evaluate(slot: str) -> Response:
    """Ask what another policy would have got on the decisions that were made."""
    service, served = current(), _served(slot)
    asked = _asked(json_table(service.settings.max_body))
    target = target_of(asked["target"])
    question = EvaluationQuestion(slot, target, period_of(asked.get("from"), asked.get("to")))
    desk = _desk(service)
    inquiry = desk.inquiry("evaluate", question.plain, served.slot.revision)
    reply = desk.answer(inquiry, anew=True)
    if reply.body is not None:
        return answer(_dated(reply.body, reply.as_of))
    return _pending(_job(reply.job), reply)


@operation(
    blueprint,
    "GET /v1/jobs/<string(maxlength=64):job_id>",
    scopes=("read",),
    answers={200: JobSchema},
    errors=(404,),
)
def job(job_id: str) -> Response:
    """Tell how a question stands, and its answer."""
    desk = _desk(current())
    found = jobs.read(desk.client, desk.keys, job_id)
    if found is None:
        raise NotFoundError("this job is not known, or no longer; ask again")
    body = None
    if found.state == "done" and not found.question.get("parquet"):
        body = jobs.result(desk.client, desk.keys, job_id)
    return answer(_job(found) | {"result": _dated(body, found.as_of)})


def _desk(service: Service) -> Desk:
    """Where this process asks: a client of its own, made with the first question."""
    known = current_app.extensions.get(DESK)
    if not isinstance(known, Desk):
        # Answers are long: what a page's client may wait for them would close it for pages.
        known = Desk(store.hot(service.settings.store_url, ANSWER_TIMEOUT), service.keys)
        current_app.extensions[DESK] = known
    return known


def _served(name: str) -> Served:
    served = current().catalogue_with([name]).slots.get(name)
    if served is None:
        raise NotFoundError(f"slot {name!r} is not configured")
    return served


def _head(served: Served) -> dict[str, object]:
    return {
        "slot": served.slot.name,
        "revision": served.slot.revision,
        "objective": served.slot.terms.objective,
        "policy": {"kind": served.policy_kind, "version": int(served.policy.version)},
    }


def _report(reply: Reply) -> dict[str, object]:
    job = None if reply.job is None else _job(reply.job)
    return {"report": _dated(reply.body, reply.as_of), "job": job}


def _dated(body: bytes | None, as_of: float | None) -> orjson.Fragment | None:
    """The answer, a JSON object, with the time until which it is complete."""
    if body is None:
        return None
    return orjson.Fragment(b'{"as_of":' + orjson.dumps(iso(as_of)) + b"," + body[1:])


def _pending(body: Mapping[str, object], reply: Reply) -> Response:
    """The answer while there is none: where it will be, or why there will be none."""
    if reply.job is not None and reply.job.state == "failed":
        status = FAILED.get(reply.job.code, 503)
        return error_answer(status, reply.job.code, reply.job.message)
    response = answer(body, 202)
    response.headers["Retry-After"] = "1"
    if reply.job is not None:
        response.headers["Location"] = f"/v1/jobs/{reply.job.id}"
    return response


def _job(found: Job | None) -> dict[str, object]:
    if found is None:
        raise NotFoundError("the question was forgotten; ask again")
    return {
        "job_id": found.id,
        "kind": found.kind,
        "state": found.state,
        "progress": found.progress,
        "question": dict(found.question),
        "asked_at": iso(found.asked),
        "finished_at": iso(found.finished),
        "as_of": iso(found.as_of),
        "code": found.code,
        "message": found.message,
        "result": None,
    }


def _asked(body: dict[str, Any]) -> dict[str, Any]:
    try:
        found: dict[str, Any] = _ASKED.load(body)
    except ValidationError as error:
        raise InvalidRequestError("the question does not fit", error.messages_dict) from error
    return found


def _file(body: bytes, kind: str, name: str) -> Response:
    response = Response(body, 200, mimetype=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
