"""Endpoints GET and PATCH /v1/slots/{slot}/policy: kept versions, and one that is held."""

from __future__ import annotations

from typing import Any, Final

from flask import Response, request
from marshmallow import ValidationError

from nudge.api.bodies import json_table
from nudge.api.operation import caller, operation, resource
from nudge.api.provider import MIMETYPE, answer
from nudge.api.schemas.quarantines import AskedPolicySchema, HeldPolicySchema
from nudge.api.schemas.revision_tags import IF_MATCH, IF_NONE_MATCH, seen_revision
from nudge.api.service import current
from nudge.api.slots.slots import CONDITION, MAX_WHY, NAMED, TAGGED, add_etag, find_slot
from nudge.clock import now
from nudge.config.slot_change import Edit
from nudge.domain.values.number_words import mask_numbers
from nudge.errors import InvalidRequestError
from nudge.flows.upkeep.rollback import hold_policy, let_go

blueprint = resource("policies", "Policies: set back to an earlier version, and let go")

_ASKED: Final = AskedPolicySchema()


@operation(
    blueprint,
    f"GET {NAMED}/policy",
    name="getPolicy",
    scopes=("read",),
    answers={200: HeldPolicySchema},
    headers={200: TAGGED},
)
def kept(slot: str) -> Response:
    """List the versions of a slot's policy that are kept, and the one that is held."""
    return add_etag(answer(_plain(slot)), find_slot(slot).slot)


@operation(
    blueprint,
    f"PATCH {NAMED}/policy",
    name="patchPolicy",
    scopes=("admin",),
    answers={200: HeldPolicySchema},
    body={MIMETYPE: AskedPolicySchema},
    errors=(412, 428),
    parameters=CONDITION,
)
def patch(slot: str) -> Response:
    """Serve an earlier version of a slot's policy again, until null lets the learner go on."""
    service = current()
    version = _loaded()["version"]
    edit = Edit(caller().key_id, mask_numbers(request.args.get("why", "")[:MAX_WHY]), now())
    known = service.latest().slots.get(slot)
    told, revision = request.headers, known.slot.revision if known else 0
    seen = seen_revision(told.get(IF_MATCH), told.get(IF_NONE_MATCH), revision)
    if version is None:
        let_go(service.store, slot, seen, edit)
    else:
        hold_policy(service.store, slot, version, seen, edit)
    return answer(_plain(slot))


def _plain(slot: str) -> dict[str, object]:
    service = current()
    hold = service.store.policy_holds.of_slot(slot)
    published = service.store.snapshots.published(slot)
    label = service.calendar.label
    return {
        "slot": slot,
        "held": None if hold is None else hold.labelled(service.calendar),
        "versions": list(published),
        "published": [
            {"version": version, "at": label(at) if at else None}
            for version, at in published.items()
        ],
    }


def _loaded() -> dict[str, Any]:
    try:
        found: dict[str, Any] = _ASKED.load(json_table(current().settings.max_body))
    except ValidationError as error:
        text = "the request does not fit"
        raise InvalidRequestError(text, error.messages_dict) from error
    return found
