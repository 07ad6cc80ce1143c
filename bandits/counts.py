"""Learning state: integer counts in time buckets, which add.

One row is (bucket start in seconds, cell, arm) -> trials, conversions, reward in fen, sum of
squared rewards. Everything else is a weight on buckets at fit time: forgetting, leaving an
outage out, letting it in again. A reward is booked in the bucket, cell and arm of its
*exposure*, whenever it comes. Integers are Python's and do not overflow.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TypeAlias

import numpy as np

from bandits.arrays import AnyArray, FloatArray, IntArray
from bandits.buckets import DAY, FINE, HOUR, bucket_of, width_of

__all__ = [
    "DAY", "FINE", "HOUR", "CountColumns", "CountTable", "Interval", "Row", "WeightedCounts",
    "bucket_of", "reward_delta", "width_of",
]  # fmt: skip

Key: TypeAlias = tuple[int, str, int]
Row: TypeAlias = tuple[int, str, int, int, int, int, int]
Interval: TypeAlias = tuple[float, float]


def reward_delta(before: int, after: int) -> tuple[int, int, int]:
    """What an exposure's reward, changed from `before` to `after` fen, adds to its row.

    Returns:
        Deltas of conversions (-1, 0 or 1), reward and squared reward, for `add_reward`.
    """
    return (after > 0) - (before > 0), after - before, after * after - before * before


@dataclass(frozen=True, eq=False)
class WeightedCounts:
    """Weighted sums for each (cell, arm) that was seen, as columns (r,), ordered by both.

    Attributes:
        cells: cells as text.
        arms: arm indices.
        trials: weighted exposures.
        conversions: weighted conversions.
        reward: weighted reward in fen.
        reward_sq: weighted sum of squared rewards.
    """

    cells: AnyArray
    arms: IntArray
    trials: FloatArray
    conversions: FloatArray
    reward: FloatArray
    reward_sq: FloatArray


@dataclass(frozen=True, eq=False)
class CountColumns:
    """A table's rows as columns (n,), in no particular order.

    Attributes:
        labels: the distinct cells as text.
        bucket: starts of the buckets in seconds.
        cell: places in `labels`.
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
    """The table. `add_*` change it in place; `+` and `compact` give a new one."""

    _counts: dict[Key, list[int]] = field(default_factory=dict)

    @classmethod
    def from_rows(cls, rows: Iterable[Row]) -> "CountTable":
        """The table of plain rows; rows of the same key add up."""
        table = cls()
        for bucket, cell, arm, *counts in rows:
            table._add((bucket, cell, arm), *counts)
        return table

    def rows(self) -> Iterator[Row]:
        """Plain rows in the order of their keys, without those that are all zero."""
        for (bucket, cell, arm), (trials, conversions, reward, square) in sorted(
            self._counts.items()
        ):
            if trials or conversions or reward or square:
                yield bucket, cell, arm, trials, conversions, reward, square

    def columns(self) -> CountColumns:
        """All rows as columns."""
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
        """Equal where the rows are."""
        return isinstance(other, CountTable) and list(self.rows()) == list(other.rows())

    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        """The number of keys."""
        return len(self._counts)

    def add_exposure(self, at: float, cell: str, arm: int, count: int = 1) -> None:
        """Count exposures at time `at` (seconds) in a 5-minute bucket."""
        self._add((int(at // FINE) * FINE, cell, arm), count, 0, 0, 0)

    def add_reward(
        self, at: float, cell: str, arm: int, conversions: int, reward: int, reward_sq: int
    ) -> None:
        """Book deltas (of `reward_delta`) at the time, cell and arm of the exposure."""
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
        """Both tables as one: partitions add up."""
        both = CountTable({key: list(counts) for key, counts in self._counts.items()})
        for key, counts in other._counts.items():
            both._add(key, *counts)
        return both

    def compact(self, watermark: float) -> "CountTable":
        """The same sums in the buckets that are due when the journal stands at `watermark`."""
        table = CountTable()
        for (bucket, cell, arm), counts in self._counts.items():
            table._add((bucket_of(bucket, watermark), cell, arm), *counts)
        return table

    def weigh_buckets(
        self, at: float, half_life: float, quarantined: Sequence[Interval] = ()
    ) -> WeightedCounts:
        """Sums over buckets with weight 2 ** (-age / half_life).

        Args:
            at: the time of the fit in seconds; later buckets have weight 1.
            half_life: seconds, infinite for no forgetting.
            quarantined: intervals [from, to) in seconds; buckets that they touch have weight 0.
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
