"""Jitter: the service's only draws without a seed, which keep workers out of step."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def upper_half(seconds: float) -> float:
    """Return a random wait between half of these seconds and all of them."""
    return seconds * random.uniform(0.5, 1.0)  # noqa: S311 - no secret hangs on it


def shuffle(items: Sequence[T]) -> list[T]:
    """Return the items in a random order."""
    return random.sample(items, len(items))
