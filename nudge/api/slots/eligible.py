"""Endpoint POST /v1/slots/{slot}/eligible: how many visitors a variant would have."""

from __future__ import annotations

from typing import Final

from flask import Response, request

from nudge.api.bodies import json_table
from nudge.api.operation import LATER, operation, query_parameter, resource
from nudge.api.provider import MIMETYPE, answer
from nudge.api.replies import pending, plain_job, with_as_of
from nudge.api.schemas.eligible import EligibleSchema
from nudge.api.schemas.reports import JobSchema
from nudge.api.service import current
from nudge.api.slots.slots import NAMED
from nudge.config.slot_available import parse_available
from nudge.config.slot_schema import AvailableSchema
from nudge.domain.audience.audience_question import DAYS, MOST_DAYS, AudienceQuestion, days_of
from nudge.domain.values.number_words import mask_deep
from nudge.errors import InvalidRequestError, NotFoundError

blueprint = resource("eligible", "Visitors whom a variant would have")

FRESH: Final = 60.0
"""Seconds in which an answer is given as it is: visitors of days do not change in a minute."""
PARAMETERS: Final = (
    query_parameter(
        "days",
        f"days in which the slot saw the visitors; {DAYS} by default",
        type="integer",
        minimum=1,
        maximum=MOST_DAYS,
    ),
)


@operation(
    blueprint,
    f"POST {NAMED}/eligible",
    name="getEligible",
    scopes=("read",),
    answers={200: EligibleSchema, 202: JobSchema},
    headers={202: LATER},
    body={MIMETYPE: AvailableSchema},
    parameters=PARAMETERS,
)
def count(slot: str) -> Response:
    """Count the visitors whom a slot saw lately and who would be eligible for a variant.

    The body is the table `available` of a variant, as slots write it. Its dates and its stock do
    not matter: the count is of who may be offered it while it is there.
    """
    service = current()
    if slot not in service.catalogue_with([slot]).slots:
        raise NotFoundError(f"slot {slot!r} is not configured")
    table = json_table(service.settings.max_body)
    parse_available(table)
    if mask_deep(table) != table:
        text = "a rule holds no phone numbers; leave them out"
        raise InvalidRequestError(text, {"when": ["holds a phone number; leave it out"]})
    days, zone = days_of(request.args.get("days")), service.settings.zone
    question = AudienceQuestion(slot, table, days, zone)
    desk = service.questions
    reply = desk.answer(desk.inquiry("audience", question.plain), fresh=FRESH, old=float("inf"))
    if reply.body is None:
        return pending(plain_job(reply.job), reply)
    return answer(with_as_of(reply.body, reply.as_of, "audience"))
