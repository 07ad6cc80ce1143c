"""The loop that spreads limited stock over the partitions, so that none runs out early."""

from __future__ import annotations

from threading import Event
from typing import Final

import structlog

from nudge.errors import NudgeError
from nudge.store.store import Store
from nudge.workers.backoff import Backoff
from nudge.workers.store_check import StoreCheck

log = structlog.get_logger()

LOOK: Final = 0.5


class StockLoop:
    """The loop that balances every slot's stock; several may run. Use each from one thread."""

    def __init__(self, store: Store, store_check: StoreCheck) -> None:
        self._store, self._store_check = store, store_check

    def run(self, stop: Event) -> None:
        """Work until `stop` is set."""
        trouble = Backoff(0.5, 30.0)
        while not stop.is_set():
            try:
                if self._store_check.admits():
                    self.turn()
                trouble.reset()
            except NudgeError as error:
                log.warning("stock_not_balanced", code=error.code, error=str(error))
                stop.wait(trouble.next())
            stop.wait(LOOK)

    def turn(self) -> None:
        """Balance the stock of every slot once.

        Raises:
            StoreAwayError: the store does not answer.
        """
        for slot in self._store.slots.current().values():
            self._store.stock.balance(slot)
