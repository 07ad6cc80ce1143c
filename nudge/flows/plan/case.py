"""A customer who is planned for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nudge.domain.choosing.asked import Ask
from nudge.domain.choosing.choice import Kept
from nudge.domain.contact.contact import Contact, Known
from nudge.domain.journal.block import Drawn
from nudge.domain.people.visitor import VisitorState
from nudge.domain.slots.slot import Scalar
from nudge.domain.slots.window import SLOT
from nudge.domain.timing.alike import Alike
from nudge.domain.timing.chance import Chance
from nudge.domain.timing.plan_answer import Plan
from nudge.domain.timing.planning import Wish
from nudge.store.vault.visitors import Opened


@dataclass(slots=True)
class Case:
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

    wish: Wish
    opened: Opened
    state: VisitorState
    context: Mapping[str, Scalar]
    known: Known
    plans: Mapping[Contact, Kept]
    unit: str
    chance: Chance
    alike: Alike | None = None
    gain: float = 0.0
    left: Chance | None = None
    version: int = -1
    drawn: Drawn | None = None
    blocked: Mapping[str, str] = field(default_factory=dict)
    plan: Plan | None = None
    besides: dict[str, Kept] = field(default_factory=dict)

    @property
    def due(self) -> float | None:
        """Seconds, when the new plan is to be sent; None without one."""
        return self.drawn.due if self.drawn else None


def ask_of(wish: Wish) -> Ask:
    """As a page would ask; its page is the purpose."""
    return Ask(wish.visitor_id, wish.channel, wish.purpose, (SLOT, *wish.slots), wish.context)
