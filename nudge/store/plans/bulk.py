"""The sign of bulk planning, on which workers leave the processor to the planner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys

MANY: Final = 1000
"""Visitors at once from which on it is said."""
LASTS: Final = 3.0
"""Seconds that it holds, unless it is said again."""


@dataclass(frozen=True)
class BulkPlanning:
    """The sign that many visitors are being planned for, which makes folds rest."""

    client: Client
    keys: Keys

    def say(self) -> None:
        """Set the sign for three seconds.

        Raises:
            StoreAwayError: no answer.
        """
        self.client.call("SET", self.keys.config("bulk"), 1, "PX", int(LASTS * 1000))

    def is_on(self) -> bool:
        """Return whether the sign was set in the last seconds.

        Raises:
            StoreAwayError: no answer.
        """
        return bool(self.client.call("EXISTS", self.keys.config("bulk")))
