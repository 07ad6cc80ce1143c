"""Heartbeats: marks by which a partition's time goes on while nobody comes (decision 0016)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from nudge.domain.journal.fold_name import FoldName
from nudge.domain.journal.records import Mark
from nudge.store.folds.folds import GENERATION
from nudge.store.wire.client import Arg, Client
from nudge.store.wire.codec import encode
from nudge.store.wire.keys import Keys

HEARTBEAT: Final = "heartbeat"
"""Type of the marks."""
SILENCE: Final = 60.0
"""Seconds without a record before a heartbeat."""
DUE: Final = 5.0
"""Seconds without a record before a heartbeat where something was due for a watch since then."""
LATE: Final = 602.0
"""Seconds behind its arrival at which no record is open for that alone: `attribution.GRACE`, and
two for the lake, which reads whole seconds."""
IDLE: Final = 3600.0
"""Seconds of silence before a heartbeat where nothing is known to wait."""
LAST: Final = 240
"""Entries among which a record must be for that: ten days of them, then the partition sleeps."""
_FIRST: Final = encode(Mark(HEARTBEAT))
_AGAIN: Final = encode(Mark(HEARTBEAT, {"again": True}))


@dataclass(frozen=True)
class Heartbeats:
    """Heartbeats of the partitions, appended where time is waited for."""

    client: Client
    keys: Keys

    def beat(self, partition: int) -> int:
        """Append a heartbeat where one is due; return its position, or 0.

        Idempotent: any number of processes may call it again and again.

        Raises:
            StoreAwayError: no answer.
        """
        credit, care = self._generations(partition)
        names = [
            self.keys.journal(partition),
            self.keys.seq(partition),
            self.keys.open(partition, credit),
            self.keys.watch_due(partition, care),
        ]
        silence, late, idle, due = (round(seconds * 1000) for seconds in (SILENCE, LATE, IDLE, DUE))
        args: list[Arg] = [_FIRST, _AGAIN, silence, late, idle, LAST, due]
        return int(self.client.run("beat", names, args))

    def _generations(self, partition: int) -> list[int]:
        """Return the generations of the states that say what waits for time."""
        folds = (FoldName.ATTRIBUTE, FoldName.CARE)
        commands = [("HGET", self.keys.fold(partition, name), GENERATION) for name in folds]
        return [int(one or 0) for one in self.client.call_each(commands)]
