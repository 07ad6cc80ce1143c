"""Endpoint GET /v1/reports/shared: payments that several slots were credited with."""

from __future__ import annotations

from typing import Final

import orjson
from flask import Response, request

from nudge import clock
from nudge.api.operation import LATER, operation, resource
from nudge.api.provider import MIMETYPE, answer
from nudge.api.replies import pending, plain_job, with_as_of
from nudge.api.schemas.reports import JobSchema
from nudge.api.schemas.shared import PARAMETERS, SharedSchema
from nudge.api.service import current
from nudge.domain.reports.questions import FORMATS
from nudge.domain.sharing.month_question import month_question
from nudge.domain.sharing.sharing_table import sharing_csv
from nudge.errors import InvalidRequestError

blueprint = resource("shared", "Payments that several slots were credited with")

CSV: Final = "text/csv"
_ANSWER: Final = {
    "content": {MIMETYPE: {"schema": SharedSchema}, CSV: {"schema": {"type": "string"}}}
}


@operation(
    blueprint,
    "GET /v1/reports/shared",
    name="getSharedPayments",
    scopes=("read",),
    answers={200: _ANSWER, 202: JobSchema},
    headers={202: LATER},
    parameters=PARAMETERS,
)
def shared() -> Response:
    """Report the payments of a month that several slots were credited with, side by side.

    Figures of slots that share payments are never added up: `total` is what was paid. The answer
    is the report, or 202 with the job that makes it.
    """
    service, given = current(), request.args
    told = given.get("format", FORMATS[0])
    if told not in FORMATS[:2]:
        raise InvalidRequestError("format: use json or csv", {"format": ["use json or csv"]})
    question = month_question(given, clock.now(), service.calendar)
    desk = service.questions
    reply = desk.answer(desk.inquiry("shared", question.plain))
    if reply.body is None:
        return pending(plain_job(reply.job), reply)
    if told == "csv":
        return _file(sharing_csv(orjson.loads(reply.body)), question.calendar.label(question.start))
    return answer(with_as_of(reply.body, reply.as_of, "shared"))


def _file(text: str, since: str) -> Response:
    response = Response(text.encode(), 200, mimetype=CSV)
    name = f"shared-{since[:10]}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
