"""Counts of arrivals and of the lost ones by combination of attributes: a search's input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from bandits.arrays import BoolArray, FloatArray, IntArray

_GREATEST: Final = 1_000_000
"""Greatest code: arrays by code are made, so that a hash for one would fill the memory."""


@dataclass(frozen=True, eq=False)
class AttributeTable:
    """Counts by leaf, a combination of values of D attributes, in the trouble and before it.

    Attributes:
        codes: value of each attribute, (N, D), from 0.
        bad: arrivals of the leaf that were lost in the trouble, (N,).
        arrivals: all arrivals of the leaf in the trouble, (N,).
        usual_bad: the lost of T earlier spans, (T, N).
        usual_arrivals: all arrivals of those spans, (T, N).
    """

    codes: IntArray
    bad: FloatArray
    arrivals: FloatArray
    usual_bad: FloatArray
    usual_arrivals: FloatArray

    def __post_init__(self) -> None:
        """Refuse arrays that do not fit each other.

        Raises:
            ValueError: a shape, or a count that cannot be.
        """
        leaves = self.codes.shape[0]
        if self.codes.ndim != 2 or leaves == 0 or self.codes.shape[1] == 0:  # noqa: PLR2004
            raise ValueError(f"codes: shape {self.codes.shape}; leaves by attributes are needed")
        if self.codes.min() < 0:
            raise ValueError("codes: a value's code is below 0")
        if self.codes.max() > _GREATEST:
            raise ValueError(f"codes: a value's code is above {_GREATEST}; number values from 0 on")
        for name, bad, arrivals, shape in (
            ("bad", self.bad, self.arrivals, (leaves,)),
            ("usual_bad", self.usual_bad, self.usual_arrivals, (len(self.usual_bad), leaves)),
        ):
            _check_counts(name, bad, arrivals, shape)
        if len(self.usual_bad) == 0:
            raise ValueError("usual_bad: no earlier span; at least one is needed")

    @property
    def dimensions(self) -> int:
        """Number of attributes, D."""
        return int(self.codes.shape[1])

    @property
    def values(self) -> IntArray:
        """Numbers of values of each attribute that occur, (D,)."""
        return np.array([len(np.unique(column)) for column in self.codes.T])

    def covers(self, conjunction: tuple[tuple[int, int], ...]) -> BoolArray:
        """Return which leaves have all values of a conjunction of (attribute, code), (N,)."""
        inside = np.ones(len(self.codes), dtype=bool)
        for attribute, code in conjunction:
            inside &= self.codes[:, attribute] == code
        return inside


def _check_counts(name: str, bad: FloatArray, arrivals: FloatArray, shape: tuple[int, ...]) -> None:
    if bad.shape != shape or arrivals.shape != shape:
        raise ValueError(f"{name}: shapes {bad.shape} and {arrivals.shape}; {shape} is needed")
    if not (np.isfinite(arrivals).all() and (bad >= 0.0).all() and (bad <= arrivals).all()):
        raise ValueError(f"{name}: a count is below 0, above its arrivals or not finite")
