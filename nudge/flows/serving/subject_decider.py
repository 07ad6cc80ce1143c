"""Decisions for visitors whom the service found by itself, such as the one of a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from nudge.domain.choosing.choice import ChoiceInput, StandingDecision
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.choosing.requests import DecisionRequest
from nudge.domain.identity.sealing import Sealer
from nudge.domain.journal.caller import Caller
from nudge.domain.people.rhythm import Rhythm
from nudge.domain.slots.segments import Segments
from nudge.errors import StoreAwayError
from nudge.flows.serving.identify import PageVisitor
from nudge.flows.serving.know import Knower
from nudge.flows.serving.log import DecisionLog
from nudge.store.store import Store
from nudge.store.vault.visitors import VisitorView


@dataclass(frozen=True)
class SubjectDecider:
    """The flow that decides for a visitor by subject: the steps of a page behind `identify`.

    Who asks speaks for the operator, as a server does, whatever the scopes of the key are.

    Attributes:
        store: of the installation.
        sealer: has the key of the draw.
        holdout: global share of subjects who are never personalised.
        segments: that visitors may belong to.
        rhythm: of the crowd; None where none is known.
    """

    store: Store
    sealer: Sealer
    holdout: float
    segments: Segments
    rhythm: Rhythm | None = None

    def know(
        self,
        live: Mapping[str, LiveSlot],
        view: VisitorView,
        request: DecisionRequest,
        at: float,
        source: str = "",
    ) -> ChoiceInput:
        """Return all that a decision would look at; nothing is written.

        Args:
            live: slots in service.
            view: of the visitor.
            request: with the slots that may be decided.
            at: seconds, now.
            source: id of the API key; empty for a command.
        """
        return self._knower.know(request, _visitor(view), _asker(source), live, at).choice

    def decide(
        self,
        live: Mapping[str, LiveSlot],
        view: VisitorView,
        request: DecisionRequest,
        at: float,
        source: str,
    ) -> StandingDecision:
        """Decide one slot, logged before it is answered; a repeated call gets what stands.

        Args:
            live: slots in service.
            view: of the visitor.
            request: of one slot.
            at: seconds, now.
            source: id of the API key; empty for a command.

        Raises:
            StoreAwayError: no answer; the same call goes on.
        """
        (name,) = request.slots
        known = self.know(live, view, request, at, source)
        log = DecisionLog(self.store, None)
        logged = log.choose_and_log([live[name]], known, _visitor(view))
        if logged.unlogged:
            raise StoreAwayError("the decision may not have been written; ask again")
        return logged.standing[0]

    def seal(self, decision: StandingDecision) -> str:
        """Return the id of a decision, as callers know it."""
        return self.sealer.seal(decision.ref)

    @cached_property
    def _knower(self) -> Knower:
        reader = self.store.state_reader
        return Knower(self.sealer, self.holdout, self.segments, self.rhythm, reader)


def _visitor(view: VisitorView) -> PageVisitor:
    return PageVisitor(view, None, degraded=False, lookup="", by_server=True)


def _asker(source: str) -> Caller:
    return Caller(source, frozenset({"ingest"}))
