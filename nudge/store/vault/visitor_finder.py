"""The finder of visitors: from the ids of a question to the visitor whom the store knows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from nudge.domain.choosing.requests import DecisionRequest
from nudge.domain.identity.number import Number
from nudge.domain.identity.region import region_of
from nudge.domain.identity.sealing import NUMBERS, Device, Home, Sealer, new_label, new_subject
from nudge.domain.journal.caller import Caller
from nudge.domain.journal.records import Event
from nudge.domain.prefill.numbers import OWN, typed_last
from nudge.store.journal.appends import Append, NamedId
from nudge.store.vault.people import IDENTIFIED, People, book_notes
from nudge.store.vault.visitors import VisitorBook, VisitorQuery, VisitorView


@dataclass(frozen=True)
class VisitorFinder:
    """The finder of visitors for the questions of one installation.

    Attributes:
        sealer: hashes ids.
    """

    visitors: VisitorBook
    people: People
    sealer: Sealer

    def home(self, visitor_id: str) -> Home:
        """Return the hash of an external id, and the partition in which it is at home."""
        return self._home(self.sealer.visitor_hash(visitor_id))

    def opened(
        self,
        ask: DecisionRequest,
        device: Device | None,
        caller: Caller,
        at: float,
        *,
        stock: bool,
        book: bool,
    ) -> VisitorView:
        """Return the visitor whom the caller may see.

        Args:
            ask: the question.
            device: of its token.
            caller: whose key it is.
            at: seconds, now.
            stock: what is left of limited stock is wanted.
            book: the visitor's numbers are wanted.

        Raises:
            StoreAwayError: no answer.
        """
        found = self.home(ask.visitor_id)
        wanted = VisitorQuery(
            home=found.partition,
            visitor_hash=found.subject,
            subject=new_subject(),
            device=device,
            claim=not caller.is_server,
            stock=stock,
            numbers=book,
            names=ask.msisdn is not None and caller.is_server,
        )
        link = self.sealer.links.link(ask.link_token)
        if link is not None:
            # Who reads the SMS is who it went to, whatever id the page makes up.
            visitor = self.visitors.follow(Home(link.subject, link.ref.partition), wanted)
        else:
            visitor = self.visitors.open_visitor(wanted)
        if ask.msisdn is None or not caller.is_server:
            return visitor
        return self._by_number(ask.msisdn, device, visitor, wanted, at)

    def opened_each(
        self, visitor_ids: Sequence[str], *, besides: bool
    ) -> Iterator[tuple[int, VisitorView]]:
        """Iterate over visitors as a server sees them, each with its place; see `open_each`.

        Raises:
            StoreAwayError: no answer.
        """
        return self.visitors.open_each(list(map(self.home, visitor_ids)), besides=besides)

    def _home(self, hashed: str) -> Home:
        return Home(hashed, self.sealer.partition(hashed, self.visitors.keys.partitions))

    def _by_number(
        self,
        number: Number,
        device: Device | None,
        visitor: VisitorView,
        wanted: VisitorQuery,
        at: float,
    ) -> VisitorView:
        """Return the number's owner; a visitor who had no number yet is merged with them.

        Who has another number stays with it: a device is shared more often than numbers change,
        and two persons that were made one can not be taken apart.
        """
        named = self._named(number, OWN, at)
        label = self.people.label_of(named)
        everything = replace(wanted, numbers=True)
        owner = self.visitors.follow(Home(label, named.home), everything)
        if visitor.subject != owner.subject and not visitor.subject.startswith(NUMBERS):
            self._identify(visitor, named, label, number)
            owner = self.visitors.follow(Home(label, named.home), everything)
        return self._noted(owner, label, number, device, at)

    def _identify(self, visitor: VisitorView, named: NamedId, label: str, number: Number) -> None:
        event = Event(
            visitor.subject, f"msisdn:{label}", IDENTIFIED, "server", fields=region_of(number)
        )
        self.people.identify(visitor.partition, Append("", event), named)

    def _named(self, number: Number, device: str, at: float) -> NamedId:
        home = self._home(self.sealer.number_hash(number))
        sealed = self.sealer.vault.seal(number.to_seal, device)
        ms = round(at * 1000)
        return NamedId(home.subject, home.partition, new_label(), device, sealed, ms)

    def _noted(
        self, owner: VisitorView, label: str, number: Number, device: Device | None, at: float
    ) -> VisitorView:
        """Return the owner, with the number in their book as their own and as of this device."""
        lacking = [OWN] if f"{OWN}:{label}" not in owner.numbers else []
        if device is not None:
            last = typed_last(owner.numbers, device.id, at)
            lacking += [device.id] if last is None or last.label != label else []
        notes = [
            note for name in lacking for note in book_notes(self._named(number, name, at), label)
        ]
        self.people.write_numbers(Home(owner.subject, owner.partition), notes)
        return owner._replace(numbers={**owner.numbers, **{n.field: n.value for n in notes}})
