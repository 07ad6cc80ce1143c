"""Visitors in the store: vault entry, state and assignments in one read of one partition."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Final, NamedTuple

import msgpack

from nudge.domain.choosing.choice import StandingDecision
from nudge.domain.choosing.standing_offers import (
    NO_OFFERS,
    StandingOffer,
    StandingOffers,
    unpack_offer,
)
from nudge.domain.identity.sealing import Device, Home, new_subjects
from nudge.domain.journal.fold_name import FoldName
from nudge.domain.journal.records import Decision
from nudge.domain.prefill.numbers import LAST
from nudge.store.journal.journal import place_of, ref_at, standing_decision
from nudge.store.plans.plan_book import NO_PLANS, Plans
from nudge.store.service.stock import units_left
from nudge.store.vault.state_reader import StateReader
from nudge.store.vault.suppressions import Suppressions
from nudge.store.wire.client import Arg, Call, Client, Reply, pairs_of
from nudge.store.wire.codec import encode
from nudge.store.wire.keys import Keys

_FOLD: Final = FoldName.ATTRIBUTE.value
"""The fold that keeps the visitors' states; plain text, which formats faster than an enum."""
AT_ONCE: Final = 300
"""Visitors that one script opens: the store is busy with them for some ms."""
PARTING: Final = "parting"
"""The field of `person:<subject>` while a split is under way: the other side's subject."""
CLOSED: Final = "closed"
"""The word of `person:<subject>`: what devices claimed by themselves counts no more."""
KEPT: Final = "kept"
"""The word where a server named the device's id as that of somebody: its claim counts for good."""
OFFER: Final = b"~"
"""The script's mark of an offer among what sticks: no slot's name begins so."""
_KNOWN: Final = (b"known", b"claimed")
MOST_STEPS: Final = 16
"""Subjects that are followed; mergings go to smaller subjects only, so there is always an end."""


@dataclass(frozen=True)
class VisitorQuery:
    """A query for one visitor, and the caller who asks.

    Attributes:
        home: partition in which the hashed id is at home.
        visitor_hash: keyed hash of the external id.
        subject: to use if the visitor is new.
        device: that asks, if it has a token.
        claim: the caller is a device, which sees only what it may; servers see everybody.
        stock: what is left of limited stock is wanted.
        numbers: the visitor's numbers are wanted.
        names: the server says whose the id is: what devices claimed by themselves ends.
    """

    home: int
    visitor_hash: str
    subject: str
    device: Device | None = None
    claim: bool = True
    stock: bool = False
    numbers: bool = False
    names: bool = False


@dataclass(frozen=True)
class Person:
    """The vault's entries of a subject besides its numbers.

    Attributes:
        home: the subject and its partition.
        ids: hashes of the external ids that lead to it.
        others: subjects that turned out to be it.
        into: whom it turned out to be.
        parting: from whom it is being taken apart; the other side has it, too.
    """

    home: Home
    ids: tuple[str, ...] = ()
    others: tuple[Home, ...] = ()
    into: Home | None = None
    parting: Home | None = None


class VisitorView(NamedTuple):
    """The store's knowledge of a visitor, so far as the caller may see it.

    Attributes:
        partition: where the subject's journal is.
        state: the bytes that `attribute` keeps, if any.
        assigned: unit -> the decision that it keeps.
        left: `<slot>:<variant>` -> units that are left of what is limited; empty if not asked.
        numbers: the vault's book of the visitor's numbers; empty if not asked.
        plans: that were made for the visitor; they are in `assigned` as well.
        owned: the caller may know the person: a server, the device whose visitor it is, or whoever
            came first.
        public: nobody has shown a token: what sticks is what anybody with the id may see.
        claimed: the caller may know the person by nothing but its own claim on the id.
        offers: group of benefits -> the offer that was made last.
    """

    subject: str
    partition: int
    state: bytes | None = None
    assigned: Mapping[str, StandingDecision] = {}
    left: Mapping[str, int] = {}
    numbers: Mapping[str, bytes] = {}
    plans: Plans = NO_PLANS
    owned: bool = True
    public: bool = False
    claimed: bool = False
    offers: StandingOffers = NO_OFFERS


class UnreadVisitor(NamedTuple):
    """The store's knowledge of a subject before anybody decodes it.

    Attributes:
        home: the subject and its partition.
        rest: the script's reply.
        closed: what devices claimed on the subject that was asked for counts no more.
    """

    home: Home
    rest: Reply
    closed: bool

    def view(self) -> VisitorView:
        """Decode it."""
        return _opened(self.home, self.rest)


@dataclass(frozen=True)
class VisitorBook:
    """Visitors: found or made by hashed id, followed to the subject they were merged into.

    Attributes:
        pages_own_ids: the first device to use an id of which no server has spoken may know what
            becomes known of it.
    """

    client: Client
    keys: Keys
    pages_own_ids: bool = True

    def open_visitor(self, wanted: VisitorQuery) -> VisitorView:
        """Find or make the visitor and read what is known: one round trip, one more for an alias.

        Constant time: the lookup takes the same steps for known and unknown ids, decodes nothing
        that the caller may not see, and does not follow a stranger's id to another subject, so that
        timing reveals nothing. A device that knows somebody is the exception: it has a stranger's
        id followed, for the visitor may be its own; one step is the same for all.
        """
        names, args = _call(self.keys, wanted, pages_own_ids=self.pages_own_ids)
        return self._found(wanted, self.client.run("open", names, args))

    def open_each(
        self, homes: Sequence[Home], *, besides: bool
    ) -> Iterator[tuple[int, VisitorView]]:
        """Find or make visitors for a server: a round trip for some hundreds of a partition.

        Args:
            homes: the hashed id of each, and where it is at home.
            besides: what sticks besides plans, and what is left of limited stock, is wanted.

        Yields:
            The place in `homes` of each, and what is known of it; those of a partition together,
            while the store looks for the next ones.

        Raises:
            StoreAwayError: no answer.
        """
        groups: dict[int, list[int]] = defaultdict(list)
        for place, home in enumerate(homes):
            groups[home.partition].append(place)
        parts = [
            (p, places[start : start + AT_ONCE])
            for p, places in groups.items()
            for start in range(0, len(places), AT_ONCE)
        ]
        calls = (
            _call_each(self.keys, p, [homes[i].subject for i in some], besides=besides)
            for p, some in parts
        )
        for (p, some), reply in zip(parts, self.client.run_ahead("open_each", calls), strict=True):
            yield from zip(some, self._opened_each(p, reply), strict=True)

    def _opened_each(self, p: int, reply: Reply) -> list[VisitorView]:
        quotas, subjects, states, plans, assigned = reply
        left = units_left(quotas)
        return [
            self._opened_one(
                VisitorView(subject.decode(), p, state, {}, left), book, standing_decision
            )
            for subject, state, book, standing_decision in zip(
                subjects, states, plans, assigned or repeat(()), strict=False
            )
        ]

    def _opened_one(self, opened: VisitorView, book: bytes | None, stuck: Reply) -> VisitorView:
        into = StateReader().into(opened.state) if opened.state else None
        if into is not None:
            wanted = VisitorQuery(opened.partition, "", "", claim=False, stock=bool(opened.left))
            return self.follow(Home(*into), wanted)
        return _with_assigned(opened, stuck, book) if book or stuck else opened

    def _found(self, wanted: VisitorQuery, reply: Reply) -> VisitorView:
        standing, subject, into, *rest = reply
        new, known = standing == b"new", standing in _KNOWN
        claimed = wanted.claim and standing != b"known"
        home = Home(subject.decode(), wanted.home)
        if not known:
            # For a new id as well, so that the time is that of any other.
            rest = _typed_on(wanted.device, rest)
            if wanted.device and wanted.device.knows:
                goes = _home(into or b"%d %s" % (wanted.home, subject))
                seen = self._seen(wanted.device, self._end(goes, wanted))
                if seen is not None and not new:
                    return seen
        if known and into:
            # A server said who the device's visitor is: that is its word for the device.
            return self.follow(_home(into), wanted)._replace(claimed=False)
        found = _opened(home, rest)
        if known or (new and (self.pages_own_ids or not wanted.claim)):
            return found._replace(public=new, claimed=claimed)
        return found._replace(owned=False, public=True)

    def _seen(self, device: Device, end: UnreadVisitor) -> VisitorView | None:
        """Return the view of a visitor whom the device may see by another id; None for others.

        Constant time: every home is followed to its end, and nothing is decoded for others.
        """
        walks = [(home, self._end(home, _plain(home))) for home in device.homes]
        ways = [
            home == end.home and home.subject not in device.vouched
            for home, own in walks
            if own.home == end.home
            and (home.subject in device.vouched or (self.pages_own_ids and not own.closed))
        ]
        return end.view()._replace(claimed=all(ways)) if ways else None

    def known_visitor(self, partition: int, visitor_hash: str) -> VisitorView | None:
        """Return the view of a visitor without making one; None where the id is unknown.

        Args:
            partition: in which the hashed id is at home.
            visitor_hash: keyed hash of the external id.
        """
        subject = self.subject_of(Home(visitor_hash, partition))
        hashed = Home(visitor_hash, partition)
        if subject is None or Suppressions(self.client, self.keys).is_untouched(hashed, subject):
            return None
        wanted = VisitorQuery(partition, visitor_hash, "", stock=True, numbers=True)
        return self.follow(Home(subject, partition), wanted)

    def of_subject(self, home: Home) -> VisitorView:
        """Return the view of whom a subject turned out to be, with the numbers."""
        return self.follow(home, VisitorQuery(home.partition, "", "", stock=True, numbers=True))

    def subject_of(self, hashed: Home) -> str | None:
        """Return the subject to which a hashed id leads; None where the id is unknown."""
        found = self.client.call("HGET", self.keys.vault(hashed.partition, hashed.subject), "s")
        return None if found is None else found.decode()

    def subjects_of(self, hashed: Sequence[Home]) -> list[Home | None]:
        """Return the subjects to which hashed ids lead, in order; None where an id is unknown."""
        commands = [("HGET", self.keys.vault(one.partition, one.subject), "s") for one in hashed]
        replies = self.client.call_each(commands) if commands else []
        return [
            None if name is None else Home(name.decode(), one.partition)
            for one, name in zip(hashed, replies, strict=True)
        ]

    def roots_of(self, homes: Sequence[Home]) -> list[Home]:
        """Return the subjects into which these were merged at last, or themselves, in order."""
        found, now = list(homes), dict(enumerate(homes))
        for _ in range(MOST_STEPS):
            if not now:
                break
            names = [self.keys.person(home.partition, home.subject) for home in now.values()]
            replies = self.client.call_each([("HGET", name, "into") for name in names])
            ahead = {p: _home(into) for p, into in zip(now, replies, strict=True) if into}
            for place, home in ahead.items():
                found[place] = home
            now = ahead
        return found

    def book(self, home: Home) -> dict[str, bytes]:
        """Return a subject's numbers, encrypted, by device and label."""
        found = self.client.read_hash(self.keys.numbers(home.partition, home.subject))
        return {name.decode(): sealed for name, sealed in found.items()}

    def texts(self, home: Home) -> dict[str, bytes]:
        """Return what a subject wrote, encrypted, by the event's id."""
        found = self.client.read_hash(self.keys.texts(home.partition, home.subject))
        return {name.decode(): sealed for name, sealed in found.items()}

    def follow(self, home: Home, wanted: VisitorQuery) -> VisitorView:
        """Return the view of the subject into which this one was merged, or of itself.

        One round trip for each step.
        """
        return self._end(home, wanted).view()

    def _end(self, home: Home, wanted: VisitorQuery) -> UnreadVisitor:
        """Return what the store knows of the subject at the end of the way, not decoded."""
        closed: bool | None = None
        for _ in range(MOST_STEPS):
            names, args = _read_call(self.keys, home, _flags(wanted))
            into, *rest, claims = self.client.run("read_subject", names, args)
            closed = claims == CLOSED.encode() if closed is None else closed
            if not into:
                return UnreadVisitor(home, rest, closed)
            home = _home(into)
        raise RuntimeError(f"{home.subject} is followed without end")

    def follow_each(self, homes: Sequence[Home], *, stock: bool = False) -> list[VisitorView]:
        """Return the views of the subjects into which these were merged, or of themselves.

        Few round trips for all of them; one more for each step that somebody went.

        Args:
            homes: of subjects.
            stock: what is left of limited stock is wanted.
        """
        found: list[UnreadVisitor | None] = [None] * len(homes)
        now = dict(enumerate(homes))
        for _ in range(MOST_STEPS):
            if not now:
                break
            calls = [_read_call(self.keys, home, (int(stock), 0)) for home in now.values()]
            replies = self.client.run_each("read_subject", calls)
            ahead: dict[int, Home] = {}
            for (place, home), (into, *rest, _) in zip(now.items(), replies, strict=True):
                if into:
                    ahead[place] = _home(into)
                found[place] = UnreadVisitor(home, rest, closed=False)
            now = ahead
        return [one.view() for one in found if one is not None]

    def root_of(self, home: Home) -> Home:
        """Return the subject into which this one was merged at last, or itself."""
        return self._end(home, _plain(home)).home

    def person_of(self, home: Home) -> Person:
        """Return the vault's entries of a subject; empty for an unknown or a forgotten one."""
        found = self.client.call("HGETALL", self.keys.person(home.partition, home.subject))
        fields = {name.decode(): value for name, value in found.items()}
        listed = [name.split(":", 1) for name in fields if ":" in name]
        into, parting = fields.get("into"), fields.get(PARTING)
        return Person(
            home,
            tuple(name for kind, name in listed if kind == "h"),
            tuple(Home(name, int(fields[f"s:{name}"])) for kind, name in listed if kind == "s"),
            _home(into) if into else None,
            _home(parting) if parting else None,
        )

    def assigned(self, partition: int, subject: str, unit: str) -> StandingDecision | None:
        """Return the standing decision of a subject for a unit, if any."""
        value = self.client.call("HGET", self.keys.assigned(partition, subject), unit)
        return None if value is None else _parse(partition, subject, value)

    def adopt(self, home: Home, units: Mapping[str, str]) -> None:
        """Move standing decisions to other units.

        Args:
            home: of the subject.
            units: the one that a decision is kept under -> the one that it is to be kept under.
        """
        args = [name for pair in units.items() for name in pair]
        if not args:
            return
        self.client.run("adopt", [self.keys.assigned(home.partition, home.subject)], args)

    def stick(self, home: Home, decision: Decision, unit: str, keep_for: float) -> bool:
        """Remember a decision that the store did not take when it was made; idempotent.

        Args:
            home: of its subject.
            decision: with a reference of its own.
            unit: under which it is kept.
            keep_for: seconds.

        Returns:
            Whether it stands from now on: not where another one of the period does.

        Raises:
            ValueError: the decision has no reference of its own.
        """
        if decision.ref is None:
            raise ValueError("only a decision with a reference of its own is remembered late")
        place, stamp = place_of(decision.ref), round((decision.at or 0.0) * 1000)
        value = f"{decision.period} {place} {stamp} ".encode() + encode(decision)
        p, subject = home.partition, home.subject
        names = [self.keys.assigned(p, subject), self.keys.person(p, subject)]
        args: list[Arg] = [unit, decision.period, value, max(1, int(keep_for))]
        return bool(self.client.run("stick", names, args))


def _plain(home: Home) -> VisitorQuery:
    return VisitorQuery(home.partition, "", "")


def _call_each(keys: Keys, p: int, ids: Sequence[str], *, besides: bool) -> Call:
    names = [name for pair in zip(ids, new_subjects(len(ids)), strict=True) for name in pair]
    args: list[Arg] = [keys.prefix(p), p, int(besides), msgpack.packb(names)]
    return [keys.fold(p, _FOLD), keys.quota(p)], args


def _call(keys: Keys, wanted: VisitorQuery, *, pages_own_ids: bool) -> tuple[list[str], list[Arg]]:
    p, device = wanted.home, wanted.device
    names = [keys.vault(p, wanted.visitor_hash), keys.fold(p, _FOLD), keys.quota(p)]
    seen = device.marks(claims=pages_own_ids) if device else ()
    args: list[Arg] = [keys.prefix(p), p, wanted.visitor_hash, wanted.subject]
    return names, [*args, int(wanted.claim), *_flags(wanted), int(wanted.names), *seen]


def _read_call(keys: Keys, home: Home, flags: tuple[int, int]) -> Call:
    p = home.partition
    args: list[Arg] = [keys.prefix(p), home.subject, *flags]
    return [keys.fold(p, _FOLD), keys.quota(p)], args


def _flags(wanted: VisitorQuery) -> tuple[int, int]:
    return int(wanted.stock), int(wanted.numbers)


def _home(into: bytes) -> Home:
    partition, subject = into.decode().split(" ")
    return Home(subject, int(partition))


def _opened(home: Home, rest: Reply) -> VisitorView:
    state, assigned, quotas, numbers, *plans = rest
    book = {name.decode(): value for name, value in pairs_of(numbers).items()}
    found = VisitorView(home.subject, home.partition, state, left=units_left(quotas), numbers=book)
    return _with_assigned(found, assigned, plans[0] if plans else None)


def _typed_on(device: Device | None, rest: Reply) -> Reply:
    """The reply with no more of the visitor's book than what was typed on the caller's device."""
    *before, numbers = rest
    if device is None:
        return [*before, []]
    starts = f"{device.id}:".encode(), f"{LAST}:{device.id}".encode()
    book = pairs_of(numbers).items()
    return [*before, {name: value for name, value in book if name.startswith(starts)}]


def _with_assigned(opened: VisitorView, reply: Reply, book: bytes | None) -> VisitorView:
    p, subject = opened.partition, opened.subject
    stuck: dict[str, StandingDecision] = {}
    offers: dict[str, StandingOffer] = {}
    for unit, value in pairs_of(reply).items():
        if unit[:1] == OFFER:
            offers[unit[1:].decode()] = unpack_offer(value)
        else:
            stuck[unit.decode()] = _parse(p, subject, value)
    opened = opened._replace(offers=offers) if offers else opened
    if book is None:
        return opened._replace(assigned=stuck)
    plans = Plans.of(book)
    return opened._replace(assigned={**stuck, **plans.standing(p, subject)}, plans=plans)


def _parse(partition: int, subject: str, value: bytes) -> StandingDecision:
    _, place, stamp, payload = value.split(b" ", 3)
    return standing_decision(
        ref_at(partition, place), subject, int(stamp) / 1000, payload, fresh=False
    )
