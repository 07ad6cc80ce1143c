"""Jitter: the one module of the service that draws without a seed, to keep workers out of step."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def upper_half(seconds: float) -> float:
    """A wait between half of these seconds and all of them."""
    return seconds * random.uniform(0.5, 1.0)  # noqa: S311 - no secret hangs on it


def shuffle(items: Sequence[T]) -> list[T]:
    """The items in a random order."""
    return random.sample(items, len(items))
