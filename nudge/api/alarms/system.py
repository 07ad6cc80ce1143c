"""Endpoint GET /v1/system: what runs, how far behind it is, and what needs somebody."""

from __future__ import annotations

import platform
from typing import Any

from flask import Response

from nudge.api.operation import caller, operation, resource
from nudge.api.provider import answer
from nudge.api.schemas.system import SystemSchema
from nudge.api.service import Service, current
from nudge.clock import now
from nudge.domain.system.work_rows import worst
from nudge.errors import StoreError
from nudge.flows.system.system_rows import system_rows
from nudge.settings.release import release

blueprint = resource("system", "The system: what runs, and what needs somebody")


@operation(
    blueprint, "GET /v1/system", name="getSystem", scopes=("read",), answers={200: SystemSchema}
)
def system() -> Response:
    """Tell the state of the store, folds, policies, questions, lake and spools, each in a sentence.

    Rows that are not `ok` have a link to the section of the runbook that tells what to do. Keys
    are told to admins alone, and never with their secrets. It answers without the store, too.
    """
    service = current()
    held = service.held
    wrong = f"{held.wrong.reason}: {held.wrong}" if held.wrong else ""
    names = {name: name for name in held.catalogue.slots}
    rows = system_rows(service.questions.store, names, held.catalogue.failing, wrong)
    told = {
        "at": service.calendar.label(now()),
        **worst(rows),
        "rows": [one.plain for one in rows],
        "versions": _versions(service),
        "keys": _keys(service) if "admin" in caller().scopes else None,
    }
    return answer(told)


def _versions(service: Service) -> dict[str, Any]:
    documents = service.held.catalogue.documents.values()
    slots = service.held.catalogue.slots.items()
    return {
        "nudge": release(),
        "python": platform.python_version(),
        "documents": {one.name: one.revision for one in documents},
        "slots": {name: one.slot.revision for name, one in slots},
        "policies": {name: int(one.policy.version) for name, one in slots},
    }


def _keys(service: Service) -> list[dict[str, Any]] | None:
    """Return the keys without anything secret; None while the store does not answer."""
    label = service.calendar.label_or_none
    try:
        every = service.patient.api_keys.list_keys()
    except StoreError:
        return None
    return [
        {
            "key_id": one.key_id,
            "name": one.name,
            "scopes": list(one.scopes),
            "origins": list(one.origins),
            "made_at": label(one.created),
            "revoked_at": label(one.revoked_at),
        }
        for one in every
    ]
