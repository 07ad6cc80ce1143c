"""The catalogue in a web process's memory: slots, policies, API keys and documents, as one value.

A refresh asks one hash what changed and reads only that; the new catalogue replaces the old one
whole, so that a request sees one state from its beginning to its end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog

import bandits
from bandits.contract import Policy
from nudge.config.documents.document import ConfigDocument
from nudge.config.window_value import windows_of
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.journal.caller import Caller
from nudge.domain.slots.learning import first_policy
from nudge.domain.slots.slot import Slot
from nudge.store.service.api_keys import ApiKeys, KeyRing
from nudge.store.service.documents import Documents
from nudge.store.service.slots import Slots
from nudge.store.service.snapshots import FAILING
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys

log = structlog.get_logger()


@dataclass(frozen=True)
class Catalogue:
    """The catalogue: everything that a decision needs besides the visitor.

    Attributes:
        slots: name -> what is served.
        keyring: who may call.
        versions: what the store said had changed last.
        documents: what was applied of the configuration, by name.
    """

    slots: Mapping[str, LiveSlot] = field(default_factory=dict)
    keyring: KeyRing = field(default_factory=lambda: KeyRing({}))
    versions: Mapping[str, str] = field(default_factory=dict)
    documents: Mapping[str, ConfigDocument] = field(default_factory=dict)

    @property
    def callers(self) -> Mapping[str, Caller]:
        """Holders of valid API keys, by the digest of the secret."""
        return self.keyring.callers

    @property
    def revoked(self) -> frozenset[str]:
        """Digests of API keys that are valid no longer."""
        return self.keyring.revoked

    @property
    def failing(self) -> Mapping[str, str]:
        """Slots whose learner cannot publish -> the kind of its failure."""
        told = {name: self.versions.get(f"{FAILING}{name}") for name in self.slots}
        return {name: why for name, why in told.items() if why}

    @classmethod
    def empty(cls) -> Catalogue:
        """Return the catalogue before the first refresh."""
        return cls()


@dataclass(frozen=True)
class CatalogueReader:
    """The reader of the catalogue: fetches only what changed."""

    client: Client
    keys: Keys

    def refresh(self, old: Catalogue) -> Catalogue:
        """Return the catalogue as of now; `old` itself where nothing changed.

        Raises:
            StoreAwayError: the store does not answer; the caller keeps the old one.
        """
        versions = self._versions()
        if versions == old.versions and old.versions:
            return old
        changed = {
            k for k in versions | dict(old.versions) if versions.get(k) != old.versions.get(k)
        }
        keyring = ApiKeys(self.client, self.keys).load() if "keys" in changed else old.keyring
        known = {name: served.slot for name, served in old.slots.items()}
        if "slots" in changed:
            known = Slots(self.client, self.keys).current()
        documents = old.documents
        if "documents" in changed:
            documents = Documents(self.client, self.keys).current()
        served = {name: self._served(slot, versions, old) for name, slot in known.items()}
        return Catalogue(served, keyring, versions, documents)

    def _versions(self) -> dict[str, str]:
        found = self.client.read_hash(self.keys.config("versions"))
        return {name.decode(): value.decode() for name, value in found.items()}

    def _served(self, slot: Slot, versions: Mapping[str, str], old: Catalogue) -> LiveSlot:
        before = old.slots.get(slot.name)
        version = versions.get(f"policy:{slot.name}", "0")
        if before and before.slot == slot and before.policy.version == version:
            return before
        policy = self._snapshot(slot.name, version)
        if policy is None or policy.arms != slot.names:
            # Nothing published yet, or for other variants: a known distribution until it is.
            policy = first_policy(slot)
        return LiveSlot(slot, policy, windows_of(slot))

    def _snapshot(self, name: str, version: str) -> Policy | None:
        blob = self.client.call("HGET", self.keys.config("snapshots", name), version)
        if blob is None:
            return None
        try:
            return bandits.load_policy(blob)
        except bandits.SnapshotError as error:
            log.warning("snapshot_unreadable", slot=name, version=version, error=str(error))
            return None
