"""Load: the operator's facts about its visitors go to the journal, each row once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from nudge.domain.identity.number import Number
from nudge.domain.identity.region import region_of
from nudge.domain.identity.sealing import Home, Sealer, new_label, new_subjects
from nudge.domain.journal.records import Event
from nudge.domain.people.consent_proof import SOURCE, TEXT_VERSION
from nudge.domain.people.consents import BY, FILE
from nudge.domain.people.loading import VisitorRow
from nudge.domain.prefill.numbers import OWN
from nudge.domain.slots.slot import Scalar
from nudge.store.journal.appends import Append, NamedId, Note
from nudge.store.store import Store
from nudge.store.vault.number_owners import Ownership
from nudge.store.vault.people import IDENTIFIED

AT_ONCE: Final = 500
"""Records of one script."""


class LoadResult(NamedTuple):
    """The result of loading some rows.

    Attributes:
        fresh: records that were new.
        known: rows all of whose records were there before.
        gathered: places of the rows whose number has too many visitors: it was left out.
    """

    fresh: int
    known: int
    gathered: tuple[int, ...] = ()


class _Row(NamedTuple):
    """A row with the digest of its content, and the subject that its visitor gets if new."""

    row: VisitorRow
    digest: str
    subject: str

    def event(
        self, kind: str, fields: dict[str, Scalar], of: str = "", at: float | None = None
    ) -> Event:
        """Return an event of the row; its id is that of its content."""
        name = f"{kind}:{of}:{self.digest}"
        return Event(self.subject, name, kind, "server", fields=fields, at=at)


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
        owners: list[Ownership] = []
        places: dict[int, int] = {}
        rows = list(customers)
        for place, (one, subject) in enumerate(zip(rows, new_subjects(len(rows)), strict=True)):
            # All events of a row propose one subject, in case that its visitor is new.
            said = _Row(one, one.digest(self.sealer.row_key), subject)
            home = self._home(self.sealer.visitor_hash(one.visitor_id))
            facts = list(_facts(said, home.subject))
            places |= dict.fromkeys(map(id, facts), place)
            groups[home.partition] += facts
            if one.msisdn:
                owner = self._owner(said, one.msisdn, home)
                places[id(owner.arrival)] = place
                owners.append(owner)
        new: set[int] = set()
        gathered: list[int] = []
        fresh = self._append(groups, lambda arrival: new.add(places[id(arrival)]))
        fresh += self.store.number_owners.identify_each(
            owners,
            lambda arrival: gathered.append(places[id(arrival)]),
            lambda arrival: new.add(places[id(arrival)]),
        )
        known = set(places.values()) - new - set(gathered)
        return LoadResult(fresh, len(known), tuple(gathered))

    def _append(self, groups: dict[int, list[Append]], note: Note) -> int:
        fresh = 0
        for p, group in groups.items():
            for start in range(0, len(group), AT_ONCE):
                some = {p: group[start : start + AT_ONCE]}
                fresh += self.store.journal.append_followed(
                    some, closes=True, names=True, note=note
                )
        return fresh

    def _owner(self, said: _Row, msisdn: Number, home: Home) -> Ownership:
        number = self._home(self.sealer.number_hash(msisdn))
        sealed = self.sealer.vault.seal(msisdn.to_seal, OWN)
        named = NamedId(number.subject, number.partition, new_label(), OWN, sealed)
        event = said.event(IDENTIFIED, dict(region_of(msisdn)))
        return Ownership(home.partition, Append(home.subject, event, named=named), named)

    def _home(self, hashed: str) -> Home:
        return Home(hashed, self.sealer.partition(hashed, self.store.keys.partitions))


def _facts(said: _Row, visitor_hash: str) -> Iterator[Append]:
    """Yield the records of a row besides the one that tells whose its number is."""
    if said.row.known:
        yield Append(visitor_hash, said.event("loaded", dict(said.row.known)))
    for channel, one in said.row.consents.items():
        fields: dict[str, Scalar] = {"channel": channel, "given": one.given, BY: FILE}
        told = {TEXT_VERSION: one.text_version, SOURCE: one.source}
        fields |= {name: word for name, word in told.items() if word}
        yield Append(visitor_hash, said.event("consent", fields, channel, one.at))
