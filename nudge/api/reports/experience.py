"""Endpoint GET /v1/experience: scores of visitors and their words, from the report worker."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import orjson
from flask import Response, request

from nudge import clock
from nudge.api.forms import PAGE_CHANNELS
from nudge.api.operation import LATER, operation, resource
from nudge.api.provider import MIMETYPE, answer
from nudge.api.replies import pending, plain_job, with_as_of
from nudge.api.schemas.experience import PARAMETERS, ExperienceSchema
from nudge.api.schemas.reports import JobSchema
from nudge.api.service import current
from nudge.domain.care.experience.experience_query import experience_question
from nudge.domain.care.experience.experience_table import experience_csv
from nudge.domain.funnel.funnel import VARIANT
from nudge.domain.reports.filters import with_channels
from nudge.domain.reports.questions import FORMATS
from nudge.errors import InvalidRequestError

blueprint = resource("experience", "Scores that visitors gave, and words that come with low ones")

CSV: Final = "text/csv"
_ANSWER: Final = {
    "content": {MIMETYPE: {"schema": ExperienceSchema}, CSV: {"schema": {"type": "string"}}}
}


@operation(
    blueprint,
    "GET /v1/experience",
    name="getExperience",
    scopes=("read",),
    answers={200: _ANSWER, 202: JobSchema},
    headers={202: LATER},
    errors=(404,),
    parameters=PARAMETERS,
)
def experience() -> Response:
    """Report how visitors score scenes and touch points, what changed, and the words of low scores.

    The answer is the report, or 202 with the job that makes it.
    """
    service, texts = current(), dict(request.args.items())
    told = texts.get("format", FORMATS[0])
    if told not in FORMATS[:2]:
        raise InvalidRequestError("format: use json or csv", {"format": ["use json or csv"]})
    if "where" in texts:
        texts["where"] = ",".join(request.args.getlist("where"))
    by = texts.get("by", "").split(",")
    named = [name.removeprefix(VARIANT) for name in by if name.startswith(VARIANT)]
    slots = service.catalogue_with(named).slots
    question = experience_question(texts, clock.now(), slots, service.calendar)
    question = replace(question, where=with_channels(question.where, PAGE_CHANNELS))
    # An answer belongs to the words for attributes that it was made by.
    desk, attributes = service.questions, dict(service.configuration.funnel.dimensions)
    reply = desk.answer(desk.inquiry("experience", question.plain, attributes))
    if reply.body is None:
        return pending(plain_job(reply.job), reply)
    if told == "csv":
        since = question.calendar.label(question.period.start)
        return _file(experience_csv(orjson.loads(reply.body)), since)
    return answer(with_as_of(reply.body, reply.as_of, "experience"))


def _file(text: str, since: str) -> Response:
    response = Response(text.encode(), 200, mimetype=CSV)
    name = f"experience-{since[:10]}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
