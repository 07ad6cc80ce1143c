"""Fixtures that the tests of the HTTP face share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from api_web import Web, served

from nudge.settings.settings import Settings


@pytest.fixture
def web(settings: Settings) -> Iterator[Web]:
    yield from served(settings)
