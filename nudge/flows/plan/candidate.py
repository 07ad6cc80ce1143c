"""A customer who is planned for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nudge.domain.choosing.choice import StandingDecision
from nudge.domain.choosing.requests import DecisionRequest
from nudge.domain.contact.contact import Contact, ContactFacts
from nudge.domain.journal.block import BlockDecision
from nudge.domain.people.visitor import VisitorState
from nudge.domain.slots.slot import Scalar
from nudge.domain.slots.window import SLOT
from nudge.domain.timing.plan_answer import StandingPlan
from nudge.domain.timing.plan_request import PlanRequest
from nudge.domain.timing.send_options import SendOptions
from nudge.domain.timing.shared_distribution import SharedDistribution
from nudge.store.vault.visitors import VisitorView


@dataclass(slots=True)
class Candidate:
    """A customer who is planned for.

    Attributes:
        wish: the question.
        opened: the visitor.
        state: of the visitor.
        context: what rules and policies see.
        known: what the contact policy asks for.
        plans: what else is planned for them.
        unit: that the plan sticks by.
        chance: what is possible.
        alike: what customers like this one come to; None where the customer is looked at alone.
        gain: what the policy expects of a plan.
        left: what is possible within the capacity.
        version: of the capacity when it was looked at.
        drawn: a new plan; None where there is none.
        blocked: window -> why not, where nothing may be sent.
        plan: what stands in the end.
        besides: slot -> what else goes into the SMS.
    """

    wish: PlanRequest
    opened: VisitorView
    state: VisitorState
    context: Mapping[str, Scalar]
    known: ContactFacts
    plans: Mapping[Contact, StandingDecision]
    unit: str
    chance: SendOptions
    alike: SharedDistribution | None = None
    gain: float = 0.0
    left: SendOptions | None = None
    version: int = -1
    drawn: BlockDecision | None = None
    blocked: Mapping[str, str] = field(default_factory=dict)
    plan: StandingPlan | None = None
    besides: dict[str, StandingDecision] = field(default_factory=dict)

    @property
    def due(self) -> float | None:
        """Seconds, when the new plan is to be sent; None without one."""
        return self.drawn.due if self.drawn else None


def ask_of(wish: PlanRequest) -> DecisionRequest:
    """As a page would ask; its page is the purpose."""
    return DecisionRequest(
        wish.visitor_id, wish.channel, wish.purpose, (SLOT, *wish.slots), wish.context
    )
