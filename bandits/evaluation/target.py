"""Target policies: the distributions whose reward a log is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bandits.arrays import BoolArray, FloatArray
from bandits.errors import BanditsError
from bandits.evaluation.log import Log


class TargetError(BanditsError, ValueError):
    """The target is unknown, or the log has no column for it."""

    code = "target_unknown"


@dataclass(frozen=True, eq=False)
class TargetProbabilities:
    """Probabilities that a target gives to the variants of n rows.

    Attributes:
        kept: bool (n,), the rows on which it is defined.
        logged: (n,) its probability of the logged variant.
        every: (n, K) its probabilities of all variants, None where only `logged` is known.
    """

    kept: BoolArray
    logged: FloatArray
    every: FloatArray | None = None

    @classmethod
    def of(
        cls, log: Log, every: FloatArray, kept: BoolArray | None = None
    ) -> "TargetProbabilities":
        """Return the probabilities of a matrix (n, K); all rows are kept where `kept` is None."""
        logged = every[np.arange(len(log)), log.variant]
        return cls(np.ones(len(log), dtype=np.bool_) if kept is None else kept, logged, every)


class Target(Protocol):
    """A policy as a function of a batch; it must not look at the rewards."""

    def __call__(self, log: Log) -> TargetProbabilities:
        """Return the probabilities on n rows."""
        ...


@dataclass(frozen=True, slots=True)
class Uniform:
    """The policy that gives every eligible variant the same probability."""

    def __call__(self, log: Log) -> TargetProbabilities:
        """Return the probabilities; rows in which nothing is eligible are left out."""
        if log.eligible is None:
            return TargetProbabilities.of(
                log, np.full((len(log), log.variants), 1.0 / log.variants)
            )
        count = log.eligible.sum(axis=1)
        every = log.eligible / np.maximum(count, 1)[:, None]
        return TargetProbabilities.of(log, np.asarray(every, dtype=np.float64), count > 0)


@dataclass(frozen=True, slots=True)
class Always:
    """The policy that always shows one variant; rows where it is not eligible are left out."""

    variant: int

    def __call__(self, log: Log) -> TargetProbabilities:
        """Return the probabilities."""
        every = np.zeros((len(log), log.variants))
        every[:, self.variant] = 1.0
        return TargetProbabilities.of(
            log, every, None if log.eligible is None else log.eligible[:, self.variant]
        )


@dataclass(frozen=True, slots=True)
class Column:
    """A target whose probabilities stand in a column of the log."""

    name: str

    def __call__(self, log: Log) -> TargetProbabilities:
        """Return the probabilities.

        Raises:
            TargetError: the log has no such column.
        """
        if self.name not in log.targets:
            raise TargetError(f"the log has no column {self.name!r}")
        column = log.targets[self.name]
        if column.ndim > 1:
            return TargetProbabilities.of(log, column)
        return TargetProbabilities(np.ones(len(log), dtype=np.bool_), column)


@dataclass(frozen=True, slots=True)
class PolicyColumn:
    """A policy whose distribution (n, K) stands in a column; rows without any choice are left out.

    Attributes:
        name: of the column; a row of zeros has nothing that the policy could choose.
    """

    name: str

    def __call__(self, log: Log) -> TargetProbabilities:
        """Return the probabilities."""
        every = log.targets[self.name]
        return TargetProbabilities.of(log, every, every.sum(axis=1) > 0.0)


def read_target(text: str, variants: Sequence[str]) -> Target:
    """Return the target of `uniform`, `always:VARIANT` or `column:NAME`.

    Raises:
        TargetError: the text is none of these; the message names the valid ones.
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
    raise TargetError(f"{text!r} is not a target. Use uniform, always:VARIANT or column:NAME")
