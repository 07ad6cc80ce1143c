"""A slot as it is served now: its revision, the policy that draws for it, and what both imply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from bandits.arrays import BoolArray
from bandits.contract import Policy
from bandits.features import CellSpec
from nudge.domain.choosing.eligibility import VariantRules, variant_rules
from nudge.domain.prefill.filling import fills_in
from nudge.domain.slots.learning import learner_config
from nudge.domain.slots.slot import Slot
from nudge.domain.slots.window import Window


@dataclass(frozen=True)
class LiveSlot:
    """A slot as it is served now.

    What follows from it is found once, not at each decision.

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

    @cached_property
    def rules(self) -> tuple[VariantRules, ...]:
        """The rules of eligibility that concern each variant, in the slot's order."""
        return variant_rules(self.slot)

    @cached_property
    def attributes(self) -> tuple[str, ...]:
        """Names of the context attributes that a record keeps."""
        return tuple(one.name for one in self.slot.context)

    @cached_property
    def fills_in(self) -> bool:
        """True where a variant stands for a number of the visitor."""
        return fills_in(self.slot)

    @cached_property
    def offers_benefits(self) -> bool:
        """True where a variant is of a group of benefits that exclude each other."""
        return any(one.availability.exclusive for one in self.slot.variants)

    @cached_property
    def policy_kind(self) -> str:
        """The policy's name in records."""
        return "uniform" if self.policy.version == "0" else str(self.slot.policy["kind"])

    @cached_property
    def policy_version(self) -> int:
        """The version of the snapshot that the policy comes from; 0 before the first."""
        return int(self.policy.version)

    @cached_property
    def floor(self) -> float:
        """The floor of the policy that draws now; the slot has the configured one."""
        return float(self.policy.floor)

    def mask(self, eligible: tuple[str, ...]) -> BoolArray:
        """Flags (K,) of the variants that are eligible."""
        if len(eligible) == len(self.slot.names):
            return self._everything
        return np.array([name in eligible for name in self.slot.names])

    @cached_property
    def _everything(self) -> BoolArray:
        flags = np.ones(len(self.slot.names), dtype=np.bool_)
        flags.flags.writeable = False
        return flags
