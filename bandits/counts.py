"""Learning state of a slot: integer counts by time bucket, cell and arm.

One row is (bucket start in seconds, cell, arm) -> trials, conversions, reward in fen, sum of
squared rewards. Forgetting, leaving an outage out and letting it in again are weights on buckets
at fit time. A reward is booked in the bucket, cell and arm of its *exposure*, whenever it comes.
Integers are Python's and do not overflow. Tables of partitions add up.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TypeAlias

import numpy as np

from bandits.arrays import AnyArray, FloatArray, IntArray
from bandits.buckets import FINE, bucket_of, width_of

__all__ = [
    "FINE", "CountColumns", "CountTable", "Interval", "Row", "WeightedCounts",
    "bucket_of", "reward_delta", "width_of",
]  # fmt: skip

Key: TypeAlias = tuple[int, str, int]
Row: TypeAlias = tuple[int, str, int, int, int, int, int]
Interval: TypeAlias = tuple[float, float]


def reward_delta(before: int, after: int) -> tuple[int, int, int]:
    """Return the change of a row's sums when an exposure's reward goes from `before` to `after`.

    Args:
        before: reward in fen.
        after: reward in fen.

    Returns:
        Deltas of conversions (-1, 0 or 1), reward and squared reward, for `add_reward`.
    """
    return (after > 0) - (before > 0), after - before, after * after - before * before


@dataclass(frozen=True, eq=False)
class WeightedCounts:
    """Weighted sums of each (cell, arm) that was exposed, as columns (r,), ordered by both.

    Attributes:
        cells: cells as text.
        arms: arm indices.
        trials: exposures.
        reward: in fen.
        reward_sq: sum of squared rewards, in fen squared.
    """

    cells: AnyArray
    arms: IntArray
    trials: FloatArray
    conversions: FloatArray
    reward: FloatArray
    reward_sq: FloatArray


@dataclass(frozen=True, eq=False)
class CountColumns:
    """Rows of a count table as columns (n,), in no particular order.

    Attributes:
        labels: the distinct cells as text.
        bucket: starts of the buckets in seconds.
        cell: index in `labels`.
        arm: arm indices.
        counts: (4, n) trials, conversions, reward in fen, sum of squared rewards.
    """

    labels: tuple[str, ...]
    bucket: FloatArray
    cell: IntArray
    arm: IntArray
    counts: FloatArray


@dataclass(eq=False)
class CountTable:
    """Count table of a slot.

    The `add_*` methods change it in place; `+` and `compact` return a new one.
    """

    _counts: dict[Key, list[int]] = field(default_factory=dict)

    @classmethod
    def from_rows(cls, rows: Iterable[Row]) -> "CountTable":
        """Return the table of plain rows; rows with the same key add up."""
        table = cls()
        for bucket, cell, arm, *counts in rows:
            table._add((bucket, cell, arm), *counts)
        return table

    def rows(self) -> Iterator[Row]:
        """Yield plain rows in the order of their keys, without rows of zeros."""
        for (bucket, cell, arm), (trials, conversions, reward, square) in sorted(
            self._counts.items()
        ):
            if trials or conversions or reward or square:
                yield bucket, cell, arm, trials, conversions, reward, square

    def columns(self) -> CountColumns:
        """Return all rows as columns."""
        n = len(self._counts)
        buckets, cells, arms = zip(*self._counts, strict=True) if n else ((), (), ())
        places = {cell: place for place, cell in enumerate(dict.fromkeys(cells))}
        flat = np.fromiter(chain.from_iterable(self._counts.values()), np.float64, 4 * n)
        return CountColumns(
            tuple(places),
            np.fromiter(buckets, np.float64, n),
            np.fromiter(map(places.__getitem__, cells), np.int64, n),
            np.fromiter(arms, np.int64, n),
            np.ascontiguousarray(flat.reshape(n, 4).T),
        )

    def __eq__(self, other: object) -> bool:
        """Compare the rows, without rows of zeros."""
        return isinstance(other, CountTable) and list(self.rows()) == list(other.rows())

    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        """Return the number of (bucket, cell, arm) keys."""
        return len(self._counts)

    def add_exposure(self, at: float, cell: str, arm: int, count: int = 1) -> None:
        """Count exposures in the 5-minute bucket of time `at` (seconds)."""
        self._add((int(at // FINE) * FINE, cell, arm), count, 0, 0, 0)

    def add_reward(
        self, at: float, cell: str, arm: int, conversions: int, reward: int, reward_sq: int
    ) -> None:
        """Book deltas (from `reward_delta`) at the time (seconds), cell and arm of the exposure."""
        self._add((int(at // FINE) * FINE, cell, arm), 0, conversions, reward, reward_sq)

    def _add(self, key: Key, trials: int, conversions: int, reward: int, square: int) -> None:
        found = self._counts.get(key)
        if found is None:
            self._counts[key] = [trials, conversions, reward, square]
            return
        found[0] += trials
        found[1] += conversions
        found[2] += reward
        found[3] += square

    def __add__(self, other: "CountTable") -> "CountTable":
        """Return the sum of two tables, such as those of two partitions."""
        both = CountTable({key: list(counts) for key, counts in self._counts.items()})
        for key, counts in other._counts.items():
            both._add(key, *counts)
        return both

    def compact(self, watermark: float) -> "CountTable":
        """Return the table in the wider buckets that are due at this watermark (seconds).

        Sums by cell and arm stay the same. Idempotent: compacting again at a later watermark
        gives what compacting once there gives.
        """
        table = CountTable()
        for (bucket, cell, arm), counts in self._counts.items():
            table._add((bucket_of(bucket, watermark), cell, arm), *counts)
        return table

    def weigh_buckets(
        self, at: float, half_life: float, quarantined: Sequence[Interval] = ()
    ) -> WeightedCounts:
        """Return sums over buckets, weighted by 2 ** (-age / half_life).

        Args:
            at: time of the fit in seconds; later buckets have weight 1.
            half_life: seconds; infinite for no forgetting.
            quarantined: intervals [from, to) in seconds; a bucket that touches one has weight 0.
        """
        weights = {
            bucket: _weight(bucket, at, half_life, quarantined)
            for bucket in {key[0] for key in self._counts}
        }
        sums: dict[tuple[str, int], list[float]] = {}
        for (bucket, cell, arm), counts in sorted(self._counts.items()):
            weight = weights[bucket]
            if weight > 0.0:
                row = sums.setdefault((cell, arm), [0.0, 0.0, 0.0, 0.0])
                row[0] += weight * counts[0]
                row[1] += weight * counts[1]
                row[2] += weight * counts[2]
                row[3] += weight * counts[3]
        return _columns(sums)


def _weight(bucket: int, at: float, half_life: float, quarantined: Sequence[Interval]) -> float:
    end = bucket + width_of(bucket, at)
    if any(start < end and bucket < stop for start, stop in quarantined):
        return 0.0
    return float(2.0 ** (-max(0.0, at - bucket) / half_life))


def _columns(sums: dict[tuple[str, int], list[float]]) -> WeightedCounts:
    keys = sorted(sums)
    values = np.array([sums[key] for key in keys], dtype=np.float64).reshape(-1, 4)
    cells = np.array([cell for cell, _ in keys], dtype=np.str_)
    arms = np.array([arm for _, arm in keys], dtype=np.int64)
    return WeightedCounts(cells, arms, *values.T)
