"""The round of planning: from what the store knows of a visitor to a draw. No store in here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from nudge.domain.basics.money import yuan_of
from nudge.domain.basics.slot_values import is_number
from nudge.domain.choosing.choice import ChoiceInput, StandingDecision, choose
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.choosing.standing_offers import every_offer
from nudge.domain.choosing.stock import field_of
from nudge.domain.contact.contact_capacity import Capacity
from nudge.domain.journal.block import BlockDecision, drawn_of
from nudge.domain.journal.records import Decision
from nudge.domain.people.failures import with_failure_told
from nudge.domain.people.rhythm import Rhythm
from nudge.domain.people.visitor import VisitorState
from nudge.domain.slots.segments import Segments, name_segments
from nudge.domain.slots.slot import Scalar
from nudge.domain.slots.window import SLOT
from nudge.domain.timing.plan_answer import StandingPlan, find_shown
from nudge.domain.timing.plan_request import (
    CONTENT,
    PlanRequest,
    list_plans,
    read_contact_facts,
    with_planned_content,
)
from nudge.domain.timing.send_options import SendOptions
from nudge.domain.timing.shared_distribution import SharedDistribution, share_distribution
from nudge.flows.plan.candidate import (
    Candidate,
    Outlook,
    PlanDraft,
    make_decision_request,
)
from nudge.flows.plan.minute_table import MinuteTable
from nudge.store.vault.state_reader import StateReader
from nudge.store.vault.visitors import VisitorView


@dataclass(frozen=True)
class PlanningRound:
    """A round of planning: many candidates, one caller, one moment.

    Attributes:
        table: part that the candidates have in common.
        segments: that visitors may belong to.
        holdout: global share.
        key: secret, of draws.
        source: id of the API key.
        at: seconds, now.
        states: reads those of visitors.
        slots: that may be decided for the same SMS, by name.
        rhythm: of the crowd; None where none is known.
    """

    table: MinuteTable
    segments: Segments
    holdout: float
    key: bytes
    source: str
    at: float
    states: StateReader = field(default_factory=StateReader)
    slots: Mapping[str, LiveSlot] = field(default_factory=dict)
    rhythm: Rhythm | None = None

    def open_candidate(self, wish: PlanRequest, opened: VisitorView) -> Candidate:
        """Return the candidate for a question, with the options that the contact policy leaves."""
        at, table, assigned = self.at, self.table, opened.assigned
        state = self.states.person(opened.state)
        context = with_failure_told(state.context(at, self.rhythm), wish.context, at)
        context["channel"], context["page"] = wish.channel, wish.purpose
        context = name_segments(self.segments, context, at)
        unit = table.find_unit(wish, context)
        others = (k for u, k in assigned.items() if u != unit)
        plans = list_plans(others, at, state.contacts) if assigned else {}
        known = read_contact_facts(state, plans, wish.zone)
        policy, content = table.calendar.policy, wish.content
        known = policy.in_own_words(known)
        if policy.tells_content:
            known = known._replace(contacts=with_planned_content(known.contacts, assigned.values()))
        # A variant of a slot is an offer, whatever the caller calls what the SMS says.
        if wish.slots and wish.purpose in policy.exempt:
            content = self._foresee_content(wish, opened, state, context)
        elif policy.tells_content:
            content = content or self._foresee_content(wish, opened, state, context)
        day = context.get("expected_at")
        expected_at = day if is_number(day) else None
        before = assigned.get(unit)
        ask = known, wish.purpose, wish.channel, expected_at, before, content
        options = table.options.find_options(*ask)
        return Candidate(wish, opened, state, context, known, plans, unit, before, options, content)

    def _foresee_content(
        self,
        wish: PlanRequest,
        opened: VisitorView,
        state: VisitorState,
        context: Mapping[str, Scalar],
    ) -> str:
        """Return the variant that the first further slot will be decided for; empty without one.

        A draw hangs on the visitor and the period, not on the SMS's time. Where the last unit of a
        variant goes meanwhile, another one is sent, and this one counts.
        """
        live = self.slots.get(wish.slots[0]) if wish.slots else None
        if live is None:
            return ""
        found = choose(live, self._make_input(wish, opened, state, context), opened.assigned)
        made = found.decision if isinstance(found, StandingDecision) else found
        return field_of(made.slot, find_shown(live, made))

    def look(self, candidate: Candidate, capacity: Capacity) -> Outlook:
        """Return what is possible within the capacity, and what it may be worth."""
        wish, options = candidate.wish, candidate.options
        version = capacity.version
        if options.past:
            return Outlook(version, standing=_make_standing(options.past))
        most = self.table.find_limit(wish.purpose, wish.channel)
        left = self.table.options.subtract_full(options, capacity, wish.channel, most)
        before = candidate.before
        if before is not None and before.period == options.cycle:
            return self._look_again(candidate, left, version)
        shared = self._find_shared(candidate, left)
        return Outlook(version, left, shared, shared.gain)

    def _look_again(self, candidate: Candidate, left: SendOptions, version: int) -> Outlook:
        """Return the outlook of a candidate with a plan of this cycle, which may stand or not."""
        served, options = self.table.served, candidate.options
        given = self.make_choice_input(candidate, options if options.stands else left)
        found = choose(served, given, candidate.opened.assigned)
        if isinstance(found, StandingDecision):
            return Outlook(version, left, standing=_make_standing(found))
        shared = self._share(candidate, found)
        return Outlook(version, left, shared, shared.gain, drawn_of(found))

    def _find_shared(self, candidate: Candidate, left: SendOptions) -> SharedDistribution:
        key = self.table.find_group(candidate, left.mark, self.source, self.holdout)
        if key is None:
            return self._compute_shared(candidate, left)
        shared = self.table.shared
        found = shared.get(key)
        return found or shared.remember(key, self._compute_shared(candidate, left))

    def _compute_shared(self, candidate: Candidate, left: SendOptions) -> SharedDistribution:
        """Return the distribution of one candidate, who has no plan of this cycle."""
        served = self.table.served
        made = choose(served, self.make_choice_input(candidate, left), {})
        if isinstance(made, StandingDecision):
            raise TypeError("a decision stands although none was given")
        return self._share(candidate, made)

    def _share(self, candidate: Candidate, made: Decision) -> SharedDistribution:
        """Return the distribution of a candidate's group; its record names the content."""
        if candidate.content:
            made = replace(made, context={**made.context, CONTENT: candidate.content})
        return share_distribution(self.table.served, made, candidate.context)

    def draw(self, candidate: Candidate, outlook: Outlook, capacity: Capacity) -> PlanDraft:
        """Draw a new plan and its time, and take its hour from the capacity.

        No new plan where one stands, or none can. Where an hour is full by now the candidate is
        looked at again first: the distribution is over what is left.
        """
        if outlook.version != capacity.version and outlook.standing is None:
            outlook = self.look(candidate, capacity)
        shared, left, wish = outlook.shared, outlook.left, candidate.wish
        if shared is None or left is None or shared.blocked:
            return PlanDraft(candidate, outlook, None)
        decision = self._draw_time(candidate.opened.subject, shared, left, outlook.redraw)
        if (
            decision.due is not None
            and self.table.find_limit(wish.purpose, wish.channel) is not None
        ):
            capacity.take(wish.channel, decision.due)
        return PlanDraft(candidate, outlook, decision)

    def _draw_time(
        self,
        subject: str,
        shared: SharedDistribution,
        left: SendOptions,
        redraw: BlockDecision | None,
    ) -> BlockDecision:
        shape = shared.shape
        u, choice = (redraw.u, redraw.choice) if redraw else shared.draw(subject, self.key)
        key = f"{shape.unit}|{subject}|{shape.period}|send"
        due = left.find_send_time(shared.find_used(choice), key, self.key)
        return BlockDecision(shape, subject, u, choice, due, redraw.supersedes if redraw else None)

    def make_choice_input(self, candidate: Candidate, options: SendOptions) -> ChoiceInput:
        """Return everything known when the candidate's slots are decided."""
        known = candidate.wish, candidate.opened, candidate.state, candidate.context
        return replace(
            self._make_input(*known),
            blocked={SLOT: options.blocked},
            periods={SLOT: options.cycle},
            withdrawn={SLOT} if candidate.before is not None and not options.stands else (),
        )

    def _make_input(
        self,
        wish: PlanRequest,
        opened: VisitorView,
        state: VisitorState,
        context: Mapping[str, Scalar],
    ) -> ChoiceInput:
        """Return what is known of a visitor before the windows are looked at."""
        return ChoiceInput(
            ask=make_decision_request(wish),
            subject=opened.subject,
            context=context,
            at=self.at,
            holdout=self.holdout,
            source=self.source,
            key=self.key,
            degraded=False,
            benefits=state.benefits,
            left=opened.left,
            amounts=frozenset(map(yuan_of, state.affordable)),
            offers=every_offer(opened.offers, state.contacts, self.slots, self.at),
        )


def _make_standing(before: StandingDecision) -> StandingPlan:
    """Return the plan that was there before."""
    return StandingPlan(before.ref, drawn_of(before.decision), fresh=False)
