"""The reader of the service's own figures, as a worker can know them.

What only a web process knows is missing: its spool. What the store cannot hold is missing as well:
alarms of a store that is not the known one. `/readyz` and `/metrics` tell both.
"""

from __future__ import annotations

from dataclasses import dataclass

from nudge.domain.alarms.service_alarms import ServiceFigures
from nudge.domain.slots.slot import SlotMode
from nudge.store.service.catalogue import Catalogue
from nudge.store.store import Store


@dataclass
class ServiceFigureReader:
    """The reader of an installation's figures. Use it from one thread.

    Attributes:
        catalogue: as it was read last.
    """

    store: Store
    catalogue: Catalogue

    def read(self) -> ServiceFigures:
        """Return the figures as of now.

        Raises:
            StoreAwayError: the store does not answer.
        """
        self.catalogue = self.store.catalogue.refresh(self.catalogue)
        slots = self.catalogue.slots
        work = self.store.work_figures.read(())
        frozen = [name for name, one in slots.items() if one.slot.mode == SlotMode.FROZEN]
        # While many visitors are planned for, folds rest on purpose.
        lags = {} if work.planning else {name: one.seconds for name, one in work.folds.items()}
        return ServiceFigures(
            fold_lags=lags,
            store_memory=self.store.memory.level().ratio,
            failing=dict(self.catalogue.failing),
            frozen={name: self._who_froze(name) for name in frozen},
        )

    def _who_froze(self, slot: str) -> str:
        latest = next(iter(self.store.slots.audits(slot)), None)
        return str(latest.get("who", "")) if latest else ""
