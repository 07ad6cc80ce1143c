"""The store as most tests of it want it: one server, and a cluster."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nudge.settings.settings import Settings
from nudge.store.wire import client as clients
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys


@pytest.fixture(params=["one server", "cluster"])
def store(request: pytest.FixtureRequest, store_url: str) -> Iterator[Client]:
    """A patient client."""
    url = store_url if request.param == "one server" else request.getfixturevalue("cluster_url")
    client = clients.patient(url)
    yield client
    client.close()


@pytest.fixture
def keys(settings: Settings) -> Keys:
    """Of a namespace that nobody else uses."""
    return Keys(settings.namespace, settings.partitions)
