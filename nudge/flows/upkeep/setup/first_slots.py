"""First slots: the shipped ones come into a store that never had any, once.

Any number of processes may do it at a time, and any may die halfway: first writers win, and what
was begun is finished by the next one.
"""

from __future__ import annotations

import structlog

from nudge.config.slot_change import Edit, plan, refusals
from nudge.config.slot_file import load_slots
from nudge.flows.upkeep.apply import write_change
from nudge.flows.upkeep.setup.apply_documents import apply_missing
from nudge.settings.settings import Settings
from nudge.store.service.slots import FirstSlots
from nudge.store.store import Store

log = structlog.get_logger()


def apply_first_slots(store: Store, settings: Settings, edit: Edit) -> bool:
    """Apply slots and configuration where there never was a slot; return whether there is one.

    Args:
        store: of the installation.
        settings: name the directory of the configuration; it may have no slots.
        edit: who, why and when.

    Raises:
        InvalidConfigError: a file is invalid.
        StoreAwayError: no answer.
    """
    state, current = store.slots.first_slots(), store.slots.current()
    if state == FirstSlots.DONE or (state == FirstSlots.NEVER and current):
        return bool(current)
    directory = settings.config_dir / "slots"
    wanted = load_slots(directory) if directory.is_dir() else {}
    if not wanted:
        return bool(current)
    store.slots.note_first_slots(FirstSlots.BEGUN)
    apply_missing(store, settings, edit)
    missing = {name: slot for name, slot in wanted.items() if name not in current}
    for change in plan({}, missing):
        if refused := refusals([change]):
            log.warning("slot_refused", slot=change.slot.name, why=refused)
        elif write_change(store, change, edit):
            log.info("slot_applied", slot=change.slot.name, revision=change.slot.revision)
    store.slots.note_first_slots(FirstSlots.DONE)
    return True
