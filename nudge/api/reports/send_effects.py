"""Endpoint GET /v1/sms/effects: what sends brought, by hour and day."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from flask import Response, request

from nudge.api.operation import LATER, operation, resource
from nudge.api.paging import wrong_parameter
from nudge.api.provider import answer
from nudge.api.replies import pending, plain_job, with_as_of
from nudge.api.schemas.reports import JobSchema
from nudge.api.schemas.send_effects import PARAMETERS, SendEffectsSchema
from nudge.api.service import Service, current
from nudge.domain.reports.questions import period_of
from nudge.domain.sms.effect_question import DIMENSIONS, EffectQuestion
from nudge.domain.timing.plan_request import REMINDER, SMS
from nudge.domain.values.refusal import ValueRefusedError

blueprint = resource("sms_effects", "What sends brought, by hour and day")

KIND: Final = "sms_effects"


@operation(
    blueprint,
    "GET /v1/sms/effects",
    name="getSmsEffects",
    scopes=("read",),
    answers={200: SendEffectsSchema, 202: JobSchema},
    headers={202: LATER},
    parameters=PARAMETERS,
)
def effects() -> Response:
    """Report the share of sends that led to a recharge, by hour and by day.

    Sends count that the policy drew and whose window has closed, each by the inverse of its logged
    propensity. The answer is the report, or 202 with the job that makes it.
    """
    service = current()
    desk = service.questions
    reply = desk.answer(desk.inquiry(KIND, _question(service).plain))
    if reply.body is None:
        return pending(plain_job(reply.job), reply)
    return answer(with_as_of(reply.body, reply.as_of, KIND))


def _question(service: Service) -> EffectQuestion:
    given, rules, calendar = request.args, service.rules, service.calendar
    by = given.get("by", DIMENSIONS[0])
    if by not in DIMENSIONS:
        raise wrong_parameter("by", f"use one of {', '.join(DIMENSIONS)}")
    return EffectQuestion(
        by,
        _word("purpose", REMINDER, rules.purposes.parse),
        _word("channel", SMS, rules.channels.parse),
        period_of(given.get("from"), given.get("to"), calendar),
        calendar.zone.key,
    )


def _word(name: str, usual: str, parse: Callable[[object], str]) -> str:
    """Parse a word of the contact policy; what is left out is not refused."""
    text = request.args.get(name)
    try:
        return usual if text is None else parse(text)
    except ValueRefusedError as error:
        raise wrong_parameter(name, str(error)) from error
