"""Fixtures of the pages' tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from api_web import Web, served
from browsers import open_browser
from page_site import PageSite, open_site
from playwright.sync_api import Browser

from nudge.settings.settings import Settings


@pytest.fixture
def web(settings: Settings) -> Iterator[Web]:
    yield from served(settings)


@pytest.fixture
def site(web: Web) -> PageSite:
    return open_site(web)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless browser."""
    with open_browser() as running:
        yield running
