"""The loop that spreads limited stock over the partitions, so that none runs out early."""

from __future__ import annotations

from nudge.store.store import Store
from nudge.workers.store_check import StoreCheck
from nudge.workers.turns.turn_loop import TurnLoop


class StockLoop(TurnLoop):
    """The loop that takes units back that nobody saw, and balances every slot's stock.

    Args:
        hold: seconds that a unit which a page took waits until it is shown.
    """

    look = 0.5
    failure = "stock_not_balanced"

    def __init__(self, store: Store, store_check: StoreCheck, hold: float) -> None:
        super().__init__(store, store_check)
        self._hold = hold

    def turn(self) -> None:
        """Balance the stock of every slot once, behind the units that come back.

        Raises:
            StoreAwayError: the store does not answer.
        """
        limited = [slot for slot in self._store.slots.current().values() if slot.limits]
        for partition in self._store.keys.every_partition() if limited else ():
            self._store.stock.release(partition, self._hold)
        for slot in limited:
            self._store.stock.balance(slot)
