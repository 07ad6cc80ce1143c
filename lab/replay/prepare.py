"""Preparation of a replay: the slot is put into service, and its attributes are read."""

from __future__ import annotations

from dataclasses import dataclass

from lab.replay.mapping import LogMapping
from nudge.client.api import Api, RefusedError
from nudge.client.figures import wait_for
from nudge.clock import now, sleep
from nudge.config.slot_change import Edit, plan
from nudge.config.slot_file import load_slot, parse_slot
from nudge.domain.slots.slot import Slot
from nudge.errors import InvalidConfigError, StoreError
from nudge.flows.upkeep.apply import apply
from nudge.settings.settings import Settings
from nudge.wiring.stores import patient_store

NOT_FOUND = 404
PATIENCE = 15.0
"""Seconds that the web may take to serve a slot that was just applied."""


@dataclass(frozen=True)
class SlotAccess:
    """Access to the slots of the service, which can be written only on this installation.

    Attributes:
        settings: settings of this installation.
        local: the service is this installation's own, not one named by a URL.
    """

    settings: Settings
    local: bool


def ready_slot(stores: SlotAccess, api: Api, mapping: LogMapping) -> Slot:
    """Return the slot as the service serves it; apply the mapping's slot file first if possible.

    Raises:
        InvalidConfigError: the service lacks the slot, or has other content under its revision.
        ServiceAwayError: the service does not answer.
    """
    served = _fetch_slot(api, mapping.slot)
    wanted = None if mapping.slot_file is None else load_slot(mapping.slot_file)
    if wanted is None or not stores.local:
        return served or _missing(mapping)
    if served is not None and served.revision > wanted.revision:
        return served
    try:
        _apply(stores.settings, wanted, str(mapping.slot_file))
    except StoreError as error:
        return served or _missing(mapping, f" ({error})")
    return _await(api, wanted, stores.settings.refresh_every)


def _fetch_slot(api: Api, name: str) -> Slot | None:
    try:
        table = api.get(f"/v1/slots/{name}")
    except RefusedError as error:
        if error.status == NOT_FOUND:
            return None
        raise
    return parse_slot({key: v for key, v in table.items() if key != "serving"}, f"slot {name}")


def _missing(mapping: LogMapping, more: str = "") -> Slot:
    file = mapping.slot_file or "its file"
    cure = f"run `nudge apply {file}` where the service runs"
    text = f"{mapping.source}: slot: the service has no slot {mapping.slot!r}{more}; {cure}"
    raise InvalidConfigError([text])


def _apply(settings: Settings, wanted: Slot, source: str) -> None:
    store = patient_store(settings)
    try:
        changes = plan(store.slots.current(), {wanted.name: wanted})
        apply(store, changes, Edit("nudge replay", f"replay with {source}", now()))
    finally:
        store.close()


def _await(api: Api, wanted: Slot, refresh_every: float) -> Slot:
    """Wait until the web serves the slot."""
    found: list[Slot] = []

    def is_served() -> bool:
        served = _fetch_slot(api, wanted.name)
        found.extend([served] if served and served.revision >= wanted.revision else [])
        return bool(found)

    if is_served():
        return found[0]
    if not wait_for(is_served, PATIENCE):
        cure = "if the service is another installation's, name it with --url"
        raise InvalidConfigError([f"slot {wanted.name} was applied, but is not served; {cure}"])
    sleep(2 * refresh_every)  # one web process serves it: the others look as often
    return found[0]
