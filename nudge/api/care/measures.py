"""GET /v1/measures, GET and POST /v1/worklist/{case}/measure: what is due, and granting it."""

from __future__ import annotations

from typing import Any, Final

from flask import Response
from marshmallow import ValidationError

from nudge.api.bodies import json_table
from nudge.api.care.work_desks import action_name, actor, measure_desk
from nudge.api.operation import caller, operation, resource
from nudge.api.provider import MIMETYPE, answer
from nudge.api.schemas.measures import CaseMeasureSchema, GrantSchema, MeasuresSchema
from nudge.api.service import Service, current
from nudge.clock import now
from nudge.domain.care.case import Case
from nudge.domain.measures.measure_view import case_measure_view, configured_view
from nudge.domain.values.number_words import mask_numbers
from nudge.errors import InvalidRequestError, NotFoundError
from nudge.flows.care.case_actions import CaseDesk
from nudge.flows.measures.granting import GrantDesk, GrantOrder

blueprint = resource("measures", "Lifecycle measures: what is due for whom, and granting it")

_PATH: Final = "/v1/worklist/<string(maxlength=64):case>/measure"
_GRANT: Final = GrantSchema()


@operation(
    blueprint,
    "GET /v1/measures",
    name="listMeasures",
    scopes=("read", "admin"),
    answers={200: MeasuresSchema},
)
def every() -> Response:
    """List the lifecycle measures as they are configured."""
    measures = current().configuration.measures.values()
    return answer({"measures": [configured_view(one) for one in measures]})


@operation(
    blueprint,
    f"GET {_PATH}",
    name="getMeasure",
    scopes=("admin",),
    answers={200: CaseMeasureSchema},
)
def one(case: str) -> Response:
    """Tell which measure is due for a case, which variants may be granted, and why others not.

    Nothing is decided by asking.
    """
    service, at = current(), now()
    found = service.patient.cases.read(case)
    if found is None:
        raise NotFoundError("no case has this id")
    return answer(_view(service, found, at))


@operation(
    blueprint,
    f"POST {_PATH}",
    name="makeGrant",
    scopes=("admin",),
    answers={200: CaseMeasureSchema},
    body={MIMETYPE: GrantSchema},
    errors=(409, 412),
)
def grant(case: str) -> Response:
    """Grant the measure of a case: its slot decides, once; a repeated call tells what was granted.

    409 where no measure may be granted now, with the reason; 412 where somebody else acted.
    """
    service, at = current(), now()
    try:
        asked = _GRANT.load(json_table(service.settings.max_body))
    except ValidationError as error:
        raise InvalidRequestError("the request does not fit", error.messages_dict) from error
    order = GrantOrder(
        case,
        actor(service, asked.get("by")),
        action_name(service, asked.get("action_id")),
        mask_numbers(asked.get("note", "")),
        asked.get("revision"),
        caller().key_id,
    )
    cases = CaseDesk(service.patient, service.configuration.warnings, service.sealer.vault)
    desk = GrantDesk(measure_desk(service), cases, service.calendar.label)
    return answer(_view(service, desk.grant(order, at), at))


def _view(service: Service, case: Case, at: float) -> dict[str, Any]:
    state = measure_desk(service).find((case,), at)[case.id]
    return case_measure_view(case, state, service.calendar.label)
