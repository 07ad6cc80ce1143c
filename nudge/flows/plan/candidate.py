"""Candidates for an SMS: the frozen values that each step of planning takes and returns.

`Candidate` is opened, `Outlook` is looked up, `PlanDraft` is drawn, `SettledPlan` is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

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


class Candidate(NamedTuple):
    """A visitor who may be written to, as the store knew them when they were opened.

    Attributes:
        context: attributes that rules and policies see.
        known: facts that the contact policy asks for.
        plans: other plans of the visitor that are still to be sent.
        unit: key that the plan sticks by.
        before: last plan of the visitor for this purpose, if any.
        options: moments that calendar and contact policy leave, before any capacity.
        content: tag of what the SMS says; empty where nobody told it.
    """

    wish: PlanRequest
    opened: VisitorView
    state: VisitorState
    context: Mapping[str, Scalar]
    known: ContactFacts
    plans: Mapping[Contact, StandingDecision]
    unit: str
    before: StandingDecision | None
    options: SendOptions
    content: str = ""


class Outlook(NamedTuple):
    """The prospects of a candidate under one state of the capacity.

    Attributes:
        version: of the capacity.
        left: options without the hours that are full; None where the plan's time has passed.
        shared: distribution over those options; None where a plan stands.
        gain: expected of a new plan, in the reward's unit; 0 without one.
        redraw: new decision in place of a plan that can stand no longer, still without a time.
        standing: plan that was there before.
    """

    version: int
    left: SendOptions | None = None
    shared: SharedDistribution | None = None
    gain: float = 0.0
    redraw: BlockDecision | None = None
    standing: StandingPlan | None = None

    @property
    def blocked(self) -> Mapping[str, str]:
        """Window -> reason, where nothing may be sent; empty otherwise."""
        return self.shared.blocked if self.shared else {}


class PlanDraft(NamedTuple):
    """A candidate after the draw.

    Attributes:
        outlook: from which it was drawn.
        decision: new plan, to be written; None where a plan stands, or none can.
    """

    candidate: Candidate
    outlook: Outlook
    decision: BlockDecision | None

    @property
    def due(self) -> float | None:
        """Seconds, when the new plan is to be sent; None without one."""
        return self.decision.due if self.decision else None


SettledPlan = tuple[PlanDraft, StandingPlan | None]
"""A draft, and the plan that stands in the end; None where nothing may be sent."""


def make_decision_request(wish: PlanRequest) -> DecisionRequest:
    """Return the question that a page would ask; its page is the purpose."""
    return DecisionRequest(
        wish.visitor_id, wish.channel, wish.purpose, (SLOT, *wish.slots), wish.context
    )
