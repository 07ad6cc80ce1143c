"""The loop of the harm guard: judges slots by the lake, and freezes as an operator would."""

from __future__ import annotations

from functools import cached_property
from threading import Event
from typing import TYPE_CHECKING, Final

import structlog

from nudge import clock
from nudge.config.slot_change import Edit
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.journal.fold_name import FoldName
from nudge.domain.reports.harm_guard import FREEZE, WHO, HarmFinding
from nudge.domain.reports.harm_sentences import frozen
from nudge.domain.slots.slot import Slot, SlotMode
from nudge.errors import ChangedMeanwhileError, NudgeError, StoreAwayError, StoreError
from nudge.flows.upkeep import apply as applying
from nudge.lake.files.reader import Lake
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.workers.backoff import Backoff
from nudge.workers.reports.answers import CACHE
from nudge.workers.store_check import StoreCheck

if TYPE_CHECKING:
    from nudge.flows.reports.harm_guard import HarmGuard

log = structlog.get_logger()

TICK: Final = 1.0
"""Seconds between two glances at what is due."""


class HarmGuardLoop:
    """The loop that judges guarded slots, in one worker at a time. Use it from one thread.

    Whoever loses the turn in the middle of a look does no harm: a slot is frozen only at the
    revision that was looked at, and a slot that is frozen is not looked at.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        owner: str,
        ttl: float,
        store_check: StoreCheck,
    ) -> None:
        self._store, self._settings = store, settings
        self._owner, self._ttl, self._store_check = owner, ttl, store_check
        self._due: dict[str, float] = {}
        self._seen: dict[str, object] = {}

    @cached_property
    def _guards(self) -> HarmGuard:
        # The engine takes a second and 100 MB to import: not where no slot has a guard.
        from nudge.flows.reports.harm_guard import HarmGuard  # noqa: PLC0415

        settings = self._settings
        return HarmGuard(
            self._store,
            Lake(settings.lake_dir),
            settings.data_dir / CACHE,
            settings.holdout,
            engine=settings.lake_engine,
        )

    def run(self, stop: Event) -> None:
        """Work until `stop` is set, then give the turn back."""
        trouble = Backoff(1.0, 60.0)
        while not stop.wait(TICK):
            try:
                if self._store_check.admits():
                    self.turn(clock.monotonic())
                trouble.reset()
            except NudgeError as error:
                log.warning("guard_stopped", code=error.code, error=str(error))
                stop.wait(trouble.next())
        self._release()

    def turn(self, now: float) -> list[str]:
        """Judge the slots that are due; return the names of those that were frozen.

        Args:
            now: seconds on a clock that never jumps.

        Raises:
            StoreAwayError: the store does not answer.
        """
        current = self._store.slots.current()
        watched = [slot for slot in current.values() if slot.guard and slot.mode == SlotMode.LIVE]
        if not watched or not self._store.guards.acquire(self._owner, self._ttl):
            return []
        return [slot.name for slot in watched if self._is_due(slot, now) and self._froze(slot)]

    def _is_due(self, slot: Slot, now: float) -> bool:
        if slot.guard is None or now < self._due.get(slot.name, 0.0):
            return False
        self._due[slot.name] = now + slot.guard.every
        every = self._store.keys.every_partition()
        lake = [self._store.folds.position_of(p, FoldName.ARCHIVE) for p in every]
        before, self._seen[slot.name] = self._seen.get(slot.name), (lake, slot.revision)
        return any(lake) and before != self._seen[slot.name]

    def _froze(self, slot: Slot) -> bool:
        """Judge a slot and freeze it if needed; a failure does not stop the other slots."""
        try:
            look = self._guards.look(slot)
            # First what was seen: who dies before the next step finds the same again.
            calendar = OperatorCalendar.named(self._settings.zone)
            self._store.guards.note(slot.name, noted(look, calendar))
            return bool(look.harms) and self._freeze(look)
        except StoreAwayError:
            self._seen.pop(slot.name, None)
            raise
        except NudgeError as error:
            self._seen.pop(slot.name, None)
            log.warning("guard_cannot_look", slot=slot.name, code=error.code, error=str(error))
            return False

    def _freeze(self, look: HarmFinding) -> bool:
        said, name, seen = frozen(look), look.slot.name, look.slot.revision
        edit = Edit(WHO, f"{said['zh']} {said['en']}", clock.now())
        try:
            change = applying.patch(self._store, name, FREEZE, seen, edit)
        except ChangedMeanwhileError:
            log.info("guard_gave_up", slot=name, revision=seen)
            return False
        if change.changes:
            log.error("slot_frozen", slot=name, revision=change.slot.revision, why=said["en"])
        return change.changes

    def _release(self) -> None:
        try:
            self._store.guards.release(self._owner)
        except StoreError as error:
            # It runs out by itself.
            log.warning("guard_not_released", error=str(error))


def noted(look: HarmFinding, calendar: OperatorCalendar) -> dict[str, object]:
    """Return a look in the form in which it is stored, and shown by the API."""
    return {
        "revision": look.slot.revision,
        "since_revision": look.since,
        "as_of": calendar.label(look.as_of),
        "harm": bool(look.harms),
        "found": [one.plain for one in look.found],
        "sentence": frozen(look) if look.harms else None,
    }
