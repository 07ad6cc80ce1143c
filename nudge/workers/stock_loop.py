"""The loop that spreads limited stock over the partitions, so that none runs out early."""

from __future__ import annotations

from nudge.workers.turn_loop import TurnLoop


class StockLoop(TurnLoop):
    """The loop that balances every slot's stock."""

    look = 0.5
    failure = "stock_not_balanced"

    def turn(self) -> None:
        """Balance the stock of every slot once.

        Raises:
            StoreAwayError: the store does not answer.
        """
        for slot in self._store.slots.current().values():
            self._store.stock.balance(slot)
