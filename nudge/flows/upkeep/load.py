"""Load: the operator's facts about its visitors go to the journal, each row once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from nudge.domain.identity.region import region_of
from nudge.domain.identity.sealing import Home, Sealer, new_label, new_subject
from nudge.domain.journal.records import Event
from nudge.domain.people.loading import VisitorRow
from nudge.domain.people.numbers import OWN
from nudge.store.journal.appends import Append, NamedId
from nudge.store.store import Store
from nudge.store.vault.people import IDENTIFIED


class LoadResult(NamedTuple):
    """The result of loading some rows.

    Attributes:
        fresh: records that were new.
        known: rows all of whose records were there before.
    """

    fresh: int
    known: int


@dataclass(frozen=True)
class VisitorLoader:
    """The loader of visitors.

    Attributes:
        sealer: hashes ids, and encrypts numbers.
    """

    store: Store
    sealer: Sealer

    def load(self, customers: Iterable[VisitorRow]) -> LoadResult:
        """Load some visitors.

        A row that was loaded in the last 7 days is a duplicate, so that a load that was broken off
        can be repeated from its beginning.

        Raises:
            StoreAwayError: no answer; do it again.
        """
        groups: dict[int, list[Append]] = defaultdict(list)
        places: dict[int, int] = {}
        for place, one in enumerate(customers):
            home = self._home(self.sealer.visitor_hash(one.visitor_id))
            arrivals = list(self._arrivals(one, home.subject))
            places |= dict.fromkeys(map(id, arrivals), place)
            groups[home.partition] += arrivals
        new: set[int] = set()
        fresh = self.store.people.append_people(
            groups, closes=True, note=lambda one: new.add(places[id(one)])
        )
        return LoadResult(fresh, len(set(places.values()) - new))

    def _arrivals(self, one: VisitorRow, visitor_hash: str) -> Iterator[Append]:
        if one.msisdn:
            home = self._home(self.sealer.number_hash(one.msisdn))
            sealed = self.sealer.vault.seal(one.msisdn.to_seal, OWN)
            named = NamedId(home.subject, home.partition, new_label(), OWN, sealed)
            event = self._event(one, IDENTIFIED, dict(region_of(one.msisdn)))
            yield Append(visitor_hash, event, named=named)
        if one.known:
            yield Append(visitor_hash, self._event(one, "loaded", dict(one.known)))
        for channel, given in one.consents.items():
            event = self._event(one, "consent", {"channel": channel, "given": given}, channel)
            yield Append(visitor_hash, event)

    def _event(
        self, one: VisitorRow, kind: str, fields: dict[str, str | bool | float | None], of: str = ""
    ) -> Event:
        name = f"{kind}:{of}:{one.digest}"
        return Event(new_subject(), name, kind, "server", fields=fields)

    def _home(self, hashed: str) -> Home:
        return Home(hashed, self.sealer.partition(hashed, self.store.keys.partitions))
