"""Endpoints GET /v1/slots; GET, PUT, PATCH /v1/slots/{slot}; GET .../revisions, one and all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from flask import Response, request

from nudge.api.bodies import json_table
from nudge.api.operation import caller, header, operation, query_parameter, resource
from nudge.api.provider import MIMETYPE, answer
from nudge.api.replies import defined
from nudge.api.schemas.revision_tags import IF_MATCH, IF_NONE_MATCH, seen_revision, tag_of
from nudge.api.schemas.slots import (
    LiveSlotSchema,
    RevisionsSchema,
    SlotChangeSchema,
    SlotsSchema,
)
from nudge.api.service import current
from nudge.clock import now
from nudge.config.slot_change import Change, Edit
from nudge.config.slot_file import dump_slot
from nudge.config.slot_schema import SlotSchema
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.slots.slot import Slot
from nudge.domain.timing.batch_trials import serve_most
from nudge.domain.values.number_words import mask_numbers
from nudge.errors import NotFoundError, StoreAwayError
from nudge.flows.upkeep import apply as applying

blueprint = resource("slots", "Slots: variants, policies and revisions")

NAMED = "/v1/slots/<string(maxlength=64):slot>"
MAX_WHY: Final = 500
CONDITION: Final = (
    {
        "name": IF_MATCH,
        "in": "header",
        "schema": {"type": "string"},
        "description": "ETag of the revision that the change is based on, or several, or * for "
        "any; omitted for a new slot",
    },
    {
        "name": IF_NONE_MATCH,
        "in": "header",
        "schema": {"type": "string"},
        "description": "* refuses the change of a slot that exists",
    },
    query_parameter("why", f"reason of the change, for the audit; cut to {MAX_WHY} characters"),
)
PATCH: Final = {
    "title": "SlotPatch",
    "type": "object",
    "description": "keys of a slot to change (JSON merge patch); null takes one away",
}
TAGGED: Final = {"ETag": header("revision of the slot; a change names it in If-Match")}
How = Callable[..., Change]


@operation(
    blueprint, "GET /v1/slots", name="listSlots", scopes=("read",), answers={200: SlotsSchema}
)
def every() -> Response:
    """List all slots as they are served now."""
    return answer({"slots": [_plain(one) for one in current().latest().slots.values()]})


@operation(
    blueprint,
    f"GET {NAMED}",
    name="getSlot",
    scopes=("read",),
    answers={200: LiveSlotSchema},
    headers={200: TAGGED},
)
def one(slot: str) -> Response:
    """Show a slot as it is served now; a change must name its ETag."""
    served = find_slot(slot)
    return add_etag(answer(_plain(served)), served.slot)


@operation(
    blueprint,
    f"PUT {NAMED}",
    name="putSlot",
    scopes=("admin",),
    answers={200: SlotChangeSchema, 201: SlotChangeSchema},
    headers={200: TAGGED, 201: TAGGED},
    body={MIMETYPE: SlotSchema},
    errors=(412, 428),
    parameters=CONDITION,
)
def put(slot: str) -> Response:
    """Replace or create a slot at its next revision; every process serves it within a second."""
    return _change_slot(applying.put, slot)


@operation(
    blueprint,
    f"PATCH {NAMED}",
    name="patchSlot",
    scopes=("admin",),
    answers={200: SlotChangeSchema},
    headers={200: TAGGED},
    body={MIMETYPE: PATCH},
    errors=(412, 428),
    parameters=CONDITION,
)
def patch(slot: str) -> Response:
    """Change some keys of a slot by JSON merge patch; variants may be a table by name."""
    return _change_slot(applying.patch, slot)


@operation(
    blueprint,
    f"GET {NAMED}/revisions",
    name="listRevisions",
    scopes=("read",),
    answers={200: RevisionsSchema},
)
def revisions(slot: str) -> Response:
    """List all revisions of a slot, each with author, time, difference and reason."""
    find_slot(slot)
    service = current()
    found = service.store.slots.audits(slot)
    return answer({"slot": slot, "revisions": [_plain_revision(one) for one in found]})


@operation(
    blueprint,
    f"GET {NAMED}/revisions/<string(maxlength=15):revision>",
    name="getRevision",
    scopes=("read",),
    answers={200: SlotSchema},
)
def one_revision(slot: str, revision: str) -> Response:
    """Show the content of a slot at one revision; PUT brings it back at the next one."""
    number = int(revision) if revision.isascii() and revision.isdigit() else 0
    return answer(dump_slot(find_revision(slot, number)))


def find_slot(name: str) -> LiveSlot:
    """Return a slot as it is served now.

    Raises:
        NotFoundError: there is no such slot.
    """
    served = current().latest().slots.get(name)
    if served is None:
        raise NotFoundError(f"slot {name!r} is not configured")
    return served


def find_revision(name: str, number: int) -> Slot:
    """Return the content of a slot at a revision.

    Raises:
        NotFoundError: there is no such slot, or no such revision of it.
        StoreAwayError: the store does not answer.
    """
    find_slot(name)
    found = current().store.slots.revision(name, number)
    if found is None:
        raise NotFoundError(f"slot {name!r} has no revision {number}; list its revisions")
    return found


def _change_slot(how: How, name: str) -> Response:
    service = current()
    table = json_table(service.settings.max_body)
    edit = Edit(caller().key_id, mask_numbers(request.args.get("why", "")[:MAX_WHY]), now())
    known = service.latest().slots.get(name)
    told, revision = request.headers, known.slot.revision if known else 0
    seen = seen_revision(told.get(IF_MATCH), told.get(IF_NONE_MATCH), revision)
    change = how(service.store, name, table, seen, edit)
    service.refresh()
    done = {"action": change.action, "diff": list(change.diff)}
    response = answer(_plain(find_slot(name)) | done, 201 if change.action == "create" else 200)
    return add_etag(response, change.slot)


def add_etag(response: Response, slot: Slot) -> Response:
    """Add the tag of a slot's revision to an answer."""
    response.headers["ETag"] = tag_of(slot.revision)
    return response


def _plain_revision(entry: dict[str, object]) -> dict[str, object]:
    return entry | {"at": current().calendar.label(float(str(entry["at"])))}


def _plain(served: LiveSlot) -> dict[str, object]:
    serving: dict[str, object] = {
        "policy": served.policy_kind,
        "policy_version": int(served.policy.version),
        "floor": serve_most(served)[0].floor,
        **defined("serving"),
    }
    if served.slot.limits:
        serving["stock"] = _stock(served.slot)
    held = _held(served.slot.name)
    if held is not None:
        serving["held"] = held
    if served.slot.guard:
        serving["guard"] = _guard(served.slot.name)
    return dump_slot(served.slot) | {"serving": serving}


def _guard(name: str) -> dict[str, object] | None:
    service = current()
    try:
        return service.store.guards.noted(name)
    except StoreAwayError:
        return None


def _held(name: str) -> dict[str, object] | None:
    service = current()
    try:
        hold = service.store.policy_holds.of_slot(name)
    except StoreAwayError:
        return None
    return None if hold is None else hold.labelled(service.calendar)


def _stock(slot: Slot) -> dict[str, object]:
    service = current()
    try:
        found = service.store.stock.levels(slot)
    except StoreAwayError:
        return {}
    return {
        name: {"stock": one.stock, "taken": one.taken, "left": one.left}
        for name, one in found.items()
    }
