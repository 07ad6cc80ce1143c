"""The installation that workers serve in these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from worker_site import Site

from nudge.settings.settings import Settings
from nudge.store.wire import client as clients
from nudge.store.wire.keys import Keys


@pytest.fixture
def site(settings: Settings) -> Iterator[Site]:
    client = clients.patient(settings.store_url)
    yield Site(client, settings, Keys(settings.namespace, settings.partitions))
    client.close()
