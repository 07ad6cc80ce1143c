"""Says that many customers are being planned for, so that workers leave the processor to that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys

MANY: Final = 1000
"""Customers at once from which on it is said."""
LASTS: Final = 3.0
"""Seconds that it holds, unless it is said again."""


@dataclass(frozen=True)
class BulkPlanning:
    """The sign that many customers are being planned for, which makes folds rest.

    Attributes:
        client: of the store.
        keys: of the installation.
    """

    client: Client
    keys: Keys

    def say(self) -> None:
        """Say it.

        Raises:
            StoreAwayError: no answer.
        """
        self.client.call("SET", self.keys.config("bulk"), 1, "PX", int(LASTS * 1000))

    def is_on(self) -> bool:
        """Whether somebody said so in the last seconds.

        Raises:
            StoreAwayError: no answer.
        """
        return bool(self.client.call("EXISTS", self.keys.config("bulk")))
