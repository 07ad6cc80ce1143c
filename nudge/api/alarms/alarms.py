"""GET /v1/alarms, GET /v1/alarms/{id}, POST /v1/alarms/{id}/actions: what needs a person."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from flask import Response, request
from marshmallow import ValidationError

from nudge.api.bodies import json_table
from nudge.api.operation import caller, operation, query_parameter, resource
from nudge.api.provider import MIMETYPE, answer
from nudge.api.schemas.alarms import (
    LEVELS,
    STATUSES,
    AlarmActionSchema,
    AlarmSchema,
    AlarmsSchema,
)
from nudge.api.service import current
from nudge.clock import now
from nudge.domain.alarms.alarm import Alarm, AlarmAction, AlarmStep
from nudge.domain.alarms.alarm_view import alarm_view
from nudge.domain.alarms.delivery import delivery_view
from nudge.domain.values.instants import parse_instant
from nudge.domain.values.number_words import mask_numbers
from nudge.domain.values.refusal import ValueRefusedError
from nudge.errors import InvalidRequestError, NotFoundError
from nudge.flows.upkeep.alarm_actions import act_on_alarm

blueprint = resource("alarms", "Alarms: what needs a person, with its cause")

UNRESOLVED: Final = "unresolved"
_ACTION: Final = AlarmActionSchema()
PARAMETERS: Final = (
    query_parameter(
        "status",
        "only those of this status; `unresolved` is all but resolved",
        enum=[*STATUSES, UNRESOLVED],
    ),
    query_parameter("level", "only those of this level", enum=list(LEVELS)),
    query_parameter("since", "time: only those with a step then or later"),
)


@operation(
    blueprint,
    "GET /v1/alarms",
    name="listAlarms",
    scopes=("read",),
    answers={200: AlarmsSchema},
    parameters=PARAMETERS,
)
def every() -> Response:
    """List alarms, those with the latest step first; at most a thousand."""
    status = _word("status", (*STATUSES, UNRESOLVED))
    level = _word("level", LEVELS)
    store, at = current().patient.alarms, now()
    since = _since(request.args.get("since"))
    found = [one.alarm for one in store.recent(since)]
    if status == UNRESOLVED:
        found = [one.alarm for one in store.unresolved() if one.alarm.steps[-1].at >= since]
        status = None
    wanted = [
        one
        for one in found
        if status in {None, one.status(at).value} and level in {None, one.level.value}
    ]
    return answer({"alarms": [_plain(one, at) for one in wanted]})


@operation(
    blueprint,
    "GET /v1/alarms/<string(maxlength=64):alarm>",
    name="getAlarm",
    scopes=("read",),
    answers={200: AlarmSchema},
)
def one(alarm: str) -> Response:
    """Return one alarm with its history, and who was told of it."""
    service = current()
    found = service.patient.alarms.read(alarm)
    if found is None:
        raise NotFoundError(f"no alarm has the id {alarm!r}")
    told = service.patient.deliveries.of_alarm(alarm)
    notices = [delivery_view(delivery, service.calendar) for delivery in told]
    return answer(_plain(found.alarm, now()) | {"notices": notices})


@operation(
    blueprint,
    "POST /v1/alarms/<string(maxlength=64):alarm>/actions",
    name="patchAlarm",
    scopes=("admin",),
    answers={200: AlarmSchema},
    body={MIMETYPE: AlarmActionSchema},
)
def act(alarm: str) -> Response:
    """Take a step on an alarm or on its quarantine; a repeated call changes nothing."""
    service, at = current(), now()
    try:
        asked = _ACTION.load(json_table(service.settings.max_body))
    except ValidationError as error:
        raise InvalidRequestError("the request does not fit", error.messages_dict) from error
    note = mask_numbers(asked.get("note", ""))
    action = AlarmAction(asked["action"])
    step = AlarmStep(at, action, caller().key_id, note, asked.get("until"))
    return answer(_plain(act_on_alarm(service.patient, alarm, step), at))


def _plain(alarm: Alarm, at: float) -> dict[str, object]:
    return alarm_view(alarm, at, current().calendar)


def _word(name: str, words: Collection[str]) -> str | None:
    given = request.args.get(name)
    if given is not None and given not in words:
        raise _wrong(name, f"is not allowed; use one of {', '.join(words)}")
    return given


def _since(text: str | None) -> float:
    if text is None:
        return 0.0
    try:
        # In a query a plus sign is a blank.
        return parse_instant(text.replace(" ", "+"))
    except ValueRefusedError as error:
        raise _wrong("since", str(error)) from error


def _wrong(name: str, message: str) -> InvalidRequestError:
    return InvalidRequestError(f"{name}: {message}", {name: [message]})
