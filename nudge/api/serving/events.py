"""Endpoints POST /v1/events, and GET /v1/pixel for pages without script."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from typing import Any, Final

import structlog
from flask import Response, request
from marshmallow import Schema, validate
from marshmallow import fields as ma

from nudge.api import forms
from nudge.api.bodies import json_table
from nudge.api.forms import NUMBERS_MASKED
from nudge.api.operation import caller, operation, resource
from nudge.api.provider import MIMETYPE, answer
from nudge.api.schemas.events import AMOUNT, CLASSES, IN_FEN, EventDoor, reject
from nudge.api.service import Service, current
from nudge.clock import now
from nudge.domain.choosing.requests import (
    EventRequest,
    FieldWarning,
    RecordResult,
    RejectedEvent,
)
from nudge.domain.choosing.sale_amounts import is_far_above, largest_on_sale
from nudge.domain.identity.sealing import ID_LENGTH
from nudge.domain.journal.event import may_reward
from nudge.domain.people.consents import REFUSAL, SMS_REPLY
from nudge.errors import InvalidRequestError, NotFoundError
from nudge.flows.serving.record import TEXT

log = structlog.get_logger()
blueprint = resource("events", "Events: actions of visitors")

MAX_EVENTS: Final = 1000
GIF: Final = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""Image of one transparent pixel."""


class RejectedEventSchema(Schema):
    """An event that was rejected, with the reason."""

    event_id = ma.String(required=True, metadata={"description": "empty if the event had none"})
    code = ma.String(required=True)
    message = ma.String(required=True)


class EventWarningSchema(Schema):
    """A field of an event that was taken: it was left out, or looks wrong."""

    event_id = ma.String(required=True)
    field = ma.String(required=True)
    message = ma.String(required=True)


class RecordResultSchema(Schema):
    """The result of a batch: counts of accepted and duplicate events, and the rejected ones."""

    accepted = ma.Integer(required=True, validate=validate.Range(0, MAX_EVENTS))
    duplicates = ma.Integer(required=True, validate=validate.Range(0, MAX_EVENTS))
    rejected = ma.List(ma.Nested(RejectedEventSchema), required=True)
    warnings = ma.List(
        ma.Nested(EventWarningSchema),
        metadata={
            "description": "fields of taken events that were left out, or look wrong; "
            "missing where there are none"
        },
    )
    numbers_masked = forms.numbers_masked()


BATCH: Final[dict[str, Any]] = {
    "title": "EventBatch",
    "type": "object",
    "required": ["events"],
    "additionalProperties": False,
    "properties": {
        "events": {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_EVENTS,
            # An invalid item costs only itself: it is answered under `rejected`.
            "items": {"anyOf": [*CLASSES.values(), {"description": "is rejected"}]},
        }
    },
}
DECISION_ID: Final = re.compile(rf"^[a-z2-7]{{{ID_LENGTH}}}$")
PIXEL: Final = {
    "name": "d",
    "in": "query",
    "required": True,
    "description": "decision_id of the decision that was shown",
    "schema": {"type": "string", "pattern": DECISION_ID.pattern},
}
IMAGE: Final = {"content": {"image/gif": {"schema": {"type": "string", "format": "binary"}}}}


@operation(
    blueprint,
    "POST /v1/events",
    name="recordEvents",
    scopes=("decide", "ingest"),
    answers={202: RecordResultSchema},
    body={MIMETYPE: BATCH, "text/plain": BATCH},
    key_in_query=True,
)
def record() -> Response:
    """Record up to 1,000 events, each once; an invalid event is rejected with a reason, alone.

    An optional field that does not fit is left out of its event, and told in `warnings`.
    """
    service = current()
    with service.metrics.latency.labels("events").time():
        batch = _batch(json_table(service.settings.max_events_body, any_type=True))
        return answer(_plain(_record_batch(service, batch)), 202)


@operation(
    blueprint,
    "GET /v1/pixel",
    name="recordShown",
    scopes=("decide",),
    answers={200: IMAGE},
    errors=(404,),
    parameters=(PIXEL,),
    key_in_query=True,
)
def pixel() -> Response:
    """Record that a decision was shown, for pages that can only load an image."""
    decision_id = request.args.get("d", "")
    if not DECISION_ID.fullmatch(decision_id):
        right = "give the decision_id from an answer"
        raise InvalidRequestError(f"d: {right}", {"d": [right]})
    # The id of the event follows from the decision: an image that is loaded again counts once.
    shown = EventRequest(f"pixel:{decision_id}", "shown", "", None, decision_id)
    service = current()
    service.event_gate.admit({"decision_id": decision_id}, caller(), request.environ)
    result = service.recorder.record([shown], caller(), now())
    _count(service, result)
    if result.rejected:
        raise NotFoundError(result.rejected[0].message)
    return Response(GIF, mimetype="image/gif")


def _batch(body: dict[str, Any]) -> list[object]:
    unknown = sorted(body.keys() - {"events"})
    if unknown:
        raise InvalidRequestError("send {events: [...]} and nothing else", dict.fromkeys(unknown))
    events = body.get("events")
    if not isinstance(events, list) or not 1 <= len(events) <= MAX_EVENTS:
        right = f"list 1 to {MAX_EVENTS} events"
        raise InvalidRequestError(right, {"events": [right]})
    return events


def _record_batch(service: Service, batch: list[object]) -> RecordResult:
    unseal = service.sealer.unseal
    at = now()
    door = EventDoor(caller().is_server, service.rules, lambda text: unseal(text) is not None, at)
    beyond, limit = service.event_gate.sift(batch, caller(), request.environ)
    read = [
        reject(raw, str(limit), limit.code) if limit and i in beyond else door.load(raw)
        for i, raw in enumerate(batch)
    ]
    unread = tuple(one for one in read if isinstance(one, RejectedEvent))
    sent = _with_amounts_told(service, [one for one in read if isinstance(one, EventRequest)])
    sent = [_with_refusal_read(service, _with_claim_counted(service, one)) for one in sent]
    taken = service.recorder.record(sent, caller(), at) if sent else RecordResult(0, 0, ())
    rejected = (*unread, *taken.rejected)
    result = replace(taken, rejected=rejected)
    if result.masked:
        service.metrics.numbers_masked.labels("events").inc(result.masked)
    _count(service, result)
    return result


def _with_claim_counted(service: Service, event: EventRequest) -> EventRequest:
    """Mark a page's rewarding event that is one too many for its block of addresses."""
    if caller().is_server or not may_reward(event.type, event.fields, "page"):
        return event
    if service.limiter.counts_claim(request.environ):
        return event
    return replace(event, surplus=True)


def _with_refusal_read(service: Service, event: EventRequest) -> EventRequest:
    """Note the word by which a reply to an SMS refuses: the journal never sees its text."""
    if event.type != SMS_REPLY or not caller().is_server:
        return event
    word = service.configuration.reply_reader.find_refusal(str(event.fields[TEXT]))
    service.metrics.sms_replies.labels("refusal" if word else "other").inc()
    return replace(event, fields={**event.fields, REFUSAL: word}) if word else event


def _with_amounts_told(service: Service, events: list[EventRequest]) -> list[EventRequest]:
    """Add a warning to each event whose amount is far above all that is on sale.

    Such an event counts as it is: a gateway that changes its unit must not cost payments.
    """
    if not any(AMOUNT in one.fields for one in events):
        return events
    largest = largest_on_sale(live.slot for live in service.held.catalogue.slots.values())
    far = [largest is not None and is_far_above(e.fields.get(AMOUNT), largest) for e in events]
    if not any(far):
        return events
    service.metrics.large_amounts.inc(sum(far))
    log.warning("amounts_far_above_sale", events=sum(far), largest_on_sale=largest)
    wrong = f"is far above the largest amount on sale, {largest:g} yuan; send fen as {IN_FEN}"
    told = FieldWarning(AMOUNT, wrong)
    return [
        replace(event, warnings=(*event.warnings, told)) if is_far else event
        for event, is_far in zip(events, far, strict=True)
    ]


def _plain(result: RecordResult) -> dict[str, object]:
    told: dict[str, object] = {
        "accepted": result.accepted,
        "duplicates": result.duplicates,
        "rejected": result.rejected,
    }
    more: dict[str, object] = {"warnings": result.warnings} if result.warnings else {}
    return told | more | ({NUMBERS_MASKED: result.masked} if result.masked else {})


def _count(service: Service, result: RecordResult) -> None:
    events = service.metrics.events
    events.labels("accepted").inc(result.accepted)
    events.labels("duplicate").inc(result.duplicates)
    events.labels("rejected").inc(len(result.rejected))
