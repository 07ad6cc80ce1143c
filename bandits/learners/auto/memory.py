"""What a learner may keep from one fit to the next, to start where the last one ended."""

from dataclasses import dataclass, field

import numpy as np

from bandits.arrays import BoolArray, FloatArray

PastFits = dict[tuple[float, float], FloatArray]


@dataclass(eq=False)
class FitMemory:
    """Nothing in here changes what is right: a fit without it ends at the same posterior.

    Attributes:
        key: what the coefficients belong to; with another design the memory is empty again.
        scales: (T,) of the terms.
        active: (T,) the terms in use.
        beta: half-life -> coefficients (P,).
        judged: (time, half-life) -> coefficients (P,) as of then.
        leading: the half-life with the largest weight.
        room: features that terms may have which are admitted later.
        folded: places of attributes that were too fine to keep.
    """

    key: object = None
    scales: FloatArray = field(default_factory=lambda: np.zeros(0))
    active: BoolArray = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    beta: dict[float, FloatArray] = field(default_factory=dict)
    judged: PastFits = field(default_factory=dict)
    leading: float | None = None
    room: int = 0
    folded: frozenset[int] = frozenset()

    @property
    def empty(self) -> bool:
        """Whether nothing was fitted yet."""
        return not self.beta

    def prepare_for(self, key: object, scales: FloatArray, active: BoolArray, room: int) -> None:
        """Make it ready for a design; what belongs to another one is dropped."""
        if self.key == key:
            return
        self.key, self.scales, self.active = key, scales, active
        self.beta, self.judged, self.leading, self.room = {}, {}, None, room
