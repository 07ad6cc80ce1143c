"""GET /v1/slots and GET /v1/slots/{slot}."""

from __future__ import annotations

from flask import Response

from nudge.api.operation import operation, resource
from nudge.api.provider import answer
from nudge.api.service import current
from nudge.api.slot_schemas import ServedSlotSchema, SlotsSchema
from nudge.domain.served import Served
from nudge.domain.slot_file import dump_slot
from nudge.errors import NotFoundError

blueprint = resource("slots", "What is chosen")

NAMED = "/v1/slots/<string(maxlength=64):slot>"


@operation(blueprint, "GET /v1/slots", scopes=("read",), answers={200: SlotsSchema})
def every() -> Response:
    """List the slots as they are served now."""
    return answer({"slots": [_plain(one) for one in current().catalogue().slots.values()]})


@operation(
    blueprint, f"GET {NAMED}", scopes=("read",), answers={200: ServedSlotSchema}, errors=(404,)
)
def one(slot: str) -> Response:
    """Show a slot as it is served now."""
    return answer(_plain(_served(slot)))


def _served(name: str) -> Served:
    served = current().catalogue_with([name]).slots.get(name)
    if served is None:
        raise NotFoundError(f"slot {name!r} is not configured")
    return served


def _plain(served: Served) -> dict[str, object]:
    serving = {"policy": served.policy_kind, "policy_version": int(served.policy.version)}
    return dump_slot(served.slot) | {"serving": serving}
