"""The installation that workers serve in these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from worker_site import Site

from nudge.settings.settings import Settings
from nudge.wiring.stores import patient_store


@pytest.fixture
def site(settings: Settings) -> Iterator[Site]:
    store = patient_store(settings)
    yield Site(store, settings)
    store.close()
