"""Grants that are under way: of a group of benefits one case of a visitor grants at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bandits.units import DAY
from nudge.domain.identity.sealing import Home
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys

KEPT: Final = 7 * DAY * 1000
"""Milliseconds for which a reservation is known; by then the visitor's state has the benefit."""


@dataclass(frozen=True)
class GrantBook:
    """The reservations of benefits between the decision and the visitor's state."""

    client: Client
    keys: Keys

    def reserve(self, home: Home, group: str, case: str, instead_of: str = "") -> str:
        """Reserve a group of benefits for a case; return the id of the case that has it.

        Idempotent, and the first writer wins.

        Args:
            home: of the visitor.
            group: of benefits.
            case: id.
            instead_of: id of a case that will not grant any more; empty for none.

        Raises:
            StoreAwayError: no answer; the same call goes on.
        """
        key = self.keys.granting(home.partition, home.subject)
        found = self.client.run("reserve_grant", [key], [group, case, instead_of, KEPT])
        return str(found.decode())
