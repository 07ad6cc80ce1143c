"""Options of a measure: the variants of its slot, each with whether it may be granted. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from nudge.domain.basics.slot_values import is_number
from nudge.domain.choosing.choice import ChoiceInput, StandingDecision, choose
from nudge.domain.choosing.eligibility import KEEPING, removal_reasons
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.slots.slot import Variant

COST: Final = "cost"
"""Attribute of a variant: yuan that granting it costs."""
STANDS: Final = "standing"
"""Reason of a variant where another one of the slot stands for the visitor."""


class MeasureOption(NamedTuple):
    """An option of a measure.

    Attributes:
        variant: of the slot.
        expected: reward that the policy expects of it; None before it learned.
        reason: code of what keeps it back; None where it may be granted.
    """

    variant: Variant
    expected: float | None = None
    reason: str | None = None

    @property
    def group(self) -> str:
        """The group of benefits; empty for none."""
        return self.variant.availability.exclusive

    @property
    def cost(self) -> float:
        """Yuan that granting it costs; 0 where nothing is said."""
        return cost_of(self.variant)


def cost_of(variant: Variant) -> float:
    """Return the yuan that granting a variant costs; 0 where nothing is said."""
    found = variant.attributes.get(COST)
    return float(found) if is_number(found) else 0.0


def list_options(
    live: LiveSlot, known: ChoiceInput, assigned: Mapping[str, StandingDecision]
) -> list[MeasureOption]:
    """List the variants of a slot as a visitor may be granted them; nothing is written.

    Who is held out in the slot is not told apart: whoever calls would speak in another way.

    Args:
        live: the slot.
        known: of the visitor, as for a decision.
        assigned: unit -> the decision that the visitor keeps.
    """
    gone = removal_reasons(live.slot, live.rules, known.eligibility(live.slot))
    made = choose(live, known, assigned)
    stands = made.decision.variant if isinstance(made, StandingDecision) else None
    worth = live.policy.worth_one(known.context).tolist() if live.policy_version else ()
    return [
        MeasureOption(
            variant,
            float(worth[number]) if worth else None,
            _kept_back(variant.name, gone, stands),
        )
        for number, variant in enumerate(live.slot.variants)
    ]


def _kept_back(name: str, gone: Mapping[str, str], stands: str | None) -> str | None:
    why = gone.get(name)
    if why is not None and (stands != name or why not in KEEPING):
        return why
    return STANDS if stands is not None and stands != name else None
