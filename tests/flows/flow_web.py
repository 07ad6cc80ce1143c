"""The web's half of the loop without HTTP: its flows, a catalogue and the store."""

from __future__ import annotations

from dataclasses import dataclass, replace

from places import shipped_slots

from nudge.config.slot_change import Edit, plan
from nudge.domain.choosing.requests import DecisionRequest, PageAnswer
from nudge.domain.identity.sealing import Sealer
from nudge.domain.journal.caller import Caller
from nudge.domain.journal.records import JournalEntry
from nudge.domain.slots.slot import Slot
from nudge.flows.serving.decide import Decider
from nudge.flows.serving.record import Recorder
from nudge.flows.upkeep import apply as applying
from nudge.settings.settings import Settings
from nudge.spool.spool import Spool
from nudge.store.service.catalogue import Catalogue
from nudge.store.store import Store

NOW = 1_790_000_000.0
PAGE = Caller("page", frozenset({"decide"}))
SERVER = Caller("server", frozenset({"decide", "ingest"}))


@dataclass
class Web:
    """The web's half of the loop, without HTTP."""

    store: Store
    sealer: Sealer
    decider: Decider
    recorder: Recorder
    catalogue: Catalogue

    def ask(
        self, visitor: str, *slots_asked: str, caller: Caller = PAGE, **more: object
    ) -> PageAnswer:
        """The answer to a visitor's page."""
        at = float(more.pop("at", NOW))  # type: ignore[arg-type]
        wanted = slots_asked or ("denomination",)
        given = {"channel": "web", "page": "home"} | more
        ask = DecisionRequest(visitor_id=visitor, slots=wanted, **given)  # type: ignore[arg-type]
        return self.decider.decide(self.catalogue, [ask], caller, at)[0]

    def put(self, slot: Slot) -> None:
        """Make a slot current and serve it."""
        before = self.store.slots.current().get(slot.name)
        assert self.store.slots.put(slot, before)
        self.catalogue = self.store.catalogue.refresh(self.catalogue)

    def slot(self, name: str, **changes: object) -> Slot:
        """A slot of the catalogue with these changes, at its next revision."""
        now = self.catalogue.slots[name].slot
        return replace(now, revision=now.revision + 1, **changes)  # type: ignore[arg-type]

    def entries(self) -> list[JournalEntry]:
        """The whole journal, partition by partition."""
        every = self.store.keys.every_partition()
        return [entry for p in every for entry in self.store.journal.read(p, 0, 100_000)]


def web_on(store: Store, settings: Settings) -> Web:
    """The web's half on a store, with the shipped slots, of which none has a holdout."""
    sealer = Sealer(settings.secret_key)
    applying.apply(store, plan({}, shipped_slots()), Edit("test", "shipped", NOW))
    catalogue = store.catalogue.refresh(Catalogue.empty())
    spool = Spool(settings.spool_dir, sealer.spool_key, 1 << 20)
    decider = Decider(store, sealer, 0.0, spool)
    made = Web(store, sealer, decider, Recorder(store, sealer, spool), catalogue)
    for name in catalogue.slots:
        made.put(made.slot(name, holdout=0.0))
    return made
