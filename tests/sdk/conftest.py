"""A real service with the slot of the page lives, and a site before it, for the browser's tests."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsers import open_browser
from child_processes import eventually, free_port
from e2e_service import Service, serving
from playwright.sync_api import Browser, Page
from sdk_site import Site, opened

SLOT = Path(__file__).with_name("lives.toml")


@pytest.fixture(scope="module")
def lives_service() -> Iterator[Service]:
    """A running service that knows the slot `lives`."""
    with (
        tempfile.TemporaryDirectory(prefix="nudge-sdk-") as directory,
        serving(Path(directory) / "data", free_port(), NUDGE_WEB_WORKERS="1") as running,
    ):
        applied = running.run("apply", str(SLOT))
        assert applied.returncode == 0, applied.stderr
        assert eventually(lambda: "lives" in str(running.api.get("/v1/slots")))
        yield running


@pytest.fixture(scope="module")
def site(lives_service: Service) -> Iterator[Site]:
    """The shop's pages, and a way to the service that can be broken."""
    with opened(lives_service.url) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for the tests that look at one page each."""
    with open_browser() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a new profile."""
    with browser.new_context() as context:
        yield context.new_page()
