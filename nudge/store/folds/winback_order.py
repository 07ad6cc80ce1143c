"""The order of win-back in the store: a cache of a worker, made of cases, policy and uplift.

Cases whose place has to be made anew are listed in the commit that changes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nudge.domain.winback.winback_place import WinbackPlace, behind, place_of_text
from nudge.store.folds.folds import FoldWrite
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys


@dataclass(frozen=True)
class WinbackOrder:
    """The places of cases of win-back, by partition.

    Each member of the order is a place as text; what sorts first is called first.
    """

    client: Client
    keys: Keys

    def stale(self, partition: int, name: str) -> FoldWrite:
        """Return the write by which a case's place has to be made anew."""
        return FoldWrite("SADD", self.keys.winback_stale(partition), (name,))

    def take_stale(self, partition: int, most: int) -> list[str]:
        """Take ids of cases whose place has to be made anew; they are not given again."""
        found = self.client.call("SPOP", self.keys.winback_stale(partition), most)
        return [one.decode() for one in found or ()]

    def put(self, partition: int, places: Mapping[str, WinbackPlace | None]) -> None:
        """Write the places of cases over those before; None takes a case out.

        Args:
            partition: of the cases.
            places: id -> place.
        """
        if not places:
            return
        book = self.keys.winback_places(partition)
        before = self.client.call("HMGET", book, *places)
        pairs = list(zip(before, places.items(), strict=True))
        old = [was for was, (_, new) in pairs if was and (not new or was.decode() != new.text)]
        texts = {name: new.text for name, new in places.items() if new}
        gone = [name for name, new in places.items() if new is None]
        # In this order: who dies in between leaves a place that the next one, or a sweep, removes.
        if old:
            self.client.call("ZREM", self.keys.winback_order(partition), *old)
        if texts:
            rows = [x for text in texts.values() for x in (0, text)]
            self.client.call("ZADD", self.keys.winback_order(partition), *rows)
            fields = [x for pair in texts.items() for x in pair]
            self.client.call("HSET", self.keys.winback_places(partition), *fields)
        if gone:
            self.client.call("HDEL", self.keys.winback_places(partition), *gone)

    def sweep(self, partition: int) -> int:
        """Remove the places that no case has any more; return how many there were."""
        kept = set(self.client.call("HVALS", self.keys.winback_places(partition)))
        every = self.client.call("ZRANGE", self.keys.winback_order(partition), 0, -1)
        if lost := [text for text in every if text not in kept]:
            self.client.call("ZREM", self.keys.winback_order(partition), *lost)
        return len(lost)

    def names(self, partition: int) -> set[str]:
        """Return the ids of all cases that have a place in a partition."""
        found = self.client.call("HKEYS", self.keys.winback_places(partition))
        return {name.decode() for name in found}

    def first(
        self, after: WinbackPlace | None, most: int, partitions: Iterable[int] | None = None
    ) -> list[list[WinbackPlace]]:
        """Return the first places of each partition behind one, in one round trip.

        Args:
            after: the place behind which to begin; None for the first.
            most: of each partition.
            partitions: to look into; all where it is left out.
        """
        low = "-" if after is None else f"({behind(after)}"
        every = self.keys.every_partition() if partitions is None else partitions
        commands = [
            ("ZRANGEBYLEX", self.keys.winback_order(p), low, "+", "LIMIT", 0, most) for p in every
        ]
        replies = self.client.call_each(commands)
        return [[place_of_text(text.decode()) for text in reply] for reply in replies]
