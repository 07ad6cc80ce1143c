"""The loop that brings the shipped slots into a store that never had any."""

from __future__ import annotations

from nudge.clock import now
from nudge.config.slot_change import Edit
from nudge.flows.upkeep.setup.first_slots import apply_first_slots
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.workers.store_check import StoreCheck
from nudge.workers.turns.turn_loop import TurnLoop


class FirstSlotsLoop(TurnLoop):
    """The loop that applies `config/slots` once; it rests as soon as the store has a slot."""

    look = 0.5
    failure = "first_slots_not_applied"

    def __init__(self, store: Store, store_check: StoreCheck, settings: Settings) -> None:
        super().__init__(store, store_check)
        self._settings, self._done = settings, False

    def turn(self) -> None:
        """Apply the slot files if there never was a slot.

        Raises:
            InvalidConfigError: a file is invalid.
            StoreAwayError: the store does not answer.
        """
        if not self._done:
            edit = Edit("nudge work", "first start", now())
            self._done = apply_first_slots(self._store, self._settings, edit)
