"""From what the store knows of a customer to what is decided. No store in here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

from nudge.domain.basics.slot_values import is_number
from nudge.domain.choosing.choice import ChoiceInput, StandingDecision, choose
from nudge.domain.contact.contact_capacity import Capacity
from nudge.domain.journal.block import BlockDecision, drawn_of
from nudge.domain.people.failures import with_failure_told
from nudge.domain.people.visitor import VisitorState
from nudge.domain.people.visitor_codec import decode_person
from nudge.domain.slots.segments import Segments, name_segments
from nudge.domain.slots.window import SLOT
from nudge.domain.timing.plan_answer import StandingPlan
from nudge.domain.timing.plan_request import PlanRequest, known_of, planned
from nudge.domain.timing.send_options import SendOptions
from nudge.domain.timing.shared_distribution import SharedDistribution, alike_of
from nudge.flows.plan.candidate import Candidate, ask_of
from nudge.flows.plan.minute_table import MinuteTable
from nudge.store.vault.visitors import VisitorView

_NOBODY: Final = VisitorState()


@dataclass(frozen=True)
class PlanningRound:
    """Where customers are looked at.

    Attributes:
        table: what they have in common.
        segments: that visitors may belong to.
        holdout: global share.
        key: secret, of draws.
        source: id of the API key.
        at: seconds, now.
    """

    table: MinuteTable
    segments: Segments
    holdout: float
    key: bytes
    source: str
    at: float

    def case(self, wish: PlanRequest, opened: VisitorView) -> Candidate:
        """A customer, with what is possible."""
        at, table = self.at, self.table
        state = decode_person(opened.state) if opened.state else _NOBODY
        context = with_failure_told(state.context(at), wish.context, at)
        context["channel"], context["page"] = wish.channel, wish.purpose
        context = name_segments(self.segments, context, at)
        unit = table.unit(wish, context)
        assigned = opened.assigned
        plans = planned((k for u, k in assigned.items() if u != unit), at) if assigned else {}
        known = known_of(state, plans, wish.zone)
        expected = context.get("expected_at")
        chance = table.chances.of(
            known,
            wish.purpose,
            wish.channel,
            expected if is_number(expected) else None,
            assigned.get(unit),
        )
        return Candidate(wish, opened, state, context, known, plans, unit, chance)

    def look(self, case: Candidate, capacity: Capacity) -> None:
        """See what is possible within the capacity, and what it may be worth."""
        wish, chance = case.wish, case.chance
        case.version = capacity.version
        case.drawn = case.plan = case.alike = None
        case.blocked = {}
        if chance.past:
            case.plan = _kept(chance.past)
            return
        most = self.table.limit(wish.purpose, wish.channel)
        left = case.left = self.table.chances.left(chance, capacity, wish.channel, most)
        before = case.opened.assigned.get(case.unit)
        if before is not None and before.period == chance.cycle:
            self._look_again(case, chance if chance.stands else left)
        else:
            alone = partial(self.alone, case, left)
            self._found(case, self.table.alike(case, left, self, alone))

    def _look_again(self, case: Candidate, chance: SendOptions) -> None:
        """A customer with a plan of this cycle, which may stand or not."""
        setting = self.setting(case, chance)
        found = choose(self.table.served, setting, case.opened.assigned)
        if isinstance(found, StandingDecision):
            case.plan = _kept(found)
            return
        self._found(case, alike_of(self.table.served, found, case.context))
        case.drawn = drawn_of(found)

    def _found(self, case: Candidate, alike: SharedDistribution) -> None:
        case.alike, case.gain, case.blocked = alike, alike.gain, alike.blocked

    def alone(self, case: Candidate, chance: SendOptions) -> SharedDistribution:
        """What one customer comes to, who has no plan of this cycle."""
        served = self.table.served
        made = choose(served, self.setting(case, chance), {})
        if isinstance(made, StandingDecision):
            raise TypeError("nothing is kept for nobody")
        return alike_of(served, made, case.context)

    def draw(self, case: Candidate, capacity: Capacity) -> None:
        """Draw a new plan and its time, and take the hour; nothing where one stands, or none can.

        An hour that is full by now is looked for no more: the distribution is over what is left.
        """
        if case.version != capacity.version:
            self.look(case, capacity)
        alike, left, subject = case.alike, case.left, case.opened.subject
        if alike is None or left is None or alike.blocked:
            case.drawn = None
            return
        before, shape = case.drawn, alike.shape
        u, choice = (before.u, before.choice) if before else alike.draw(subject, self.key)
        key = f"{shape.unit}|{subject}|{shape.period}|send"
        due = left.send_time(alike.used(choice), key, self.key)
        replaced = before.supersedes if before else None
        case.drawn = BlockDecision(shape, subject, u, choice, due, replaced)
        if self.table.limit(case.wish.purpose, case.wish.channel) is not None:
            capacity.take(case.wish.channel, due)

    def setting(self, case: Candidate, chance: SendOptions) -> ChoiceInput:
        """Everything known when the customer's slots are decided."""
        opened = case.opened
        before = opened.assigned.get(case.unit)
        lost = before is not None and not chance.stands
        return ChoiceInput(
            ask=ask_of(case.wish),
            subject=opened.subject,
            context=case.context,
            at=self.at,
            holdout=self.holdout,
            source=self.source,
            key=self.key,
            degraded=False,
            benefits=case.state.benefits,
            left=opened.left,
            amounts=frozenset(fen / 100 for fen in case.state.amounts),
            blocked={SLOT: chance.blocked},
            periods={SLOT: chance.cycle},
            withdrawn={SLOT} if lost else (),
        )


def _kept(kept: StandingDecision) -> StandingPlan:
    """The plan that was there before."""
    return StandingPlan(kept.ref, drawn_of(kept.decision), fresh=False)
