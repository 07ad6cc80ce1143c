"""A batch of a log, as arrays."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from bandits.arrays import AnyArray, BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Log:
    """A batch of n decisions with their rewards; a whole log is one batch, or many in order.

    Attributes:
        variant: (n,) index of the variant drawn, in [0, K).
        propensity: (n,) the probability with which it was drawn.
        reward: (n,) in any unit.
        variants: K, the number of variants.
        eligible: bool (n, K), None where every variant always was.
        pmf: (n, K) the logged distribution; it shows what could never have been drawn.
        subject: (n,) who was served, as text or integers; None where every row is someone else.
        features: (n, d) numbers for the reward model.
        targets: columns by name, for `Column`: (n,) the target's probability of the logged
            variant, or (n, K) of every variant.
        splits: (n,) of the cross-fitting, in [0, CV_SPLITS); by hash of the subject where None.
        counts: (n,) decisions that a row stands for, where rows are cells: decisions that agree in
            variant, eligible variants, features, targets and split. `reward` is then their sum.
    """

    variant: IntArray
    propensity: FloatArray
    reward: FloatArray
    variants: int
    eligible: BoolArray | None = None
    pmf: FloatArray | None = None
    subject: AnyArray | None = None
    features: FloatArray | None = None
    targets: Mapping[str, FloatArray] = field(default_factory=dict)
    splits: IntArray | None = None
    counts: FloatArray | None = None

    def __post_init__(self) -> None:
        """Check the shapes.

        Raises:
            ValueError: where a column does not fit the others, or a value is out of its range.
        """
        n, wide = len(self.variant), (len(self.variant), self.variants)
        own = (self.splits, self.counts)
        columns = (self.propensity, self.reward, self.subject, self.features, *own)
        if any(column is not None and len(column) != n for column in columns):
            raise ValueError("the log's columns are of different lengths")
        if any(x is not None and x.shape != wide for x in (self.eligible, self.pmf)):
            raise ValueError(f"eligible and pmf must have the shape {wide}")
        if any(x.shape not in ((n,), wide) for x in self.targets.values()):
            raise ValueError(f"a target column must have the shape ({n},) or {wide}")
        if self.features is not None and not np.isfinite(self.features).all():
            raise ValueError("features must be finite")
        if n and not 0 <= int(self.variant.min()) <= int(self.variant.max()) < self.variants:
            raise ValueError(f"variants must lie in [0, {self.variants})")

    def __len__(self) -> int:
        """Return the number of rows n."""
        return len(self.variant)

    def total(self, values: AnyArray) -> float:
        """Return the sum over decisions of values (n,) that all decisions of a row share."""
        return float(values.sum() if self.counts is None else self.counts @ values)

    def rows(self, kept: BoolArray | slice) -> "Log":
        """Return the rows where `kept` (n,) holds, or those of a slice."""
        return Log(
            self.variant[kept],
            self.propensity[kept],
            self.reward[kept],
            self.variants,
            None if self.eligible is None else self.eligible[kept],
            None if self.pmf is None else self.pmf[kept],
            None if self.subject is None else self.subject[kept],
            None if self.features is None else self.features[kept],
            {name: column[kept] for name, column in self.targets.items()},
            None if self.splits is None else self.splits[kept],
            None if self.counts is None else self.counts[kept],
        )

    def possible(self) -> BoolArray:
        """Return bool (n, K): the variants that could have been drawn, as far as the log tells."""
        mask = np.ones((len(self), self.variants), dtype=np.bool_)
        if self.eligible is not None:
            mask &= self.eligible
        if self.pmf is not None:
            mask &= self.pmf > 0.0
        return mask


def split_blocks(log: Log, size: int = 65_536) -> Iterator[Log]:
    """Yield parts of at most `size` rows, so that the matrices made of a part stay small."""
    if len(log) <= size:
        yield log
        return
    for start in range(0, len(log), size):
        yield log.rows(slice(start, start + size))
