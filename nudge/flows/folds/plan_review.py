"""Review of plans: what has to be withdrawn when two visitors become one, or somebody refuses.

The fold `attribute` asks for it before it commits the batch that says so. A batch that is handled
again, by whomever, changes nothing more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from nudge.clock import now
from nudge.domain.choosing.choice import StandingDecision
from nudge.domain.contact.contact import Contact
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.identity.sealing import Home
from nudge.domain.journal.records import Event, JournalEntry
from nudge.domain.people.consents import is_refusal
from nudge.domain.people.merging import JOINED
from nudge.domain.people.visitor import VisitorState
from nudge.domain.timing.plan_request import (
    content_of,
    read_contact_facts,
    with_planned_content,
)
from nudge.domain.timing.plan_settlement import PlannedContact, settle_plans
from nudge.domain.timing.windows import PAST
from nudge.errors import StoreAwayError
from nudge.store.plans.plan_book import (
    NO_PLANS,
    WITHDRAWN,
    Plans,
    Row,
    decode_rows,
    header_of,
)
from nudge.store.plans.withdrawals import BookChange, WithdrawnPlan, withdrawn_plan
from nudge.store.store import Store

TRIES: Final = 20
"""Looks at one book because somebody plans meanwhile: each time somebody got on."""
FROM: Final = "from"
"""The field of `joined` that names the subject that it comes from."""


@dataclass(frozen=True)
class PlanReview:
    """The review of visitors' plans after a change behind them.

    Attributes:
        policy: of contacts.
    """

    store: Store
    policy: ContactPolicy

    def review(
        self,
        partition: int,
        entries: Iterable[JournalEntry],
        states: Mapping[str, VisitorState],
    ) -> None:
        """Take plans and offers of merged visitors over, withdraw what must not go out; idempotent.

        Args:
            partition: of the entries.
            entries: in order.
            states: subject -> state behind the entries.

        Raises:
            StoreAwayError: no answer; do it again.
        """
        joined: list[Event] = []
        changed: list[Home] = []
        for entry in entries:
            event = entry.record
            if not isinstance(event, Event) or event.subject not in states:
                continue
            if event.type == JOINED:
                joined.append(event)
            if event.type == JOINED or _refuses(event) or self._unmakes(event):
                changed.append(Home(event.subject, partition))
        books = self._read([_source_of(event) for event in joined])
        for event in joined:
            self._take_offers(Home(event.subject, partition), _source_of(event))
            # Of two arrivals of one subject the first takes all: a later plan arrives again.
            theirs = books.pop(_source_of(event), None)
            if theirs is not None:
                home = Home(event.subject, partition)
                self._take_over(home, event, states[event.subject], theirs)
        for home, plans in self._read(changed).items():
            if plans.rows:
                self._recheck(home, states[home.subject])

    def _unmakes(self, event: Event) -> bool:
        """Return True where a contact turns out to be none, and plans may have needed it."""
        return event.type == "sms_failed" and self.policy.needs_contacts

    def _take_offers(self, home: Home, source: Home) -> None:
        """Let what the merged visitor was offered bind the one that stays."""
        if self.store.visitors.person_of(source).into == home:
            self.store.offers.take_over(source, home, now())

    def _take_over(self, home: Home, event: Event, state: VisitorState, theirs: Plans) -> None:
        """Move the plans of a merged visitor into the book of the one that stays."""
        source = _source_of(event)
        if self.store.visitors.person_of(source).into != home:
            # After a split, what came late joins as well: nobody turned out to be somebody else.
            return
        place, stamp = header_of(theirs)
        header = f"{theirs.count} {place.decode()} {stamp}"
        moved = theirs.moved_from(source.partition, source.subject)
        done = self._change(home, state, moved, event.event_id, header)
        self.store.withdrawals.drop_book(source, done)

    def _recheck(self, home: Home, state: VisitorState) -> None:
        """Withdraw plans that what is known of their visitor forbids."""
        self._change(home, state, NO_PLANS, "", "")

    def _read(self, homes: Sequence[Home]) -> dict[Home, Plans]:
        """Read books of plans; subjects without any are left out."""
        groups: dict[int, list[str]] = defaultdict(list)
        for home in dict.fromkeys(homes):
            groups[home.partition].append(home.subject)
        return {
            Home(subject, p): plans
            for p, subjects in groups.items()
            for subject, plans in self.store.withdrawals.read_books(p, subjects, now()).items()
        }

    def _change(
        self, home: Home, state: VisitorState, moved: Plans, cause: str, header: str
    ) -> str:
        """Settle a visitor's plans together with those that are taken over.

        Returns:
            The header of the book that was taken over by this cause, this time or before.
        """
        for _ in range(TRIES):
            own = self._read([home]).get(home, NO_PLANS)
            there = {row[2] for row in (*own.rows, *own.gone)}
            news = [row for row in moved.rows if row[2] not in there]
            plans, gone = self._settled(home, state, (*own.rows, *news))
            if not (gone or header):
                return ""
            kept = (*own.gone, *moved.gone, *plans.gone)
            book = Plans(own.count, plans.rows, _still_due(home, kept))
            change = BookChange(home, own.count, book, gone, cause, header)
            done = self.store.withdrawals.settle(change)
            if done is not None:
                return done
        raise StoreAwayError("too many plan for the same visitor at once")

    def _settled(
        self, home: Home, state: VisitorState, rows: Sequence[Row]
    ) -> tuple[Plans, list[WithdrawnPlan]]:
        """Return the plans that stay and those that go, and what is to be listed of these."""
        made = decode_rows(rows, home.partition, home.subject)
        wanted = [
            PlannedContact(row[0], x.period, _contact(x)) for row, x in zip(rows, made, strict=True)
        ]
        known = self.policy.in_own_words(read_contact_facts(state, (), None))
        if self.policy.tells_content:
            known = known._replace(contacts=with_planned_content(known.contacts, made))
        reasons = settle_plans(self.policy, known, wanted, now())
        stay = [row for i, row in enumerate(rows) if i not in reasons]
        out = [i for i, reason in reasons.items() if reason != PAST]
        gone = [(WITHDRAWN, *rows[i][1:]) for i in out]
        listed = [withdrawn_plan(made[i], reasons[i]) for i in out]
        stay.sort(key=lambda row: -row[3])
        return Plans(0, tuple(stay), tuple(gone)), listed


def _source_of(joined: Event) -> Home:
    """Return the subject whose state arrived: its id tells from which partition."""
    return Home(str(joined.fields[FROM]), int(joined.event_id.split(":")[1]))


def _contact(plan: StandingDecision) -> Contact:
    made = plan.decision
    return Contact(made.due or 0.0, made.channel, made.page, content_of(made))


def _still_due(home: Home, rows: Sequence[Row]) -> tuple[Row, ...]:
    """Return the withdrawn plans whose time has not passed: later ones need not be named."""
    made = decode_rows(rows, home.partition, home.subject)
    at = now()
    return tuple(row for row, x in zip(rows, made, strict=True) if (x.decision.due or 0.0) > at)


def _refuses(event: Event) -> bool:
    """Return True where a visitor says no to a channel, or complains."""
    return is_refusal(event) or event.type == "complaint"
