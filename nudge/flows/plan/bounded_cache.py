"""A cache of values by hashable keys, which forgets everything when it is full."""

from __future__ import annotations

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class BoundedCache(dict[K, V], Generic[K, V]):
    """A dictionary of at most so many values; one more, and all are forgotten.

    Threads may share it: the worst is that two of them compute the same value.
    """

    def __init__(self, most: int) -> None:
        """Make an empty cache of at most `most` values."""
        super().__init__()
        self._most = most

    def remember(self, key: K, value: V) -> V:
        """Keep a value and return it."""
        if len(self) >= self._most:
            self.clear()
        self[key] = value
        return value
