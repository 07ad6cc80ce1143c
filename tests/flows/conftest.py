"""A store, keys, slots and the two flows of the web, on a real server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flow_web import NOW, Web
from places import CONFIG

from nudge.config.slot_change import Edit, plan
from nudge.config.slot_file import load_slots
from nudge.domain.identity.sealing import Sealer
from nudge.flows.serving.decide import Decider
from nudge.flows.serving.record import Recorder
from nudge.flows.upkeep import apply as applying
from nudge.settings.settings import Settings
from nudge.spool.spool import Spool
from nudge.store.service.catalogue import Catalogue, refreshed
from nudge.store.wire import client as clients
from nudge.store.wire.keys import Keys


@pytest.fixture
def web(settings: Settings) -> Iterator[Web]:
    client = clients.patient(settings.store_url)
    keys = Keys(settings.namespace, settings.partitions)
    sealer = Sealer(settings.secret_key)
    wanted = load_slots(CONFIG / "slots")
    applying.apply(client, keys, plan({}, wanted), Edit("test", "shipped", NOW))
    catalogue = refreshed(client, keys, Catalogue.empty())
    spool = Spool(settings.spool_dir, sealer.spool_key, 1 << 20)
    decider = Decider(client, keys, sealer, 0.0, spool)
    made = Web(client, keys, sealer, decider, Recorder(client, keys, sealer, spool), catalogue)
    for name in catalogue.slots:
        made.put(made.slot(name, holdout=0.0))
    yield made
    client.close()
