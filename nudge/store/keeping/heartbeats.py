"""Heartbeats: marks by which a partition's time goes on while nobody comes (decision 0016)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from nudge.domain.journal.fold_name import FoldName
from nudge.domain.journal.records import Mark
from nudge.store.folds.folds import Folds
from nudge.store.wire.client import Arg, Client
from nudge.store.wire.codec import encode
from nudge.store.wire.keys import Keys

HEARTBEAT: Final = "heartbeat"
"""Type of the marks."""
SILENCE: Final = 60.0
"""Seconds without a record before a heartbeat."""
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
        generation = Folds(self.client, self.keys).generation_of(partition, FoldName.ATTRIBUTE)
        names = [
            self.keys.journal(partition),
            self.keys.seq(partition),
            self.keys.open(partition, generation),
        ]
        times = (round(seconds * 1000) for seconds in (SILENCE, LATE, IDLE))
        args: list[Arg] = [_FIRST, _AGAIN, *times, LAST]
        return int(self.client.run("beat", names, args))
