"""The desk that says which measure is due for a case, and why none may be granted: a read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, NamedTuple, Protocol

from nudge.domain.care.case import Case
from nudge.domain.choosing.choice import ChoiceInput, StandingDecision
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.choosing.requests import DecisionRequest
from nudge.domain.contact.contact import ContactFacts
from nudge.domain.contact.contact_capacity import Capacity
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.identity.sealing import Home
from nudge.domain.measures.measure import CHANNEL, Measure, due_measure
from nudge.domain.measures.measure_contact import ContactSearch
from nudge.domain.measures.measure_options import list_options
from nudge.domain.measures.measure_reasons import MeasureReason, same_text
from nudge.domain.measures.measure_state import MeasureState, benefit_problem, refused_case
from nudge.domain.measures.measure_view import measure_view
from nudge.domain.people.visitor import VisitorState
from nudge.domain.timing.plan_request import contact_facts_of
from nudge.store.store import Store
from nudge.store.vault.visitors import VisitorView

PAGE: Final = "worklist"
"""Page of the decisions that are made for cases."""


class VisitorDecider(Protocol):
    """The flow that decides for a visitor by subject: `SubjectDecider`."""

    def know(
        self,
        live: Mapping[str, LiveSlot],
        view: VisitorView,
        request: DecisionRequest,
        at: float,
        source: str = "",
    ) -> ChoiceInput:
        """Return all that a decision would look at."""
        ...

    def decide(
        self,
        live: Mapping[str, LiveSlot],
        view: VisitorView,
        request: DecisionRequest,
        at: float,
        source: str,
    ) -> StandingDecision:
        """Decide one slot; a repeated call gets what stands."""
        ...

    def seal(self, decision: StandingDecision) -> str:
        """Return the id of a decision, as callers know it."""
        ...


class CaseVisitor(NamedTuple):
    """The visitor of a case, as the store knows whom the case is about now.

    Attributes:
        view: of the visitor.
        state: of the visitor.
        known: as for a decision.
    """

    view: VisitorView
    state: VisitorState
    known: ChoiceInput


@dataclass(frozen=True)
class MeasureDesk:
    """The desk that says which measures are due.

    Attributes:
        store: of the installation.
        decider: of the measures' slots.
        slots: in service.
        measures: by name, in the order of the file.
        policy: of contacts; None where none is configured.
    """

    store: Store
    decider: VisitorDecider
    slots: Mapping[str, LiveSlot]
    measures: Mapping[str, Measure]
    policy: ContactPolicy | None

    def find(self, cases: Sequence[Case], at: float) -> dict[str, MeasureState]:
        """Return the state of the measure of each case, by the case's id.

        All visitors are read together: a page of cases costs few round trips.

        Args:
            cases: of any kind.
            at: seconds, now.

        Raises:
            StoreAwayError: no answer.
        """
        found = {case.id: self._refused(case) for case in cases}
        asked = [case for case in cases if found[case.id] is None]
        visitors = self.visitors(asked, at)
        search = self._search(at) if asked else ContactSearch(None, Capacity(), at)
        states = {case.id: self.state(case, visitors[home_of(case)], search) for case in asked}
        return {name: one or states[name] for name, one in found.items()}

    def look(self, case: Case, at: float) -> tuple[CaseVisitor, MeasureState]:
        """Return the visitor of one case, and the state of its measure.

        Raises:
            StoreAwayError: no answer.
        """
        visitor = self.visitors((case,), at)[home_of(case)]
        state = self._refused(case) or self.state(case, visitor, self._search(at))
        return visitor, state

    def visitors(self, cases: Sequence[Case], at: float) -> dict[Home, CaseVisitor]:
        """Return the visitors of cases, by the home of the case's subject.

        Raises:
            StoreAwayError: no answer.
        """
        homes = list(dict.fromkeys(map(home_of, cases)))
        stock = any(live.slot.limits for live in self._asked.values())
        views = self.store.visitors.follow_each(homes, stock=stock)
        return {home: self._visitor(view, at) for home, view in zip(homes, views, strict=True)}

    def state(self, case: Case, visitor: CaseVisitor, search: ContactSearch) -> MeasureState:
        """Return the state of the measure of one case at the moment of a search."""
        measure = due_measure(case, self.measures, visitor.known.context, search.at)
        if measure is None:
            return MeasureState(None, MeasureReason.NOT_DUE)
        contact = search.find(measure, case, self._facts(visitor, search.at))
        state = MeasureState(measure, contact=contact, due=measure.due(case))
        if not measure.slot:
            return state._replace(reason=MeasureReason.NO_BENEFIT)
        live = self.slots.get(measure.slot)
        if live is None:
            return state._replace(reason=MeasureReason.NO_SLOT, detail=same_text(measure.slot))
        return _with_options(state, live, visitor)

    def _search(self, at: float) -> ContactSearch:
        """Return the search for contacts; it knows what is used of the gateways."""
        policy, book = self.policy, self.store.capacity
        used = book.of_channels(policy, policy.channels) if policy else Capacity()
        return ContactSearch(policy, used, at)

    def _facts(self, visitor: CaseVisitor, at: float) -> ContactFacts:
        if self.policy is None:
            return ContactFacts()
        assigned = visitor.view.assigned.values()
        return contact_facts_of(self.policy, assigned, visitor.state, at)

    def _visitor(self, view: VisitorView, at: float) -> CaseVisitor:
        request = DecisionRequest(view.subject, CHANNEL, PAGE, tuple(self._asked))
        known = self.decider.know(self.slots, view, request, at)
        return CaseVisitor(view, self.store.state_reader.state(view.state), known)

    def _refused(self, case: Case) -> MeasureState | None:
        grant = case.grant
        measure = self.measures.get(str(grant.fact("measure"))) if grant else None
        live = self.slots.get(str(grant.fact("slot"))) if grant else None
        titles = {one.name: one.title for one in live.slot.variants} if live else {}
        return refused_case(case, measure, titles)

    @cached_property
    def _asked(self) -> dict[str, LiveSlot]:
        """The slots of the measures that are in service."""
        names = dict.fromkeys(one.slot for one in self.measures.values())
        return {name: self.slots[name] for name in names if name in self.slots}


def describe_measures(
    desk: MeasureDesk, cases: Sequence[Case], at: float, label: Callable[[float], str]
) -> dict[str, dict[str, Any]]:
    """Return the measure of each case as a plain table, by the case's id, for a page of a list.

    Args:
        desk: of the installation.
        cases: of any kind.
        at: seconds, now.
        label: formats a moment in seconds.

    Raises:
        StoreAwayError: no answer.
    """
    return {name: measure_view(one, label) for name, one in desk.find(cases, at).items()}


def home_of(case: Case) -> Home:
    """Return the home of the subject under which a case was opened."""
    return Home(case.subject, case.partition)


def through(known: ChoiceInput, measure: Measure, channel: str) -> ChoiceInput:
    """Return what is known where a measure is told by a channel."""
    ask = replace(known.ask, channel=channel, slots=(measure.slot,))
    return replace(known, ask=ask, context={**known.context, "channel": channel})


def _with_options(state: MeasureState, live: LiveSlot, visitor: CaseVisitor) -> MeasureState:
    """Return a state with the variants of the slot, and what keeps the benefits back."""
    measure, contact = state.measure, state.contact
    assert measure is not None  # noqa: S101 - the caller found one
    channel = (contact.channel if contact else "") or measure.channels[0]
    known = through(visitor.known, measure, channel)
    options = list_options(live, known, visitor.view.assigned)
    problem = benefit_problem(options)
    if problem is not None:
        return state._replace(options=options, reason=problem[0], detail=problem[1])
    if contact is not None and not contact.channel:
        return state._replace(options=options, reason=MeasureReason.NO_CONTACT)
    return state._replace(options=options)
