"""Customers alike: those of the same context and the same possibilities share a distribution.

It is computed for the first of them, by `choice.choose` as for anybody; the others only draw. A
decision made so is the one that `choose` would have made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bandits.distribution import draw_one, uniform_from_key
from nudge.domain.choosing.choice import SHADOW, draw_key
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.journal.block import shape_of
from nudge.domain.journal.records import Decision
from nudge.domain.slots.slot import Availability, Scalar, Slot

DRAWN: Final = frozenset({"policy", "shadow"})
"""Reasons of decisions that hang on `u`."""
_EVERYBODY: Final = Availability()


@dataclass(frozen=True, slots=True)
class SharedDistribution:
    """What customers alike come to.

    Attributes:
        shape: what their decisions have in common.
        choice: of those whose reason leaves nothing to draw; None where it is drawn.
        shown: what is used whatever is drawn, in shadow mode; None for the variant drawn.
        gain: what the policy expects a customer to be worth, in the unit of the reward.
        blocked: variant -> why not, where nothing can be used; empty otherwise.
    """

    shape: Decision
    choice: int | None
    shown: str | None
    gain: float
    blocked: Mapping[str, str]

    def draw(self, subject: str, key: bytes) -> tuple[int, int]:
        """The draw of one of them, and the index of the eligible variant that it comes to.

        Args:
            subject: of the customer.
            key: secret, of the draw.
        """
        u = uniform_from_key(draw_key(self.shape.unit, subject, self.shape.period), key)
        return u, draw_one(self.shape.pmf, u) if self.choice is None else self.choice

    def used(self, choice: int) -> str:
        """The variant that a decision for the eligible variant of this index makes use of."""
        return self.shown or self.shape.eligible[choice]


def alike_of(served: LiveSlot, made: Decision, context: Mapping[str, Scalar]) -> SharedDistribution:
    """What the decision of one customer says of all who are alike.

    Args:
        served: the slot.
        made: by `choose`.
        context: that the policy saw.
    """
    shown = served.slot.fallback_for(made.page) if made.reason == SHADOW else None
    used = shown or made.variant
    possible = made.reason != "fallback" and used in made.eligible
    return SharedDistribution(
        shape=shape_of(made),
        choice=None if made.reason in DRAWN else made.eligible.index(made.variant),
        shown=shown,
        gain=_gain(served, made, shown, context),
        blocked={} if possible else dict(made.removed) or {used: made.reason},
    )


def _gain(
    served: LiveSlot, made: Decision, shown: str | None, context: Mapping[str, Scalar]
) -> float:
    found: list[float] = served.policy.worth_one(context).tolist()
    worth = dict(zip(served.slot.names, found, strict=True))
    if shown is not None:
        return worth[shown]
    return sum(p * worth[name] for name, p in zip(made.eligible, made.pmf, strict=True))


def is_plain(slot: Slot) -> bool:
    """Whether its variants hang on nothing but their windows and the slot's own context."""
    return slot.affordable is None and all(v.availability == _EVERYBODY for v in slot.variants)
