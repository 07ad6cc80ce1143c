"""Limited stock: how much is left, who takes of it, and how it is shared out. Pure.

See docs/decisions/0009-stock.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nudge.domain.journal.records import Decision, DecisionReason
from nudge.domain.slots.slot import Slot

TAKING: Final = (
    DecisionReason.POLICY,
    DecisionReason.HOLDOUT,
    DecisionReason.USUAL,
    DecisionReason.ONLY_ELIGIBLE,
)
"""Reasons of decisions that give what they name; forced ones are tests, shadow ones not shown."""


@dataclass(frozen=True)
class Quota:
    """One partition's part of a stock: counters that only rise.

    Attributes:
        got: units from the stock.
        taken: by decisions.
        back: given back.
    """

    got: int = 0
    taken: int = 0
    back: int = 0

    @property
    def left(self) -> int:
        """Units that can be taken here."""
        return self.got - self.taken - self.back


def field_of(slot: str, variant: str) -> str:
    """Name of a variant's stock in the store; no slot or variant has a colon."""
    return f"{slot}:{variant}"


def taken_by(slot: Slot, decision: Decision) -> str:
    """The field of the stock that the decision takes a unit of; empty where it takes none."""
    takes = decision.variant in slot.limits and decision.reason in TAKING
    return field_of(slot.name, decision.variant) if takes else ""


def shares(pool: int, partitions: int, first: int = 0) -> list[int]:
    """The pool in equal parts; what does not divide goes to the partitions from `first` on."""
    least, rest = divmod(max(0, pool), partitions)
    return [least + ((p - first) % partitions < rest) for p in range(partitions)]


def uneven(left: Sequence[int], wanted: Sequence[int], free: int) -> bool:
    """Whether units should be moved.

    Args:
        left: by partition.
        wanted: by partition, of `shares`.
        free: that nobody has; below 0 where more was handed out than there is by now.
    """
    return free != 0 or any(2 * has < share for has, share in zip(left, wanted, strict=True))
