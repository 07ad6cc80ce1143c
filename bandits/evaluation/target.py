"""The policies that a log can be asked about."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bandits.arrays import BoolArray, FloatArray
from bandits.errors import BanditsError
from bandits.evaluation.log import Log


class TargetError(BanditsError, ValueError):
    """A target that is not known, or that the log has no column for."""

    code = "target_unknown"


@dataclass(frozen=True, eq=False)
class Aim:
    """What a target would do on the rows of a batch.

    Attributes:
        kept: bool (n,), the rows on which it is defined.
        logged: (n,) its probability of the logged variant.
        every: (n, K) its probabilities of all variants, None where only `logged` is known.
    """

    kept: BoolArray
    logged: FloatArray
    every: FloatArray | None = None

    @classmethod
    def of(cls, log: Log, every: FloatArray, kept: BoolArray | None = None) -> "Aim":
        """The aim of a matrix (n, K)."""
        logged = every[np.arange(len(log)), log.variant]
        return cls(np.ones(len(log), dtype=np.bool_) if kept is None else kept, logged, every)


class Target(Protocol):
    """A function from a batch to what the policy would do on it; it must not see the rewards."""

    def __call__(self, log: Log) -> Aim:
        """The aim on n rows."""
        ...


@dataclass(frozen=True, slots=True)
class Uniform:
    """Every eligible variant with the same probability."""

    def __call__(self, log: Log) -> Aim:
        """See `Target`; rows in which nothing is eligible are left out."""
        if log.eligible is None:
            return Aim.of(log, np.full((len(log), log.variants), 1.0 / log.variants))
        count = log.eligible.sum(axis=1)
        every = log.eligible / np.maximum(count, 1)[:, None]
        return Aim.of(log, np.asarray(every, dtype=np.float64), count > 0)


@dataclass(frozen=True, slots=True)
class Always:
    """One variant for everybody to whom it may be shown; other rows are left out."""

    variant: int

    def __call__(self, log: Log) -> Aim:
        """See `Target`."""
        every = np.zeros((len(log), log.variants))
        every[:, self.variant] = 1.0
        return Aim.of(log, every, None if log.eligible is None else log.eligible[:, self.variant])


@dataclass(frozen=True, slots=True)
class Column:
    """The probabilities in a column of the log."""

    name: str

    def __call__(self, log: Log) -> Aim:
        """See `Target`.

        Raises:
            TargetError: where the log has no such column.
        """
        if self.name not in log.targets:
            raise TargetError(f"the log has no column {self.name!r}")
        column = log.targets[self.name]
        if column.ndim > 1:
            return Aim.of(log, column)
        return Aim(np.ones(len(log), dtype=np.bool_), column)


def read_target(text: str, variants: Sequence[str]) -> Target:
    """The target of `uniform`, `always:VARIANT` or `column:NAME`.

    Raises:
        TargetError: naming what would be right.
    """
    kind, _, name = text.partition(":")
    if text == "uniform":
        return Uniform()
    if kind == "always" and name in variants:
        return Always(list(variants).index(name))
    if kind == "always":
        raise TargetError(f"{name!r} is not a variant. Use one of {', '.join(variants)}")
    if kind == "column" and name:
        return Column(name)
    raise TargetError(f"{text!r} is no target. Use uniform, always:VARIANT or column:NAME")
