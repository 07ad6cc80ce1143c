"""Holds of policies in the store: which version of a slot is served until it is let go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import orjson

from nudge.domain.slots.policy_hold import PolicyHold
from nudge.store.wire.client import Arg, Client
from nudge.store.wire.keys import Keys

_FAMILY: Final = "holds"
_EDITS: Final = "hold_edits"


@dataclass(frozen=True)
class PolicyHolds:
    """Holds of slots' policies; another mode of a slot ends its hold in the same step."""

    client: Client
    keys: Keys

    def current(self) -> dict[str, PolicyHold]:
        """Return the hold of each slot that has one, by the slot's name."""
        found = self.client.read_hash(self.keys.config(_FAMILY))
        return {name.decode(): _load(value) for name, value in sorted(found.items())}

    def of_slot(self, slot: str) -> PolicyHold | None:
        """Return the hold of a slot, or None."""
        found = self.client.call("HGET", self.keys.config(_FAMILY), slot)
        return None if found is None else _load(found)

    def put(self, slot: str, revision: int, hold: PolicyHold, *, held: bool) -> bool:
        """Hold a slot's policy, or let it go; the history has each change.

        Args:
            slot: name of the slot.
            revision: of the slot, that the caller believes current.
            hold: version, author, time and reason; of the end of a hold as well.
            held: False lets go.

        Returns:
            False where the slot has another revision by now.
        """
        families = (("slots", ""), (_FAMILY, ""), (_EDITS, slot), ("versions", ""))
        names = [self.keys.config(family, of) for family, of in families]
        edit = orjson.dumps(hold.plain | {"held": held})
        args: list[Arg] = [slot, revision, orjson.dumps(hold.plain) if held else b"", edit]
        return bool(self.client.run("hold_policy", names, args))

    def history(self, slot: str) -> list[dict[str, Any]]:
        """Return the changes of a slot's holds, the newest first."""
        found = self.client.call("LRANGE", self.keys.config(_EDITS, slot), 0, -1)
        return [orjson.loads(one) for one in found]


def _load(value: bytes) -> PolicyHold:
    return PolicyHold.read(orjson.loads(value))
