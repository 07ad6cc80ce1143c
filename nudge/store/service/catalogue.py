"""What a web process holds in memory: slots, their policies and the API keys, as one value.

A refresh asks one hash what changed and reads only that; the new catalogue replaces the old one
whole, so that a request sees one state from its beginning to its end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog

import bandits
from bandits.contract import Policy
from nudge.config.window_value import windows_of
from nudge.domain.journal.caller import Caller
from nudge.domain.slots.learning import first_policy
from nudge.domain.slots.live_slot import LiveSlot
from nudge.domain.slots.slot import Slot
from nudge.store.service import api_keys, slots
from nudge.store.service.api_keys import KeyRing
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys

log = structlog.get_logger()


@dataclass(frozen=True)
class Catalogue:
    """Everything that a decision needs besides the visitor.

    Attributes:
        slots: name -> what is served.
        keyring: who may call.
        versions: what the store said had changed last.
    """

    slots: Mapping[str, LiveSlot] = field(default_factory=dict)
    keyring: KeyRing = field(default_factory=lambda: KeyRing({}))
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def callers(self) -> Mapping[str, Caller]:
        """Digest of a valid API key -> its holder."""
        return self.keyring.callers

    @property
    def revoked(self) -> frozenset[str]:
        """Digests of API keys that are valid no longer."""
        return self.keyring.revoked

    @classmethod
    def empty(cls) -> Catalogue:
        """Before the first refresh."""
        return cls()


def refreshed(client: Client, keys: Keys, old: Catalogue) -> Catalogue:
    """The catalogue as of now; `old` itself where nothing changed.

    Raises:
        StoreAwayError: the store does not answer; the caller keeps the old one.
    """
    versions = _versions(client, keys)
    if versions == old.versions and old.versions:
        return old
    changed = {k for k in versions | dict(old.versions) if versions.get(k) != old.versions.get(k)}
    keyring = api_keys.load(client, keys) if "keys" in changed else old.keyring
    known = {name: served.slot for name, served in old.slots.items()}
    if "slots" in changed:
        known = slots.current(client, keys)
    served = {name: _served(client, keys, slot, versions, old) for name, slot in known.items()}
    return Catalogue(served, keyring, versions)


def _versions(client: Client, keys: Keys) -> dict[str, str]:
    reply = client.call("HGETALL", keys.config("versions"))
    pairs = reply.items() if isinstance(reply, dict) else zip(reply[::2], reply[1::2], strict=True)
    return {name.decode(): value.decode() for name, value in pairs}


def _served(
    client: Client, keys: Keys, slot: Slot, versions: Mapping[str, str], old: Catalogue
) -> LiveSlot:
    before = old.slots.get(slot.name)
    version = versions.get(f"policy:{slot.name}", "0")
    if before and before.slot == slot and before.policy.version == version:
        return before
    policy = _snapshot(client, keys, slot.name, version)
    if policy is None or policy.arms != slot.names:
        # Nothing published yet, or for other variants: a known distribution until it is.
        policy = first_policy(slot)
    return LiveSlot(slot, policy, windows_of(slot))


def _snapshot(client: Client, keys: Keys, name: str, version: str) -> Policy | None:
    blob = client.call("HGET", keys.config("snapshots", name), version)
    if blob is None:
        return None
    try:
        return bandits.load_policy(blob)
    except bandits.SnapshotError as error:
        log.warning("snapshot_unreadable", slot=name, version=version, error=str(error))
        return None
