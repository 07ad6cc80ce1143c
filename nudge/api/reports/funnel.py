"""Endpoint GET /v1/funnel: stages and leaks of the path, answered by the report worker."""

from __future__ import annotations

from dataclasses import asdict, replace

from flask import Response, request

from nudge import clock
from nudge.api.forms import PAGE_CHANNELS
from nudge.api.operation import LATER, operation, resource
from nudge.api.provider import answer
from nudge.api.replies import pending, plain_job, with_as_of
from nudge.api.schemas.funnel import PARAMETERS, FunnelSchema
from nudge.api.schemas.reports import JobSchema
from nudge.api.service import current
from nudge.domain.funnel.funnel_query import funnel_question
from nudge.domain.reports.filters import with_channels

blueprint = resource("funnel", "The funnel: stages of the path, and visitors lost at each")


@operation(
    blueprint,
    "GET /v1/funnel",
    name="getFunnel",
    scopes=("read",),
    answers={200: FunnelSchema, 202: JobSchema},
    headers={202: LATER},
    errors=(404,),
    parameters=PARAMETERS,
)
def funnel() -> Response:
    """Report at which stages visitors leave the path, for which reasons, and the changes.

    The answer is the report, or 202 with the job that makes it.
    """
    service = current()
    given = request.args
    slots = service.catalogue_with(given.getlist("slot")).slots
    texts = dict(given.items())
    if "where" in given:
        texts["where"] = ",".join(given.getlist("where"))
    question = funnel_question(texts, clock.now(), slots, service.calendar)
    question = replace(question, where=with_channels(question.where, PAGE_CHANNELS))
    # An answer belongs to the definition that it was made by.
    path = service.configuration.funnel
    desk = service.questions
    reply = desk.answer(desk.inquiry("funnel", question.plain, asdict(path)))
    if reply.body is not None:
        return answer(with_as_of(reply.body, reply.as_of, "funnel"))
    return pending(plain_job(reply.job), reply)
