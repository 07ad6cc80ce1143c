"""Endpoint GET /v1/slots/{slot}/model: what the policy of a slot shows to whom, and why."""

from __future__ import annotations

from typing import Final

from flask import Response

from nudge.api.operation import operation, resource
from nudge.api.provider import answer
from nudge.api.schemas.model import ModelSchema
from nudge.api.service import current
from nudge.domain.model.slot_model import slot_model
from nudge.errors import NotFoundError

blueprint = resource("model", "The model of a slot: what its policy shows to whom, and why")

NAMED: Final = "/v1/slots/<string(maxlength=64):slot>/model"


@operation(blueprint, f"GET {NAMED}", name="getModel", scopes=("read",), answers={200: ModelSchema})
def model(slot: str) -> Response:
    """Tell what the policy of a slot shows to whom, as figures and in words.

    It is that of the newest snapshot; before the first, `learned` is null.
    """
    service = current()
    served = service.catalogue_with([slot]).slots.get(slot)
    if served is None:
        raise NotFoundError(f"slot {slot!r} is not configured")
    return answer(slot_model(served, service.settings.holdout, service.calendar))
