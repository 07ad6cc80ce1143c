"""A store, keys, slots and the two flows of the web, on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from nudge.domain.asked import Answer, Ask
from nudge.domain.caller import Caller
from nudge.domain.records import Entry
from nudge.domain.sealing import Sealer
from nudge.domain.slot import Slot
from nudge.domain.slot_change import Edit, plan
from nudge.domain.slot_file import load_slots
from nudge.flows import apply as applying
from nudge.flows.decide import Decider
from nudge.flows.record import Recorder
from nudge.settings import Settings
from nudge.spool.spool import Spool
from nudge.store import client as clients
from nudge.store import slots
from nudge.store.catalogue import Catalogue, refreshed
from nudge.store.client import Client
from nudge.store.journal import read
from nudge.store.keys import Keys

NOW = 1_790_000_000.0
PAGE = Caller("page", frozenset({"decide"}))
SERVER = Caller("server", frozenset({"decide", "ingest"}))


@dataclass
class Web:
    """The web's half of the loop, without HTTP."""

    client: Client
    keys: Keys
    sealer: Sealer
    decider: Decider
    recorder: Recorder
    catalogue: Catalogue

    def ask(self, visitor: str, *slots_asked: str, caller: Caller = PAGE, **more: object) -> Answer:
        """The answer to a visitor's page."""
        at = float(more.pop("at", NOW))  # type: ignore[arg-type]
        wanted = slots_asked or ("denomination",)
        given = {"channel": "web", "page": "home"} | more
        ask = Ask(visitor_id=visitor, slots=wanted, **given)  # type: ignore[arg-type]
        return self.decider.decide(self.catalogue, [ask], caller, at)[0]

    def put(self, slot: Slot) -> None:
        """Make a slot current and serve it."""
        before = slots.current(self.client, self.keys).get(slot.name)
        assert slots.put(self.client, self.keys, slot, before)
        self.catalogue = refreshed(self.client, self.keys, self.catalogue)

    def slot(self, name: str, **changes: object) -> Slot:
        """A slot of the catalogue with these changes, at its next revision."""
        now = self.catalogue.slots[name].slot
        return replace(now, revision=now.revision + 1, **changes)  # type: ignore[arg-type]

    def entries(self) -> list[Entry]:
        """The whole journal, partition by partition."""
        every = self.keys.every_partition()
        return [entry for p in every for entry in read(self.client, self.keys, p, 0, 100_000)]


@pytest.fixture
def web(settings: Settings) -> Iterator[Web]:
    client = clients.patient(settings.store_url)
    keys = Keys(settings.namespace, settings.partitions)
    sealer = Sealer(settings.secret_key)
    wanted = load_slots(Path(__file__).parents[2] / "config" / "slots")
    applying.apply(client, keys, plan({}, wanted), Edit("test", "shipped", NOW))
    catalogue = refreshed(client, keys, Catalogue.empty())
    spool = Spool(settings.spool_dir, sealer.spool_key, 1 << 20)
    decider = Decider(client, keys, sealer, 0.0, spool)
    made = Web(client, keys, sealer, decider, Recorder(client, keys, sealer, spool), catalogue)
    for name in catalogue.slots:
        made.put(made.slot(name, holdout=0.0))
    yield made
    client.close()
