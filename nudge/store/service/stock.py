"""Limited stock in the store: what each partition has left, and how it is shared out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from bandits.units import DAY
from nudge.domain.choosing.stock import Quota, field_of, shares, uneven
from nudge.domain.journal.records import AWAY, Event
from nudge.domain.slots.slot import Slot
from nudge.store.journal.appends import Append
from nudge.store.wire.client import Arg, Client, Reply, pairs_of
from nudge.store.wire.keys import Keys

RETURNED_KEPT: Final = 8 * DAY * 1000
"""Milliseconds that a unit is remembered which came back: an event of 7 days ago is taken."""
AT_ONCE: Final = 1000
"""Most units that one call gives back: the store does nothing else meanwhile."""


@dataclass(frozen=True)
class StockLevel:
    """The level of a variant's stock.

    Attributes:
        stock: units that may ever be given.
        taken: units that decisions took.
    """

    stock: int
    taken: int

    @property
    def left(self) -> int:
        """Units that are left."""
        return max(0, self.stock - self.taken)


@dataclass(frozen=True)
class Stock:
    """Limited stock: shared out to partitions and evened out."""

    client: Client
    keys: Keys

    def balance(self, slot: Slot) -> dict[str, StockLevel]:
        """Share the slot's stock out among the partitions; return its level by variant.

        Safe at any time, by several processes at once, and after one that died in the middle.

        Raises:
            StoreAwayError: the store does not answer; what was done stands.
        """
        return {
            variant: _Stock(self.client, self.keys, slot.name, variant, total).balanced()
            for variant, total in slot.limits.items()
        }

    def release(self, partition: int, hold: float) -> int:
        """Give units back to the partition that pages took and nobody said to have been shown.

        A unit comes back once, whoever calls this and however often, and its decision sticks no
        more: the visitor is drawn for anew. One that is said to have been
        shown later is taken again, where nothing is left as well: `taken` then exceeds the stock.

        Args:
            partition: of the journal.
            hold: seconds for which a unit is kept for its visitor.

        Returns:
            How many units came back.

        Raises:
            StoreAwayError: no answer.
        """
        of = (self.keys.quota, self.keys.reserved, self.keys.returned)
        args: list[Arg] = [round(hold * 1000), RETURNED_KEPT, AT_ONCE, self.keys.prefix(partition)]
        return int(self.client.run("release", [key(partition) for key in of], args))

    def confirm_elsewhere(self, arrivals: Iterable[Append]) -> None:
        """Confirm units of stock by events that name decisions of other partitions; idempotent.

        A unit whose decision an event names is its visitor's for good. Where event and decision lie
        in one partition, the script that appends the event says so.

        Raises:
            StoreAwayError: no answer.
        """
        places: dict[int, list[Arg]] = defaultdict(list)
        for one in arrivals:
            ref = one.record.decision if isinstance(one.record, Event) else None
            if ref and not one.of and ref.position < AWAY and ref.partition < self.keys.partitions:
                places[ref.partition].append(ref.position)
        for partition, positions in places.items():
            args = [self.keys.prefix(partition), *positions]
            self.client.run("confirm", [self.keys.seq(partition)], args)

    def levels(self, slot: Slot) -> dict[str, StockLevel]:
        """Return the level of the slot's stock, by variant."""
        found = {}
        for variant, total in slot.limits.items():
            quotas = _Stock(self.client, self.keys, slot.name, variant, total).quotas()
            found[variant] = StockLevel(total, sum(one.taken for one in quotas))
        return found


def units_left(reply: Reply) -> dict[str, int]:
    """Return `<slot>:<variant>` -> units left in a partition, from its hash `quota`."""
    left: dict[str, int] = {}
    for name, value in pairs_of(reply).items():
        of, _, kind = name.decode().rpartition(":")
        left[of] = left.get(of, 0) + (int(value) if kind == "got" else -int(value))
    return left


@dataclass(frozen=True)
class _Stock:
    """The stock of one variant."""

    client: Client
    keys: Keys
    slot: str
    variant: str
    total: int

    def balanced(self) -> StockLevel:
        quotas = self.quotas()
        found = [self._noted(p, one, 0) for p, one in enumerate(quotas)]
        # What was handed out and has not arrived is on its way: a process died in between.
        quotas = [self._quota(p, given) for p, (given, _) in enumerate(found)]
        free = found[-1][1]
        left = [one.left for one in quotas]
        wanted = shares(free + sum(left), len(left), hash_of(self.variant) % len(left))
        if uneven(left, wanted, free):
            quotas = [self._quota(p, one.got, keep=wanted[p]) for p, one in enumerate(quotas)]
            for p, one in enumerate(quotas):
                self._noted(p, one, 0)
            for p, one in enumerate(quotas):
                self._quota(p, self._noted(p, one, max(0, wanted[p] - one.left))[0])
        return StockLevel(self.total, sum(one.taken for one in quotas))

    def quotas(self) -> list[Quota]:
        """Return the quota of each partition."""
        return [self._quota(p, 0) for p in self.keys.every_partition()]

    def _quota(self, partition: int, given: int, keep: int = -1) -> Quota:
        name = field_of(self.slot, self.variant)
        return Quota(*self.client.run("quota", [self.keys.quota(partition)], [name, given, keep]))

    def _noted(self, partition: int, quota: Quota, want: int) -> tuple[int, int]:
        """Note the units given back and ask for more; return units ever given, and units free."""
        names = [self.keys.config("stock", self.slot)]
        args: list[Arg] = [self.variant, self.total, partition, quota.back, want]
        given, free = self.client.run("stock", names, args)
        return int(given), int(free)


def hash_of(name: str) -> int:
    """Return a stable number that says which partitions get the remainder of a division."""
    return sum(name.encode())
