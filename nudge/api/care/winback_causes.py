"""GET and POST /v1/winback/causes: causes of leaving that were mended."""

from __future__ import annotations

from typing import Any, Final

from flask import Response
from marshmallow import Schema, ValidationError

from nudge.api.bodies import json_table
from nudge.api.operation import caller, operation, resource
from nudge.api.provider import MIMETYPE, answer
from nudge.api.schemas.winback import (
    AskedCauseSchema,
    CauseActionSchema,
    MendedCauseSchema,
    MendedCausesSchema,
)
from nudge.api.service import current
from nudge.clock import now
from nudge.domain.reports.questions import period_of
from nudge.domain.values.number_words import mask_numbers
from nudge.domain.winback.mended_cause import DIMENSIONS, MendedCause, cause_id
from nudge.domain.winback.winback_view import cause_view
from nudge.errors import InvalidRequestError
from nudge.flows.upkeep.mended_causes import declare_mended, take_back
from nudge.flows.winback.winback_desk import standing_causes

blueprint = resource("winback causes", "Causes of leaving that were mended")

_ASKED: Final = AskedCauseSchema()
_ACTION: Final = CauseActionSchema()


@operation(
    blueprint,
    "GET /v1/winback/causes",
    name="listMendedCauses",
    scopes=("read", "admin"),
    answers={200: MendedCausesSchema},
)
def every() -> Response:
    """List the causes that were mended: declared, or named by a resolved alarm."""
    service = current()
    declared = {one.id: one for one in service.patient.winback.causes()}
    named = standing_causes(service.patient, service.configuration.winback, now())
    found = {**{one.id: one for one in named}, **declared}.values()
    ordered = sorted(found, key=lambda one: (-one.at, one.id))
    return answer({"causes": [cause_view(one, service.calendar) for one in ordered]})


@operation(
    blueprint,
    "POST /v1/winback/causes",
    name="makeMendedCause",
    scopes=("admin",),
    answers={200: MendedCauseSchema},
    body={MIMETYPE: AskedCauseSchema},
)
def add() -> Response:
    """Declare a cause mended: who left for it comes first. A repeated call changes nothing."""
    service, at = current(), now()
    asked = _loaded(_ASKED)
    cause = {name: asked[name] for name in DIMENSIONS if asked.get(name)}
    if not cause:
        what = f"name at least one of {', '.join(DIMENSIONS)}"
        raise InvalidRequestError(f"stage: is missing; {what}", {"stage": [what]})
    period = period_of(asked["since"], asked.get("until"), service.calendar)
    if period.start is None:
        raise InvalidRequestError("since: is missing; give a time", {"since": ["give a time"]})
    given = period.end if "until" in asked else None
    end = at if given is None else given
    if end <= period.start:
        what = "is not before `until`; give an earlier time"
        raise InvalidRequestError(f"since: {what}", {"since": [what]})
    # Of a fault without an end the id must not hang on the moment of the call.
    name = cause_id(cause, period.start, given or 0.0)
    why = mask_numbers(asked.get("why", ""))
    wanted = MendedCause(name, cause, period.start, end, at, caller().key_id, why)
    return answer(cause_view(declare_mended(service.patient, wanted), service.calendar))


@operation(
    blueprint,
    "POST /v1/winback/causes/<string(maxlength=64):cause>/actions",
    name="patchMendedCause",
    scopes=("admin",),
    answers={200: MendedCauseSchema},
    body={MIMETYPE: CauseActionSchema},
)
def act(cause: str) -> Response:
    """Take back that a cause was mended; a repeated call changes nothing."""
    service = current()
    _loaded(_ACTION)
    gone = take_back(service.patient, cause, now(), caller().key_id)
    return answer(cause_view(gone, service.calendar))


def _loaded(schema: Schema) -> dict[str, Any]:
    try:
        found: dict[str, Any] = schema.load(json_table(current().settings.max_body))
    except ValidationError as error:
        raise InvalidRequestError("the request does not fit", error.messages_dict) from error
    return found
