"""Endpoint GET /v1/warnings/factors: what goes with leaving, from the report worker."""

from __future__ import annotations

from typing import Final

import orjson
from flask import Response, request

from nudge import clock
from nudge.api.operation import LATER, operation, resource
from nudge.api.provider import MIMETYPE, answer
from nudge.api.replies import pending, plain_job, with_as_of
from nudge.api.schemas.factors import PARAMETERS, FactorsSchema
from nudge.api.schemas.reports import JobSchema
from nudge.api.service import current
from nudge.domain.care.factors.factor_query import factor_question
from nudge.domain.care.factors.factor_view import factor_csv
from nudge.domain.reports.questions import FORMATS
from nudge.errors import InvalidRequestError

blueprint = resource("factors", "Scores and behaviours that go with leaving, and how surely")

CSV: Final = "text/csv"
_ANSWER: Final = {
    "content": {MIMETYPE: {"schema": FactorsSchema}, CSV: {"schema": {"type": "string"}}}
}


@operation(
    blueprint,
    "GET /v1/warnings/factors",
    name="getFactors",
    scopes=("read",),
    answers={200: _ANSWER, 202: JobSchema},
    headers={202: LATER},
    errors=(404,),
    parameters=PARAMETERS,
)
def factors() -> Response:
    """Report which scores and behaviours go with leaving, per scene, segment and kind of leaving.

    The answer is the report, or 202 with the job that makes it.
    """
    service, texts = current(), dict(request.args.items())
    told = texts.get("format", FORMATS[0])
    if told not in FORMATS[:2]:
        raise InvalidRequestError("format: use json or csv", {"format": ["use json or csv"]})
    question = factor_question(texts, clock.now(), service.calendar)
    # An answer belongs to the words for attributes that it was made by.
    desk, attributes = service.questions, dict(service.configuration.funnel.dimensions)
    reply = desk.answer(desk.inquiry("factors", question.plain, attributes))
    if reply.body is None:
        return pending(plain_job(reply.job), reply)
    if told == "csv":
        response = Response(factor_csv(orjson.loads(reply.body)).encode(), 200, mimetype=CSV)
        name = f"factors-{question.calendar.label(question.moment)[:10]}.csv"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
    return answer(with_as_of(reply.body, reply.as_of, "factors"))
