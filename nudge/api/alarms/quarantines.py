"""GET and POST /v1/quarantines, POST /v1/quarantines/{id}/actions: intervals that teach nothing."""

from __future__ import annotations

from typing import Any, Final

from flask import Response, request
from marshmallow import Schema, ValidationError

from nudge.api.bodies import json_table
from nudge.api.operation import caller, operation, query_parameter, resource
from nudge.api.provider import MIMETYPE, answer
from nudge.api.schemas.quarantines import (
    AskedQuarantineSchema,
    QuarantineActionSchema,
    QuarantineSchema,
    QuarantinesSchema,
)
from nudge.api.service import current
from nudge.clock import now
from nudge.domain.alarms.quarantine import (
    Quarantine,
    QuarantineNote,
    QuarantineScope,
    QuarantineStatus,
)
from nudge.domain.reports.questions import period_of
from nudge.domain.values.number_words import mask_numbers
from nudge.errors import InvalidRequestError
from nudge.flows.upkeep import quarantine as flow

blueprint = resource("quarantines", "Quarantines: intervals that teach nothing")

STATUSES: Final = tuple(one.value for one in QuarantineStatus)
_ASKED: Final = AskedQuarantineSchema()
_ACTION: Final = QuarantineActionSchema()


@operation(
    blueprint,
    "GET /v1/quarantines",
    name="listQuarantines",
    scopes=("read",),
    answers={200: QuarantinesSchema},
    parameters=(query_parameter("status", "only those of this status", enum=list(STATUSES)),),
)
def every() -> Response:
    """List quarantines, the newest interval first; the released ones too."""
    status = request.args.get("status")
    if status is not None and status not in STATUSES:
        raise _wrong("status", f"is not allowed; use one of {', '.join(STATUSES)}")
    found = current().store.quarantines.current().values()
    wanted = [one for one in found if status in {None, one.status.value}]
    ordered = sorted(wanted, key=lambda one: (one.start, one.id), reverse=True)
    return answer({"quarantines": [_plain(one) for one in ordered]})


@operation(
    blueprint,
    "POST /v1/quarantines",
    name="makeQuarantine",
    scopes=("admin",),
    answers={200: QuarantineSchema},
    body={MIMETYPE: AskedQuarantineSchema},
)
def add() -> Response:
    """Mark an interval that teaches nothing; a repeated call changes nothing."""
    service = current()
    asked = _loaded(_ASKED)
    period = period_of(asked["from"], asked["to"], service.calendar)
    if period.start is None or period.end is None:
        raise _wrong("from" if period.start is None else "to", "is missing; give a time")
    scope = QuarantineScope(**asked.get("scope", {}))
    if scope.channel and scope.method:
        raise _wrong("scope", "has both; name a channel or a payment method")
    reach = asked.get("reach", flow.REACH)
    found = flow.mark(
        service.store, period.start, period.end, scope, _note(asked["why"]), reach=reach
    )
    return answer(_plain(found))


@operation(
    blueprint,
    "POST /v1/quarantines/<string(maxlength=64):quarantine>/actions",
    name="patchQuarantine",
    scopes=("admin",),
    answers={200: QuarantineSchema},
    body={MIMETYPE: QuarantineActionSchema},
)
def act(quarantine: str) -> Response:
    """Extend, release or discard a quarantine; a repeated call changes nothing."""
    store, asked = current().store, _loaded(_ACTION)
    note = _note(asked.get("note", ""))
    if ("to" in asked) != (asked["action"] == "extend"):
        raise _wrong("to", "belongs to the action `extend`, which needs it")
    if asked["action"] == "extend":
        end = period_of(None, asked["to"], current().calendar).end
        if end is None:
            raise _wrong("to", "is missing; give a time")
        return answer(_plain(flow.extend(store, quarantine, end, note)))
    done = flow.release if asked["action"] == "release" else flow.discard
    return answer(_plain(done(store, quarantine, note)))


def _loaded(schema: Schema) -> dict[str, Any]:
    try:
        found: dict[str, Any] = schema.load(json_table(current().settings.max_body))
    except ValidationError as error:
        text = "the request does not fit"
        raise InvalidRequestError(text, error.messages_dict) from error
    return found


def _note(text: str) -> QuarantineNote:
    return QuarantineNote(caller().key_id, now(), mask_numbers(text))


def _plain(one: Quarantine) -> dict[str, object]:
    label = current().calendar.label
    told = one.plain
    told["from"], told["to"] = label(told.pop("start")), label(told.pop("end"))
    told.pop("revision")
    for step in told["steps"]:
        step["at"], step["to"] = label(step["at"]), label(step.pop("end"))
    return told


def _wrong(name: str, message: str) -> InvalidRequestError:
    return InvalidRequestError(f"{name}: {message}", {name: [message]})
