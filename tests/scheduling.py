"""Which worker of pytest-xdist runs which tests: a file stays together, and so does `e2e`.

Fixtures of a module or of a session are then set up once, not once a worker. `xdist_group` would
say the same, but pytest 9.2 keeps a test's id where pytest-xdist 3.8 does not write the group, and
groups are torn apart without a word.
"""

from __future__ import annotations

from typing import Final

import pytest
from xdist.scheduler import LoadScopeScheduling

TOGETHER: Final = "tests/e2e/"
"""Shares one real service, and measures times that a second one would spoil."""
FIRST: Final = tuple(
    f"tests/{folder}/"
    for folder in ("e2e", "faults", "workers", "flows", "lake", "api", "benchmarks", "cli")
)
"""The slowest folders, the slowest first: what begins early leaves no worker alone at the end."""


class FileScheduling(LoadScopeScheduling):
    """A scheduler whose units of work are files, in the order of the collection."""

    def _split_scope(self, nodeid: str) -> str:
        return TOGETHER if nodeid.startswith(TOGETHER) else nodeid.partition("::")[0]


def sort_slow_first(items: list[pytest.Item]) -> None:
    """Put the tests of the slowest folders first; the order within a folder stays."""
    ranks = {folder: rank for rank, folder in enumerate(FIRST)}

    def rank_of(item: pytest.Item) -> int:
        return next(
            (r for folder, r in ranks.items() if item.nodeid.startswith(folder)), len(ranks)
        )

    items.sort(key=rank_of)
