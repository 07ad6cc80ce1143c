"""Log: decisions are in the journal, or in the spool, before they are answered."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from nudge import faults
from nudge.domain.choosing.choice import ChoiceInput, StandingDecision, orphans
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.choosing.page_choice import (
    NewDecision,
    choose_page,
    redraw_stocked,
)
from nudge.domain.identity.sealing import Home, away_ref
from nudge.domain.journal.records import Decision
from nudge.errors import SpoolFullError, StoreAwayError
from nudge.flows.serving.identify import PageVisitor
from nudge.spool.spool import Spool
from nudge.store.journal.appends import (
    Append,
    AppendedDecision,
    behind_others,
)
from nudge.store.keeping.spooled_append import SpooledAppend, pack
from nudge.store.store import Store

PATIENCE: Final = 0.05
"""Seconds: a page is not kept waiting by a disk that stalls. What it is answered then outlives the
process, and the machine as soon as the disk goes on."""


class UnloggedDecision(NamedTuple):
    """A decision that the store did not take.

    Attributes:
        standing: under a reference of its own, since the journal cannot number it.
        lookup: hash of its visitor, who is looked up when it leaves the spool; empty if known.
        by_server: a server asked for it.
        keep_for: seconds that it sticks, once the store has it.
    """

    standing: StandingDecision
    lookup: str
    by_server: bool = False
    keep_for: float = 0.0


class LoggedPage(NamedTuple):
    """A page's decisions.

    Attributes:
        standing: in the journal.
        unlogged: not there; the spool may take them.
    """

    standing: list[StandingDecision]
    unlogged: list[UnloggedDecision]


@dataclass(frozen=True)
class DecisionLog:
    """The fourth step of a decision; the third, choosing, is repeated where stock ran out.

    Attributes:
        store: of the installation.
        spool: takes what the store does not; None for who asks again instead.
        patience: seconds that a page waits for the disk under the spool; None has no bound.
    """

    store: Store
    spool: Spool | None
    patience: float | None = PATIENCE

    def choose_and_log(
        self, slots: Sequence[LiveSlot], known: ChoiceInput, visitor: PageVisitor
    ) -> LoggedPage:
        """Choose for every slot and append what is new: one write.

        A slot whose last unit of stock was taken by somebody else meanwhile is drawn again, and one
        that would contradict what another call has offered.
        """
        keep_for = max(live.slot.stickiness.period for live in slots)
        assigned = visitor.view.assigned
        logged = LoggedPage([], [])
        while slots:
            standing, fresh = choose_page(slots, known, assigned)
            logged.standing.extend(standing)
            if not fresh:
                break
            if known.degraded:
                decisions = [one.decision for one in fresh]
                logged.unlogged.extend(_unlogged(decisions, visitor, known.at, keep_for))
                break
            try:
                made = self._append(visitor, fresh, keep_for)
            except StoreAwayError:
                # It went away after the visitor was read: as if it had been before.
                decisions = redraw_stocked(fresh, known, assigned)
                logged.unlogged.extend(_unlogged(decisions, visitor, known.at, keep_for))
                break
            slots = []
            for one, stands in zip(fresh, made, strict=True):
                if isinstance(stands, StandingDecision):
                    logged.standing.append(stands)
                else:
                    slots.append(one.live)
            known = behind_others(known, made) if slots else known
        return logged

    def adopt(self, visitor: PageVisitor) -> None:
        """Give the visitor what a first visit was given before it had a token.

        A third round trip, which few pages need: only where such decisions are there. Idempotent.
        """
        view = visitor.view
        units = {} if view.public or visitor.degraded else orphans(view.assigned)
        if units:
            with suppress(StoreAwayError):  # then it is done at the next call
                self.store.visitors.adopt(Home(view.subject, view.partition), units)

    def keep(self, unlogged: Sequence[UnloggedDecision]) -> bool:
        """Put decisions where they outlive this process; False where the spool takes no more."""
        if not unlogged:
            return True
        if self.spool is None:
            return False
        items = [
            SpooledAppend(
                one.standing.ref.partition,
                _append_of(one),
                closes=True,
                lasting=one.by_server,
                keep_for=one.keep_for,
            )
            for one in unlogged
        ]
        try:
            self.spool.append([pack(item) for item in items], self.patience)
        except SpoolFullError:
            return False
        return True

    def _append(
        self, visitor: PageVisitor, fresh: Sequence[NewDecision], keep_for: float
    ) -> list[AppendedDecision]:
        faults.point("decide.before_append")
        partition, by_page = visitor.view.partition, not visitor.by_server
        made = self.store.journal.append_taking(partition, fresh, keep_for, by_page=by_page)
        faults.point("decide.after_append")
        return made


def _append_of(one: UnloggedDecision) -> Append:
    return Append(one.lookup, one.standing.decision)


def _unlogged(
    decisions: Sequence[Decision], visitor: PageVisitor, at: float, keep_for: float
) -> list[UnloggedDecision]:
    """The decisions under references that need no journal; degraded, whatever was known before."""
    found = []
    for decision in decisions:
        ref = away_ref(visitor.view.partition)
        own = replace(decision, ref=ref, at=at, degraded=True)
        standing = StandingDecision(ref, own, decision.period, fresh=True)
        found.append(UnloggedDecision(standing, visitor.lookup, visitor.by_server, keep_for))
    return found
