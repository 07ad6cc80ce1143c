"""The pages' key of the settings, in the store: there it can be listed and revoked."""

from __future__ import annotations

from nudge.clock import now
from nudge.settings.settings import Settings
from nudge.store.store import Store


def register_page_key(store: Store, settings: Settings) -> None:
    """Put the pages' key into the store; idempotent, and one that was revoked stays so.

    Raises:
        StoreAwayError: no answer.
    """
    if settings.page_key is None:
        return
    origins = () if "*" in settings.cors_origins else settings.cors_origins
    store.api_keys.register(settings.page_key, ["decide"], "page", origins, now())
