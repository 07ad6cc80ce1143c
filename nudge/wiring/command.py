"""An installation as a command sees it: its settings and its store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from nudge.domain.identity.sealing import Sealer
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.wiring.stores import patient_store


@dataclass(frozen=True)
class Installation:
    """An installation whose store is open.

    Attributes:
        store: patient.
    """

    settings: Settings
    store: Store

    @property
    def sealer(self) -> Sealer:
        """The sealer of the installation: hashes and ids."""
        return Sealer(self.settings.secret_key, self.settings.vault_secrets)


@contextmanager
def open_installation(settings: Settings) -> Iterator[Installation]:
    """Open the installation's store for the time of a command."""
    store = patient_store(settings)
    try:
        yield Installation(settings, store)
    finally:
        store.close()
