"""A slot as it is served now: its revision and the policy that draws for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from bandits.contract import Policy
from bandits.features import CellSpec
from nudge.domain.slots.learning import learner_config
from nudge.domain.slots.slot import Slot
from nudge.domain.slots.window import Window, windows_of


@dataclass(frozen=True)
class Served:
    """A slot as it is served now.

    Attributes:
        slot: its current revision.
        policy: over the slot's variants, in the slot's order.
    """

    slot: Slot
    policy: Policy

    @cached_property
    def cells(self) -> CellSpec:
        """How this revision discretises the context."""
        return CellSpec.build(learner_config(self.slot).context)

    @cached_property
    def windows(self) -> dict[str, Window]:
        """The send windows, by variant; for the slot `sms_timing` only.

        Raises:
            ValueError: a value is no window.
        """
        return windows_of(self.slot)

    @property
    def policy_kind(self) -> str:
        """What records call the policy."""
        return "uniform" if self.policy.version == "0" else str(self.slot.policy["kind"])
