"""The state of a visitor, as the fold `attribute` stores it: open exposures and facts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from bandits.units import DAY
from nudge.domain.basics.money import yuan_of
from nudge.domain.contact.contact import BARE, DELIVERED, Consent, Contact
from nudge.domain.journal.records import Reason, Ref
from nudge.domain.people.deliveries import Delivery
from nudge.domain.people.person import MAX_AMOUNTS, Failure, KnownFact, NumberUse, TypedNumber
from nudge.domain.people.recharges import Payment, alive, expect_payment, spending_change, usual
from nudge.domain.people.refunds import Receipt, Refund
from nudge.domain.people.rhythm import Rhythm
from nudge.domain.people.room import PAGE, SERVER, Dropped, fair, with_dropped
from nudge.domain.slots.slot import RewardTerms, Scalar

MAX_BENEFITS: Final = 100
MAX_OPEN: Final = 200
"""Most exposures, and as many of each other kind, that one visitor's state remembers.

Of events there are as many from pages, and as many from servers.
"""
MAX_CLOSED: Final = 200
"""Most closed exposures that are remembered for refunds: the latest."""
KEEP: Final = 90.0 * DAY
"""Least seconds for which a state outlives its visitor's last touch."""
KEEP_CUSTOMER: Final = 400.0 * DAY
"""Seconds for visitors with a payment or an operator's fact: a year's rhythm can be seen."""
KEEP_REFUSAL: Final = 3650.0 * DAY
"""Seconds for visitors who refused or complained: silence does not make a no forgotten."""
PAGES: Final = frozenset({"web", "wap", "app", "miniprogram"})
"""Channels of visits."""
MOBILE: Final = frozenset({"wap", "app", "miniprogram"})
"""Channels of the mobile internet: the link of an SMS opens there."""


class OpenExposure(NamedTuple):
    """A decision that waits for its `shown`, or an exposure that can still be rewarded.

    Attributes:
        cell: of the decision.
        reason: of the decision.
        propensity: of the decision.
        terms: of the decision.
        at: seconds, of the decision while it waits, then of the exposure.
        closes: seconds; it leaves when the watermark has passed this.
        aliases: other records of the decision, any of which `shown` may name.
        by_page: of the decision.
    """

    decision: Ref
    slot: str
    revision: int
    variant: str
    cell: str
    reason: Reason
    propensity: float
    terms: RewardTerms
    at: float
    closes: float
    aliases: tuple[Ref, ...] = ()
    by_page: bool = False

    def is_of(self, ref: Ref) -> bool:
        """Return True where a reference names a record of this decision."""
        return ref == self.decision or ref in self.aliases

    @property
    def crowd(self) -> str:
        """The crowd in which it has room: of its slot, and of who asked."""
        return f"{PAGE if self.by_page else SERVER} {self.slot}"

    @property
    def until(self) -> float:
        """The last second, included, of an event that rewards this exposure."""
        return self.at + self.terms.window


class EarlyShown(NamedTuple):
    """A `shown` that came before the decision that it names.

    Attributes:
        decision: named by the event.
        at: seconds.
        source: `page` or `server`; empty where the version before did not note it.
    """

    decision: Ref
    at: float
    source: str = ""


class RewardEvent(NamedTuple):
    """An event that rewards exposures, or may reward one that has not come yet.

    Attributes:
        event_id: the client's, unique within type and source.
        at: seconds.
        value: fen.
        decision: named by the event, if any.
        spent: slots in which it belongs to an exposure that has closed.
        source: `page` or `server`; empty where the version before did not note it.
        skew: seconds that its clock may be behind (`records.Event`); None for none.
    """

    event_id: str
    type: str
    at: float
    value: int
    decision: Ref | None = None
    spent: tuple[str, ...] = ()
    source: str = ""
    skew: float | None = None

    @property
    def is_fact(self) -> bool:
        """Whether a server said it."""
        return self.source == SERVER

    @property
    def reach(self) -> float:
        """The last second, included, at which it may have happened."""
        return self.at + (self.skew or 0.0)


class ClosedExposure(NamedTuple):
    """An exposure that closed with the credit of a payment, which a refund may take back.

    Attributes:
        event: of its terms.
        at: seconds, of the exposure.
        events: credited at its close, before any refund.
    """

    decision: Ref
    slot: str
    revision: int
    variant: str
    cell: str
    reason: Reason
    event: str
    at: float
    events: tuple[RewardEvent, ...]


@dataclass(frozen=True)
class VisitorState:
    """The state of one visitor.

    Attributes:
        waiting: decisions that wait for `shown`, in the order of their arrival.
        early: `shown` events that wait for their decision.
        open: exposures, by time and reference.
        events: rewarding events, by time and id.
        watermark: seconds, the largest stamp that the state includes.
        last_amount: fen, of the latest payment that a server reported.
        last_paid_at: seconds, of that payment.
        channels: of the visitor's decisions, in alphabetic order.
        benefits: groups of which the visitor has a benefit, in alphabetic order.
        payments: the latest that servers reported, by time.
        first_paid_at: seconds, of the first that was ever reported.
        numbers: recharged numbers, by device.
        typed: the number that was typed last.
        contacts: the latest, by time.
        consents: the last word on each channel.
        complained_at: seconds, of the latest complaint.
        failures: payments that failed since the latest that went through.
        known: facts of the operator, by name.
        amounts: fen, the different ones that were paid; in states of the version before, and of
            what servers reported, also chosen.
        receipts: payments that can be taken back, by time, before any refund.
        refunds: by time; also those whose payment has not come yet.
        closed: exposures that closed with the credit of such a payment, by time and reference.
        chosen: fen, the different amounts that were chosen on pages.
        dropped: counts of what left the state before its time, because there was too much.
        deliveries: receipts of messages whose contact has not come, by time.
        into: subject and partition of the visitor that this one turned out to be; all else is
            empty.
    """

    waiting: tuple[OpenExposure, ...] = ()
    early: tuple[EarlyShown, ...] = ()
    open: tuple[OpenExposure, ...] = ()
    events: tuple[RewardEvent, ...] = ()
    watermark: float = 0.0
    last_amount: int | None = None
    last_paid_at: float | None = None
    channels: tuple[str, ...] = ()
    benefits: tuple[str, ...] = ()
    payments: tuple[Payment, ...] = ()
    first_paid_at: float | None = None
    numbers: tuple[NumberUse, ...] = ()
    typed: TypedNumber | None = None
    contacts: tuple[Contact, ...] = ()
    consents: tuple[Consent, ...] = ()
    complained_at: float | None = None
    failures: tuple[Failure, ...] = ()
    known: tuple[KnownFact, ...] = ()
    amounts: tuple[int, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    refunds: tuple[Refund, ...] = ()
    closed: tuple[ClosedExposure, ...] = ()
    chosen: tuple[int, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    into: tuple[str, int] | None = None

    def having(self, **changes: object) -> VisitorState:
        """Return the state with other values.

        It does what `dataclasses.replace` does, which sets every field by itself: that was a third
        of the time of the fold `attribute`.

        Raises:
            TypeError: there is no such field.
        """
        state = object.__new__(VisitorState)
        fields = state.__dict__
        fields.update(self.__dict__, **changes)
        if len(fields) != len(self.__dict__):
            raise TypeError(f"a visitor's state has no {sorted(fields.keys() - self.__dict__)}")
        return state

    def having_dropped_each(
        self, what: str, exposures: Iterable[OpenExposure], kept: Collection[OpenExposure]
    ) -> VisitorState:
        """Return the state with the exposures counted that are not kept, by who asked for them."""
        stays = {one.decision for one in kept}
        gone = Counter(one.by_page for one in exposures if one.decision not in stays)
        return self.having_dropped(what, PAGE, gone[True]).having_dropped(what, SERVER, gone[False])

    def having_dropped(self, what: str, source: str, count: int = 1) -> VisitorState:
        """Return the state with some more rows counted that left it before their time."""
        if not count:
            return self
        return self.having(dropped=with_dropped(self.dropped, (Dropped(what, source, count),)))

    @property
    def affordable(self) -> frozenset[int]:
        """The amounts in fen that were paid or chosen."""
        return frozenset((*self.amounts, *self.chosen))

    def context(self, at: float | None = None, rhythm: Rhythm | None = None) -> dict[str, Scalar]:
        """Return the attributes of the person that decisions may use; amounts in yuan.

        Unknown attributes are left out, so that they do not hide what a caller knows.

        Args:
            at: seconds, now; without it, attributes that depend on it are left out.
            rhythm: of the crowd; without it, what needs one is left out.
        """
        known: dict[str, Scalar] = {one.name: one.value for one in self.known}
        if not MOBILE.isdisjoint(self.channels):
            known["mobile_before"] = True
        elif not PAGES.isdisjoint(self.channels):
            # What the operator knows goes further back; an SMS that was planned says nothing.
            known.setdefault("mobile_before", False)
        if self.last_amount is not None:
            known["last_amount"] = yuan_of(self.last_amount)
            known["last_paid_at"] = self.last_paid_at
        return known | self._rhythm(at, rhythm) | self._failure()

    def _failure(self) -> dict[str, Scalar]:
        """Return the attributes of the latest failed payment, until one goes through."""
        if not self.failures:
            return {}
        last = self.failures[-1]
        failure: dict[str, Scalar] = {"failure_reason": last.reason, "failed_at": last.at}
        return failure | ({"method": last.method} if last.method else {})

    def _rhythm(self, at: float | None, rhythm: Rhythm | None) -> dict[str, Scalar]:
        """Return the attributes of the payments: count, usual amount, rhythm."""
        if not self.payments:
            return {}
        next_one, change = expect_payment(self.payments, rhythm), spending_change(self.payments)
        known: dict[str, Scalar] = {
            "payments": len(self.payments),
            "first_paid_at": self.first_paid_at,
            "usual_amount": yuan_of(usual(self.payments) or 0),
        }
        if next_one is not None:
            known["expected_at"] = next_one.at
            if at is not None:
                # Behind the uncertainty of the date, in days; below 0 before it.
                known["overdue_days"] = (at - next_one.at - next_one.spread) / DAY
        if rhythm is not None and at is not None:
            known["alive"] = alive(self.payments, rhythm, at)
        return known if change is None else known | {"spending_change": change}

    def is_forgotten(self, watermark: float) -> bool:
        """Return True where the last touch is so long ago that the state is not stored."""
        return self.watermark + self.keep < watermark

    @property
    def keep(self) -> float:
        """Seconds for which the state outlives the visitor's last touch."""
        if self.complained_at is not None or not all(one.given for one in self.consents):
            return KEEP_REFUSAL
        return KEEP_CUSTOMER if self.payments or self.known else KEEP

    def next_close(self) -> float | None:
        """Return the second at which the first open exposure closes, or None where none is open."""
        return min((x.closes for x in self.open if x.closes >= self.watermark), default=None)


def recall(state: VisitorState, watermark: float) -> VisitorState:
    """Return a visitor's state as it is known at a watermark: a new one where it is forgotten.

    The store forgets by its clock, so a visitor who comes back is forgotten by that record's time,
    and not by that of the last one before.
    """
    return VisitorState() if state.is_forgotten(watermark) else state


def without_sources(state: VisitorState, found: VisitorState) -> VisitorState:
    """Return a state without the sources of what it holds that an equal one does not know.

    Args:
        state: that a replay gives.
        found: that a version before may have written.
    """
    state = _without_classes(_without_event_sources(state, found), found)
    state = _without_messages(state, found)
    mixed, apart = {*found.amounts, *found.chosen}, {*state.amounts, *state.chosen}
    full = len(found.amounts) >= MAX_AMOUNTS and mixed < apart
    if mixed == apart or full:
        state = state.having(amounts=found.amounts, chosen=found.chosen)
    counted = {(x.what, x.source): x.times for x in state.dropped}
    if all(x.times <= counted.get((x.what, x.source), 0) for x in found.dropped):
        # Nothing was counted before.
        state = state.having(dropped=found.dropped)
    return state


def _without_classes(state: VisitorState, found: VisitorState) -> VisitorState:
    """Return the state without the sources of early `shown` and failures that are not noted."""
    early = {(x.decision, x.at) for x in found.early if not x.source}
    failed = {x._replace(source="") for x in found.failures if not x.source}
    if early:
        rows = (x._replace(source="") if x[:2] in early else x for x in state.early)
        state = state.having(early=tuple(rows))
    if failed:
        told = (x._replace(source="") for x in state.failures)
        pairs = zip(told, state.failures, strict=True)
        state = state.having(failures=tuple(x if x in failed else y for x, y in pairs))
    return state


def _without_messages(state: VisitorState, found: VisitorState) -> VisitorState:
    """Return the state without the names of messages, and their receipts, that were not kept.

    A contact that is there under its name is expected so, also beside one that has none.
    """
    bare = {one[:BARE] for one in found.contacts if not any(one[BARE:])}
    lost = {x for x in state.contacts if x[:BARE] in bare} - {*found.contacts}
    contacts = {Contact(*x[:BARE]) if x in lost else x for x in state.contacts}
    told = {one.message for one in found.deliveries}
    # A failure was no event before: only what was delivered can have been passed by.
    waits = {x for x in state.deliveries if x.message in told or x.told != DELIVERED}
    # A receipt that came since then finds no contact of its name, and waits.
    heard = {one.message: one.told for one in lost if one.message}
    waits |= {x for x in found.deliveries if x.told == x.told & heard.get(x.message, 0)}
    return state.having(contacts=tuple(sorted(contacts)), deliveries=tuple(sorted(waits)))


def _without_event_sources(state: VisitorState, found: VisitorState) -> VisitorState:
    unsaid = {(x.at, x.event_id, x.type) for x in found.events if not x.source}
    if not unsaid:
        return state
    events = (
        x._replace(source="") if (x.at, x.event_id, x.type) in unsaid else x for x in state.events
    )
    return state.having(events=tuple(events))


def fit_waiting(state: VisitorState) -> VisitorState:
    """Return the state with as many decisions that wait for `shown` as there is room for.

    Each slot, and who asks, has its share, so that a page's reloads push out no plan.
    """
    if len(state.waiting) <= MAX_OPEN:
        return state
    kept = fair(state.waiting, lambda x: x.crowd, MAX_OPEN)
    return state.having(waiting=kept).having_dropped_each("waiting", state.waiting, kept)


def fit_early(state: VisitorState) -> VisitorState:
    """Return the state with as many early `shown` as there is room for, of each class of sender."""
    if len(state.early) <= MAX_OPEN:
        return state
    for is_fact, source in ((False, PAGE), (True, SERVER)):
        crowd = [x for x in state.early if (x.source == SERVER) == is_fact]
        gone = set(crowd[:-MAX_OPEN])
        if gone:
            kept = tuple(x for x in state.early if x not in gone)
            state = state.having(early=kept).having_dropped("shown", source, len(gone))
    return state


def with_channel(channels: Sequence[str], channel: str) -> tuple[str, ...]:
    """Add a channel: each once, in alphabetic order."""
    return tuple(sorted({*channels, channel}))
