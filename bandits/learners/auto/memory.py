"""Memory of the default learner from one fit to the next, for a warm start."""

from dataclasses import dataclass, field

import numpy as np

from bandits.arrays import BoolArray, FloatArray

PastFits = dict[tuple[float, float], FloatArray]


@dataclass(eq=False)
class FitMemory:
    """Memory of earlier fits of a slot, which speeds up the next one.

    It changes the cost and not the result: a fit without memory ends at the same posterior.

    Attributes:
        key: design that the coefficients belong to; another design empties the memory.
        scales: (T,) scales of the terms.
        active: (T,) the terms in use.
        beta: half-life -> coefficients (P,).
        judged: (time, half-life) -> coefficients (P,) fitted to the counts before that time.
        leading: half-life with the largest weight.
        room: features that admitted terms may have together.
        coarsened: indices of attributes that are coarsened to one level.
    """

    key: object = None
    scales: FloatArray = field(default_factory=lambda: np.zeros(0))
    active: BoolArray = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    beta: dict[float, FloatArray] = field(default_factory=dict)
    judged: PastFits = field(default_factory=dict)
    leading: float | None = None
    room: int = 0
    coarsened: frozenset[int] = frozenset()

    @property
    def empty(self) -> bool:
        """Whether there was no fit yet."""
        return not self.beta

    def prepare_for(self, key: object, scales: FloatArray, active: BoolArray, room: int) -> None:
        """Prepare the memory for a design: drop what belongs to another one. Idempotent."""
        if self.key == key:
            return
        self.key, self.scales, self.active = key, scales, active
        self.beta, self.judged, self.leading, self.room = {}, {}, None, room
