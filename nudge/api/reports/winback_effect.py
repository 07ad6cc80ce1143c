"""Endpoint GET /v1/winback/effect: whom contacts brought back, from the report worker."""

from __future__ import annotations

from typing import Final

from flask import Response, request

from nudge import clock
from nudge.api.operation import LATER, operation, resource
from nudge.api.provider import answer
from nudge.api.replies import pending, plain_job, with_as_of
from nudge.api.schemas.reports import JobSchema
from nudge.api.schemas.winback_effect import PARAMETERS, WinbackEffectSchema
from nudge.api.service import current
from nudge.config.documents.loop_terms import loop_terms
from nudge.domain.loop.loop_question import effect_question

blueprint = resource("winback_effect", "Whom contacts brought back, against the holdout")
NAME: Final = "winback_effect"


@operation(
    blueprint,
    "GET /v1/winback/effect",
    name="getWinbackEffect",
    scopes=("read",),
    answers={200: WinbackEffectSchema, 202: JobSchema},
    headers={202: LATER},
    parameters=PARAMETERS,
)
def effect() -> Response:
    """Report whom contacts brought back, by stage and reason, and whether that can be told.

    The answer is the report, or 202 with the job that makes it.
    """
    service, texts = current(), dict(request.args.items())
    question = effect_question(texts, clock.now(), service.calendar)
    # An answer belongs to the terms that it was made by.
    desk, terms = service.questions, loop_terms(service.configuration)
    reply = desk.answer(desk.inquiry(NAME, question.plain, terms.plain))
    if reply.body is None:
        return pending(plain_job(reply.job), reply)
    return answer(with_as_of(reply.body, reply.as_of, NAME))
