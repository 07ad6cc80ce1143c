"""Terms of a monitor: the change that matters, and the changes that are usual."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from bandits.arrays import FloatArray

FALLS: Final = (0.3, 0.5, 0.75, 0.97)
RISES: Final = (1.0, 3.0, 9.0, 29.0)
"""Changes that a detector looks for beside the smallest that matters."""
LEAST, MOST_FALL, MOST_RISE, MOST_WANDER = 0.01, 0.95, 10.0, 0.5


@dataclass(frozen=True)
class DetectorTerms:
    """Terms of a monitor's detector.

    Attributes:
        fall: change that matters, as a share: .3 means a fall by 30 % (or a rise). Evidence grows
            from about half of it on; falls between the half and the whole take longer.
        rise: the monitor watches for rises.
        wander: standard deviation of a day's level around the usual, as a share.
        drift: standard deviation of the level's change within a day, as a share.
        dispersion: first guess of the relative variance of a step beyond a Poisson count's.
        steps: steps in a day.
        bins: bins of the season in a day.
    """

    fall: float = 0.3
    rise: bool = False
    wander: float = 0.1
    drift: float = 0.04
    dispersion: float = 0.0
    steps: int = 1_440
    bins: int = 24

    def __post_init__(self) -> None:
        """Refuse numbers that no monitor can have.

        Raises:
            ValueError: a number is outside its range.
        """
        if not (LEAST <= self.fall <= (MOST_RISE if self.rise else MOST_FALL)):
            raise ValueError("the change that matters must be a share from .01, such as .15")
        if (
            min(self.wander, self.drift, self.dispersion) < 0.0
            or self.wander > MOST_WANDER
            or not self.steps >= self.bins >= 1
        ):
            raise ValueError(
                "wander, drift, dispersion and bins must not be negative, or more than steps"
            )

    @cached_property
    def ratios(self) -> FloatArray:
        """Ratios (J,) to the level before, which the detector looks for: the mildest first."""
        more = RISES if self.rise else FALLS
        changes = np.array([self.fall, *(one for one in more if one > 1.3 * self.fall)])
        return 1.0 + changes if self.rise else 1.0 - changes

    @cached_property
    def weights(self) -> FloatArray:
        """Weights (J,) of the ratios: a large change speaks for itself and needs less."""
        weights = 0.6 ** np.arange(len(self.ratios))
        return np.asarray(weights / weights.sum())
