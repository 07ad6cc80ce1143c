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
    return Store(clients.hot(settings.store_url, timeout), _keys(settings))


def patient_store(settings: Settings) -> Store:
    """Make a store for workers, commands and threads that no caller waits for."""
    return Store(clients.patient(settings.store_url), _keys(settings))


def _keys(settings: Settings) -> Keys:
    return Keys(settings.namespace, settings.partitions)
