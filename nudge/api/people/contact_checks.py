"""Endpoint POST /v1/contacts/check: may one visitor be contacted, why not, and when."""

from __future__ import annotations

from typing import Final

from flask import Response

from nudge.api.bodies import json_table
from nudge.api.operation import operation, resource
from nudge.api.people.visitor_lookup import FoundVisitor, find_owner, find_visitor
from nudge.api.provider import MIMETYPE, answer
from nudge.api.schemas.contact_checks import (
    ContactCheckRequest,
    ContactCheckSchema,
    ContactQuestionSchema,
    load_check,
)
from nudge.api.service import Service, current
from nudge.clock import now
from nudge.domain.reports.sentences import Said
from nudge.domain.sms.check_sentences import spoken_visitor
from nudge.domain.sms.contact_check import AHEAD
from nudge.domain.values.refusal import ValueRefusedError
from nudge.errors import InvalidRequestError
from nudge.flows.plan.contact_check import CheckedContact, ContactQuestion, find_check

blueprint = resource("contacts", "Contacts: may a visitor be contacted, why not, and when")

BACK: Final = 60.0
"""Seconds by which a caller's clock may be behind."""


@operation(
    blueprint,
    "POST /v1/contacts/check",
    name="checkContact",
    scopes=("schedule", "admin"),
    answers={200: ContactCheckSchema},
    body={MIMETYPE: ContactQuestionSchema},
    errors=(404,),
)
def check() -> Response:
    """Tell whether a visitor may be contacted, every reason against it, and the earliest moment.

    Nothing is planned, booked or noted: the same facts give the same answer. A number is part of
    the body, so that it stands in no log, and is masked in the answer.
    """
    service, at = current(), now()
    policy = service.configuration.contact
    asked = load_check(json_table(service.settings.max_body), service.rules)
    moment = _moment(asked.at, at)
    found, shown, who = _visitor(service, asked)
    question = ContactQuestion(asked.kind, moment, who)
    told = find_check(service.store, policy, (found.view, found.state), question, at)
    return answer({"visitor": shown} | _plain(service, told))


def _moment(given: float | None, at: float) -> float:
    """Return the moment that is asked about, in seconds.

    Raises:
        InvalidRequestError: it is past, or too far ahead.
    """
    if given is None:
        return at
    if not at - BACK <= given <= at + AHEAD:
        right = "lies before now or more than 31 days ahead; give another moment, or leave it out"
        raise InvalidRequestError(f"at: {right}", {"at": [right]})
    return max(given, at)


def _visitor(service: Service, asked: ContactCheckRequest) -> tuple[FoundVisitor, str, Said]:
    """Return the visitor, the name that the answer shows, and the one in its sentence."""
    if asked.number is not None:
        masked = asked.number.masked
        return find_owner(service, asked.number), masked, {"zh": masked, "en": masked}
    found = find_visitor(service, asked.visitor_id or "")
    try:
        masked = service.rules.number(found.name).masked
    except ValueRefusedError:
        return found, found.name, spoken_visitor(found.name)
    return found, masked, {"zh": masked, "en": masked}


def _plain(service: Service, told: CheckedContact) -> dict[str, object]:
    found, label = told.check, service.calendar.label
    return {
        "channel": found.kind.channel,
        "purpose": found.kind.purpose,
        "at": label(found.at),
        "zone": found.zone.key,
        "allowed": found.is_allowed,
        "earliest": service.calendar.label_or_none(found.earliest),
        "reasons": [
            {"code": code, "detail": why} for code, why in zip(found.reasons, told.why, strict=True)
        ],
        "sentence": told.sentence,
    }
