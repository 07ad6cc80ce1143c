"""Stores of an installation: the one place that makes connections."""

from __future__ import annotations

from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.store.wire import client as clients
from nudge.store.wire.keys import Keys


def hot_store(settings: Settings, timeout: float) -> Store:
    """Make a store for callers who must not wait: one try, behind a circuit breaker.

    Args:
        settings: of the installation.
        timeout: seconds to connect, and to wait for each answer.
    """
    return _store(settings, clients.hot(settings.store_url, timeout))


def patient_store(settings: Settings) -> Store:
    """Make a store for workers, commands and threads that no caller waits for."""
    return _store(settings, clients.patient(settings.store_url))


def _store(settings: Settings, client: clients.Client) -> Store:
    keys = Keys(settings.namespace, settings.partitions)
    return Store(client, keys, settings.identity_most_visitors, settings.people_pages_own_ids)
