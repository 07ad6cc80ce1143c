"""GET .../performance, POST .../evaluations, GET /v1/jobs/{job_id}: questions about the log."""

from __future__ import annotations

from typing import Any, Final

import orjson
from flask import Response, request
from marshmallow import ValidationError

from nudge import clock
from nudge.api.bodies import json_table
from nudge.api.forms import PAGE_CHANNELS
from nudge.api.operation import LATER, RETRY_AFTER, operation, resource
from nudge.api.provider import MIMETYPE, answer
from nudge.api.replies import defined, pending, plain_job, with_as_of
from nudge.api.schemas.reports import (
    PARAMETERS,
    AskedSchema,
    EvaluationSchema,
    JobSchema,
    PerformanceSchema,
)
from nudge.api.service import current
from nudge.domain.changes.compared_questions import check_compare
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.reports.filters import with_channels
from nudge.domain.reports.inferred_figures import InferredFigures
from nudge.domain.reports.questions import (
    EvaluationQuestion,
    PerformanceQuestion,
    dimensions_of,
    format_of,
    period_of,
    target_of,
    where_of,
)
from nudge.domain.reports.report_table import as_csv
from nudge.errors import InvalidRequestError, NotFoundError
from nudge.flows.reports.slot_totals import slot_totals
from nudge.flows.serving.questions import QuestionStatus

blueprint = resource("reports", "What happened, and what would have happened otherwise")

NAMED: Final = "/v1/slots/<string(maxlength=64):slot>"
SETTLED: Final = 15.0
"""Seconds that the report beside the totals is given as it is: pages ask every second."""
ASKING: Final = frozenset({"from", "to", "by", "where", "compare", "format"})
"""Parameters of a question of its own."""
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
    name="getPerformance",
    scopes=("read",),
    answers={200: _ANSWER, 202: PerformanceSchema},
    headers={202: {"Retry-After": RETRY_AFTER}},
    parameters=PARAMETERS,
)
def figures(slot: str) -> Response:
    """Give the figures of a slot: what each of its variants has brought.

    Without parameters: counts of this second, and all that is inferred as the newest report has
    it (null, with `as_of`, until there is one). With any: the report of that question, or 202
    with the job that makes it.
    """
    service, served = current(), _served(slot)
    given = request.args
    asked = PerformanceQuestion(
        slot,
        period_of(given.get("from"), given.get("to"), service.calendar),
        dimensions_of(given.get("by")),
        format_of(given.get("format")) == "parquet",
        with_channels(where_of(",".join(given.getlist("where"))), PAGE_CHANNELS),
        service.settings.zone,
        given.get("compare", ""),
    )
    check_compare(asked, clock.now(), served.slot.revision)
    desk = service.questions
    inquiry = desk.inquiry("report", asked.plain, served.slot.revision)
    if not ASKING & given.keys():
        reply = desk.answer(inquiry, fresh=SETTLED, old=float("inf"))
        return answer(_head(served) | _totals(served, reply) | _guard(served) | _report(reply))
    reply = desk.answer(inquiry)
    if reply.body is None:
        return pending(_head(served) | _guard(served) | _report(reply), reply)
    if asked.parquet:
        return _file(reply.body, PARQUET, f"{slot}.parquet")
    if given.get("format") == "csv":
        told = orjson.loads(reply.body) | {"as_of": current().calendar.label_or_none(reply.as_of)}
        return _file(as_csv(told).encode(), CSV, f"{slot}.csv")
    return answer(_head(served) | _guard(served) | _report(reply))


@operation(
    blueprint,
    f"POST {NAMED}/evaluations",
    name="evaluatePolicy",
    scopes=("read",),
    answers={200: EvaluationSchema, 202: JobSchema},
    headers={202: LATER},
    body={MIMETYPE: AskedSchema},
)
def evaluate(slot: str) -> Response:
    """Evaluate another policy on the decisions that were made, at once or as a job."""
    service, served = current(), _served(slot)
    asked = _asked(json_table(service.settings.max_body))
    target = target_of(asked["target"])
    period = period_of(asked.get("from"), asked.get("to"), service.calendar)
    question = EvaluationQuestion(slot, target, period, service.settings.zone)
    desk = service.questions
    inquiry = desk.inquiry("evaluate", question.plain, served.slot.revision)
    reply = desk.answer(inquiry, anew=True)
    if reply.body is not None:
        return answer(with_as_of(reply.body, reply.as_of, "evaluate"))
    return pending(plain_job(reply.job), reply)


@operation(
    blueprint,
    "GET /v1/jobs/<string(maxlength=64):job_id>",
    name="getJob",
    scopes=("read",),
    answers={200: JobSchema},
)
def job(job_id: str) -> Response:
    """Give the state of a question's job, and its answer once it is there."""
    desk = current().questions
    found = desk.store.jobs.read(job_id)
    if found is None:
        raise NotFoundError("this job is not known, or no longer; ask again")
    body = None
    if found.state == "done" and not found.question.get("parquet"):
        body = desk.store.jobs.result(job_id)
    return answer(plain_job(found) | {"result": with_as_of(body, found.as_of, found.kind)})


def _served(name: str) -> LiveSlot:
    served = current().catalogue_with([name]).slots.get(name)
    if served is None:
        raise NotFoundError(f"slot {name!r} is not configured")
    return served


def _head(served: LiveSlot) -> dict[str, object]:
    return {
        "slot": served.slot.name,
        "revision": served.slot.revision,
        "objective": served.slot.terms.objective,
        "policy": {"kind": served.policy_kind, "version": int(served.policy.version)},
        **defined("report"),
    }


def _totals(served: LiveSlot, reply: QuestionStatus) -> dict[str, object]:
    """The slot's totals; with the newest report's figures and the time until which they hold."""
    body = reply.body
    inferred = InferredFigures() if body is None else InferredFigures(orjson.loads(body))
    as_of = None if body is None else current().calendar.label_or_none(reply.as_of)
    service = current()
    return {"as_of": as_of} | slot_totals(service.store, served, inferred, service.calendar)


def _guard(served: LiveSlot) -> dict[str, object]:
    """Return what the slot's harm guard saw last; empty for a slot without one."""
    if served.slot.guard is None:
        return {}
    service = current()
    seen = service.store.guards.noted(served.slot.name)
    return {"guard": {"mode": served.slot.mode, "last": seen}}


def _report(reply: QuestionStatus) -> dict[str, object]:
    job = None if reply.job is None else plain_job(reply.job)
    return {"report": with_as_of(reply.body, reply.as_of), "job": job}


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
