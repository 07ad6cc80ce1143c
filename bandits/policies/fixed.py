"""Fixed policy: one arm for all visitors, or one for each value of a context attribute."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar, Self

import numpy as np

from bandits.arrays import BoolArray, Context, Contexts, FloatArray, IntArray
from bandits.config_values import text_of
from bandits.distribution import with_floor
from bandits.policies.base import Arrays, Header, PolicyBase, batch_eligible

NO_CHOICE = -1


@dataclass(frozen=True, kw_only=True)
class FixedPolicy(PolicyBase):
    """Policy that follows a rule of the operator, such as 100 on the home page and 50 elsewhere.

    Where the rule has no arm for a visitor, or that arm is not eligible, the eligible arms share
    equally.

    Attributes:
        arm: index of the arm for all other values; -1 for none.
        by: the context attribute that selects the arm; None where `arm` holds for all visitors.
        by_value: value of `by` -> index of the arm.
        floor: least propensity of each eligible arm.
    """

    kind: ClassVar[str] = "fixed"

    arm: int = NO_CHOICE
    by: str | None = None
    by_value: Mapping[str, int] = field(default_factory=dict)
    floor: float = 0.0

    def __post_init__(self) -> None:
        """Check the arm indices."""
        wrong = [i for i in (self.arm, *self.by_value.values()) if not -1 <= i < len(self.arms)]
        if wrong:
            raise ValueError(f"unknown arm {wrong[0]}: there are {len(self.arms)} arms")

    @cached_property
    def _rows(self) -> FloatArray:
        """One-hot rows (K + 1, K); the last row, for no arm, is uniform."""
        count = len(self.arms)
        rows = np.vstack([np.eye(count), np.full((1, count), 1.0 / count)])
        rows.setflags(write=False)
        return rows

    def _choice(self, value: object) -> int:
        return self.by_value.get(text_of(value) or "", self.arm)

    def _choices(self, contexts: Contexts, n: int) -> IntArray:
        if self.by is None or self.by not in contexts:
            return np.full(n, self.arm, dtype=np.int64)
        column = contexts[self.by]
        values = column.tolist() if isinstance(column, np.ndarray) else column
        return np.fromiter(map(self._choice, values), np.int64, n)

    def distribution(self, contexts: Contexts, eligible: BoolArray | None = None) -> FloatArray:
        """See `Policy.distribution`."""
        mask = batch_eligible(contexts, eligible, len(self.arms))
        return with_floor(self._rows[self._choices(contexts, len(mask))], mask, self.floor)

    def distribution_one(self, context: Context, eligible: BoolArray) -> FloatArray:
        """See `Policy.distribution_one`."""
        choice = self.arm if self.by is None else self._choice(context.get(self.by))
        return with_floor(self._rows[choice], eligible, self.floor)

    def header(self) -> Header:
        """Return the rule and the floor as JSON values."""
        by_value = dict(self.by_value)
        return {"arm": self.arm, "by": self.by, "by_value": by_value, "floor": self.floor}

    def arrays(self) -> Arrays:
        """Return no arrays."""
        return {}

    @classmethod
    def restore(cls, base: PolicyBase, header: Header, arrays: Arrays) -> Self:  # noqa: ARG003
        """See `SnapshotPolicy.restore`."""
        by, by_value, floor, arm = (header[key] for key in ("by", "by_value", "floor", "arm"))
        if not (isinstance(by, str | None) and isinstance(by_value, dict)):
            raise TypeError("by")
        if not (isinstance(floor, int | float) and isinstance(arm, int)):
            raise TypeError("floor or arm")
        return cls(
            arms=base.arms,
            version=base.version,
            meta=base.meta,
            arm=arm,
            by=by,
            by_value=by_value,
            floor=float(floor),
        )
