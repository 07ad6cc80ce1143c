"""The store as most tests of it want it: one server, and a cluster."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.store.wire import client as clients
from nudge.store.wire.keys import Keys


@pytest.fixture(params=["one server", "cluster"])
def store(request: pytest.FixtureRequest, store_url: str, settings: Settings) -> Iterator[Store]:
    """A patient store, in a namespace that nobody else uses."""
    url = store_url if request.param == "one server" else request.getfixturevalue("cluster_url")
    store = Store(clients.patient(url), Keys(settings.namespace, settings.partitions))
    yield store
    store.close()
