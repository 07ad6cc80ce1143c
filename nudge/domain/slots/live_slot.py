"""A slot as it is served now: its revision and the policy that draws for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from bandits.contract import Policy
from bandits.features import CellSpec
from nudge.domain.slots.learning import learner_config
from nudge.domain.slots.slot import Slot
from nudge.domain.slots.window import Window


@dataclass(frozen=True)
class LiveSlot:
    """A slot as it is served now.

    Attributes:
        slot: its current revision.
        policy: over the slot's variants, in the slot's order.
        windows: variant -> its send window; of the slot `sms_timing` only.
    """

    slot: Slot
    policy: Policy
    windows: Mapping[str, Window] = field(default_factory=dict)

    @cached_property
    def cells(self) -> CellSpec:
        """How this revision discretises the context."""
        return CellSpec.build(learner_config(self.slot).context)

    @property
    def policy_kind(self) -> str:
        """What records call the policy."""
        return "uniform" if self.policy.version == "0" else str(self.slot.policy["kind"])
