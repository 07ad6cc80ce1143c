"""Shared distributions: visitors of one context and the same options have the same.

It is computed for the first of them, by `choice.choose` as for anybody; the others only draw. A
decision made so is the one that `choose` would have made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from bandits.distribution import draw_one, uniform_from_key
from nudge.domain.choosing.choice import draw_key
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.journal.block import shape_of
from nudge.domain.journal.records import Decision, DecisionReason
from nudge.domain.slots.slot import Availability, Scalar, Slot
from nudge.domain.timing.windows import OTHER_PURPOSE

DRAWN: Final = frozenset({DecisionReason.POLICY, DecisionReason.SHADOW})
"""Reasons of decisions that hang on `u`."""
_EVERYBODY: Final = Availability()


@dataclass(frozen=True, slots=True)
class SharedDistribution:
    """The distribution that visitors of a group share.

    Attributes:
        shape: the part that their decisions have in common.
        choice: index of the eligible variant, where nothing is drawn; None where it is drawn.
        shown: variant that is used whatever is drawn, in shadow mode; None for the one drawn.
        gain: value of one visitor that the policy expects, in the unit of the reward.
        blocked: variant -> reason, where nothing can be used; empty otherwise.
    """

    shape: Decision
    choice: int | None
    shown: str | None
    gain: float
    blocked: Mapping[str, str]

    def draw(self, subject: str, key: bytes) -> tuple[int, int]:
        """Draw for one visitor of the group; `key` is the secret of draws.

        Returns:
            The 64-bit draw, and the index of the eligible variant that it leads to.
        """
        u = uniform_from_key(draw_key(self.shape.unit, subject, self.shape.period), key)
        return u, draw_one(self.shape.pmf, u) if self.choice is None else self.choice

    def find_used(self, choice: int) -> str:
        """Return the variant that is used where the eligible variant of this index is drawn."""
        return self.shown or self.shape.eligible[choice]


def share_distribution(
    served: LiveSlot, made: Decision, context: Mapping[str, Scalar]
) -> SharedDistribution:
    """Return the distribution of a whole group from the decision of one of its visitors.

    `made` is the decision of `choose`, in the context that the policy saw.
    """
    shown = served.slot.fallback_for(made.page) if made.reason == DecisionReason.SHADOW else None
    used = shown or made.variant
    possible = made.reason != DecisionReason.FALLBACK and used in made.eligible
    removed = {name: why for name, why in made.removed.items() if why != OTHER_PURPOSE}
    return SharedDistribution(
        shape=shape_of(replace(made, removed=removed)),
        choice=None if made.reason in DRAWN else made.eligible.index(made.variant),
        shown=shown,
        gain=_gain(served, made, shown, context),
        blocked={} if possible else removed or dict(made.removed) or {used: made.reason},
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
    """Return whether the variants depend on their windows and the slot's context alone."""
    return slot.affordable is None and all(v.availability == _EVERYBODY for v in slot.variants)
