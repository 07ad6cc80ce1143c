"""Reading of a fold's state at one position, while the fold goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

TRIES: Final = 200
"""How often state is read until no commit comes between."""

H = TypeVar("H")
V = TypeVar("V")


def read_at_one_position(head: Callable[[], H], read: Callable[[H], V]) -> tuple[H, V] | None:
    """Return a fold's head with what was read at it; None where a commit came between every time.

    Args:
        head: reads what each commit changes, the position among it.
        read: reads the state of a head.
    """
    for _ in range(TRIES):
        before = head()
        found = read(before)
        if head() == before:
            return before, found
    return None
