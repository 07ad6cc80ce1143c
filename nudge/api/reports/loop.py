"""Endpoint GET /v1/worklist/loop: the closed loop in figures, from the report worker."""

from __future__ import annotations

from typing import Final

import orjson
from flask import Response, request

from nudge import clock
from nudge.api.operation import LATER, operation, resource
from nudge.api.provider import MIMETYPE, answer
from nudge.api.replies import pending, plain_job, with_as_of
from nudge.api.schemas.loop import PARAMETERS, LoopSchema
from nudge.api.schemas.reports import JobSchema
from nudge.api.service import current
from nudge.config.documents.loop_terms import loop_terms
from nudge.domain.loop.loop_question import loop_question
from nudge.domain.loop.loop_table import loop_csv
from nudge.domain.reports.questions import FORMATS
from nudge.errors import InvalidRequestError

blueprint = resource("loop", "The closed loop: found, assigned, reached, kept, and what it added")

CSV: Final = "text/csv"
_ANSWER: Final = {
    "content": {MIMETYPE: {"schema": LoopSchema}, CSV: {"schema": {"type": "string"}}}
}


@operation(
    blueprint,
    "GET /v1/worklist/loop",
    name="getWorkLoop",
    scopes=("read",),
    answers={200: _ANSWER, 202: JobSchema},
    headers={202: LATER},
    parameters=PARAMETERS,
)
def loop() -> Response:
    """Report how far cases came, how long each step took, what it cost, and what it added.

    The answer is the report, or 202 with the job that makes it.
    """
    service, texts = current(), dict(request.args.items())
    told = texts.get("format", FORMATS[0])
    if told not in FORMATS[:2]:
        raise InvalidRequestError("format: use json or csv", {"format": ["use json or csv"]})
    question = loop_question(texts, clock.now(), service.calendar)
    # An answer belongs to the terms that it was made by.
    desk, terms = service.questions, loop_terms(service.configuration)
    reply = desk.answer(desk.inquiry("loop", question.plain, terms.plain))
    if reply.body is None:
        return pending(plain_job(reply.job), reply)
    if told == "csv":
        response = Response(loop_csv(orjson.loads(reply.body)).encode(), 200, mimetype=CSV)
        name = f"loop-{question.calendar.label(question.start)[:10]}.csv"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
    return answer(with_as_of(reply.body, reply.as_of, "loop"))
