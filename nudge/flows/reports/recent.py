"""Recent results in memory, by everything that they were made from."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Recent(Generic[T]):
    """A few results that were made or used last. Use it from one thread.

    They are held in memory, not in files: what makes them may change with the program.

    Attributes:
        most: number of results; the one whose last use is the oldest goes first.
    """

    most: int
    _known: OrderedDict[Hashable, T] = field(default_factory=OrderedDict)

    def find(self, about: Hashable) -> T | None:
        """Return the result that was made from the same; None if it is not held."""
        if about in self._known:
            self._known.move_to_end(about)
        return self._known.get(about)

    def hold(self, about: Hashable, result: T) -> T:
        """Hold a result, and return it."""
        self._known[about] = result
        self._known.move_to_end(about)
        while len(self._known) > self.most:
            self._known.popitem(last=False)
        return result
