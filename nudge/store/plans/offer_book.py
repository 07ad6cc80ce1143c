"""Offers of a visitor who turned out to be another one: they bind there as well."""

from __future__ import annotations

from dataclasses import dataclass

from nudge.domain.choosing.standing_offers import (
    SHARED,
    NewOffer,
    StandingOffer,
    pack_offer,
    unpack_offer,
)
from nudge.domain.identity.sealing import Home
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys


@dataclass(frozen=True)
class OfferBook:
    """The standing offers of an installation's visitors, besides what decisions write."""

    client: Client
    keys: Keys

    def read(self, home: Home) -> dict[str, StandingOffer]:
        """Return the offers of a subject by group, also those that bind no more.

        Raises:
            StoreAwayError: no answer.
        """
        found = self.client.read_hash(self.keys.offered(home.partition, home.subject))
        return {group.decode(): unpack_offer(value) for group, value in found.items()}

    def take_over(self, source: Home, home: Home, at: float) -> None:
        """Let a merged subject's offers bind the one that stays, whose own come first; idempotent.

        Args:
            source: the subject that left.
            home: the one that stays.
            at: seconds, now.

        Raises:
            StoreAwayError: no answer; do it again.
        """
        theirs = {group: one for group, one in self.read(source).items() if one.until > at}
        if not theirs:
            return
        mine = self.read(home)
        key = self.keys.offered(home.partition, home.subject)
        for group, one in theirs.items():
            if group in mine and mine[group].until > at:
                continue
            # Of nobody's unit: none of the units that go on here may change it alone.
            told = pack_offer(NewOffer(group, one._replace(unit=SHARED)))
            self.client.call("HSET", key, group, told.partition(" ")[2])
        last = max(one.until for one in theirs.values())
        if int(self.client.call("TTL", key)) < last - at:
            self.client.call("EXPIRE", key, int(last - at) + 1)
