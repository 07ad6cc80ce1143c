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
from nudge.store.service.catalogue import Catalogue
from nudge.wiring.stores import patient_store


@pytest.fixture
def web(settings: Settings) -> Iterator[Web]:
    store = patient_store(settings)
    sealer = Sealer(settings.secret_key)
    wanted = load_slots(CONFIG / "slots")
    applying.apply(store, plan({}, wanted), Edit("test", "shipped", NOW))
    catalogue = store.catalogue.refresh(Catalogue.empty())
    spool = Spool(settings.spool_dir, sealer.spool_key, 1 << 20)
    decider = Decider(store, sealer, 0.0, spool)
    made = Web(store, sealer, decider, Recorder(store, sealer, spool), catalogue)
    for name in catalogue.slots:
        made.put(made.slot(name, holdout=0.0))
    yield made
    store.close()
