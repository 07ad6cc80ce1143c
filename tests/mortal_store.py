"""A store whose callers die: by a seed, any call of the store may be a process's last one."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

DYING = 0.08
"""Probability of a death at each call of the store."""


class Died(Exception):  # noqa: N818 - no error of the code's: the end of a process
    """The death of a process at a call of the store."""


class Fate:
    """The fate of processes: by a seed, each call of the store may be the last one.

    A process dies before its call reaches the server, or behind it, without the answer.
    """

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - the same deaths every time
        self.deaths = 0

    def around(self, execute: Callable[..., Any]) -> Callable[..., Any]:
        """Return a call of the store that may be the last one."""

        def call(*command: Any) -> Any:
            if self.random.random() >= DYING:
                return execute(*command)
            self.deaths += 1
            if self.random.random() < 0.5:
                execute(*command)
            raise Died

        return call
