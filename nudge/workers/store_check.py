"""The store check, which keeps a worker from another installation's store."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import structlog

from nudge.store.keeping.identity import WrongStore
from nudge.store.store import Store

log = structlog.get_logger()


@dataclass
class StoreCheck:
    """The check of the store before a loop takes or renews its work.

    What a loop holds of the right store is worth nothing in another one: the fencing tokens and
    positions there are others. So it suffices to look before anything is taken.

    Attributes:
        note: path of what is noted of the store.
        wrong: what was found last.
    """

    store: Store
    note: Path
    wrong: WrongStore | None = None
    lock: Lock = field(default_factory=Lock)

    def admits(self) -> bool:
        """Return True where the store is the right one.

        Raises:
            InvalidConfigError: the note cannot be read.
            StoreAwayError: no answer.
        """
        with self.lock:
            found = self.store.identity.recognise(self.note)
            if found and not self.wrong:
                log.error("idle", reason=found.reason, error=str(found))
            if self.wrong and not found:
                log.info("store_accepted")
            self.wrong = found
        return found is None
