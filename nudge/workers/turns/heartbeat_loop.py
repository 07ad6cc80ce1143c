"""The loop that lets time pass in silent partitions, so that windows close and cases open."""

from __future__ import annotations

from nudge.workers.turns.turn_loop import TurnLoop


class HeartbeatLoop(TurnLoop):
    """The loop that appends heartbeats where a partition is silent."""

    look = 5.0
    failure = "no_heartbeat"

    def turn(self) -> int:
        """Look at every partition once; return how many heartbeats that appended.

        Raises:
            StoreAwayError: the store does not answer.
        """
        every = self._store.keys.every_partition()
        return sum(self._store.heartbeats.beat(partition) > 0 for partition in every)
