"""Fixtures that the tests of OFREP share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ofrep_site import FlagSite, flag_site

from nudge.settings.settings import Settings


@pytest.fixture
def site(settings: Settings) -> Iterator[FlagSite]:
    """The shipped slots as flags."""
    with flag_site(settings) as found:
        yield found
