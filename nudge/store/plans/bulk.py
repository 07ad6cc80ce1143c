"""Says that many customers are being planned for, so that workers leave the processor to that."""

from __future__ import annotations

from typing import Final

from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys

MANY: Final = 1000
"""Customers at once from which on it is said."""
LASTS: Final = 3.0
"""Seconds that it holds, unless it is said again."""


def say(client: Client, keys: Keys) -> None:
    """Say it.

    Raises:
        StoreAwayError: no answer.
    """
    client.call("SET", keys.config("bulk"), 1, "PX", int(LASTS * 1000))


def is_on(client: Client, keys: Keys) -> bool:
    """Whether somebody said so in the last seconds.

    Raises:
        StoreAwayError: no answer.
    """
    return bool(client.call("EXISTS", keys.config("bulk")))
