"""One real service for all tests of this directory, and one demonstration for those of pages."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from child_processes import free_port
from demo_site import Demo, demonstrating
from e2e_service import Service, serving


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    """A running service, shared: tests use slots, visitors and runs of their own."""
    # pytest's own directories are too deep for the path of a unix socket.
    with (
        tempfile.TemporaryDirectory(prefix="nudge-e2e-") as directory,
        serving(Path(directory) / "data", free_port()) as running,
    ):
        yield running


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    """A demonstration with an admin who is signed in; it takes half a minute to make."""
    with demonstrating() as running:
        yield running
