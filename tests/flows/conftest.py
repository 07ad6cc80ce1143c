"""A store, keys, slots and the two flows of the web, on a real server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flow_web import Web, web_on

from nudge.settings.settings import Settings
from nudge.wiring.stores import patient_store


@pytest.fixture
def web(settings: Settings) -> Iterator[Web]:
    store = patient_store(settings)
    yield web_on(store, settings)
    store.close()
