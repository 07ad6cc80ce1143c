"""Runs of slots without a reward in the store: so that a restart does not begin anew."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from nudge.domain.alarms.reward_runs import RunState
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys


@dataclass(frozen=True)
class RewardRuns:
    """The runs of an installation's slots without a reward.

    They are a function of the counts: two workers that both write come to the same.
    """

    client: Client
    keys: Keys

    def read(self) -> dict[str, RunState]:
        """Return the state of every slot that has one."""
        rows = self.client.read_hash(self.keys.config("reward_runs"))
        return {name.decode(): RunState.read(orjson.loads(text)) for name, text in rows.items()}

    def put(self, slot: str, state: RunState) -> None:
        """Write the state of a slot."""
        told = orjson.dumps(state.plain)
        self.client.call("HSET", self.keys.config("reward_runs"), slot, told)

    def drop(self, slot: str) -> None:
        """Forget a slot; idempotent."""
        self.client.call("HDEL", self.keys.config("reward_runs"), slot)
