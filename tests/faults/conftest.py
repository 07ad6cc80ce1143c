"""Tests that kill, freeze or cut processes for long are marked: `make faults` runs them all."""

from __future__ import annotations

from pathlib import Path

import pytest

ALWAYS = {"test_faults_owners.py", "test_faults_points.py"}
"""Short enough for `make test`."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies in this folder, but for what is always run."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and item.path.name not in ALWAYS:
            item.add_marker(pytest.mark.faults)
