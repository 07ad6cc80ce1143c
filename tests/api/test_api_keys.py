"""API keys at rest."""

from __future__ import annotations

import re

import pytest
from api_web import Web

from nudge.errors import NotFoundError
from nudge.store.service import api_keys


def version(web: Web) -> int:
    """The version of the API keys, which web processes watch."""
    return int(
        web.service.store.client.call("HGET", web.service.store.keys.config("versions"), "keys")
        or 0
    )


def test_a_secret_is_shown_once_and_kept_nowhere(web: Web) -> None:
    """The store has a digest; the secret carries its id and at least 32 random characters."""
    store = web.service.store
    key_id, secret = store.api_keys.create(["decide"], "shop", ["https://a.example"], 7.0)
    assert re.fullmatch(rf"nk_{key_id}_[0-9A-Za-z]{{32,}}", secret)
    stored = store.client.call("HGET", store.keys.config("api_keys"), key_id)
    assert secret.encode() not in stored
    assert secret.rsplit("_", 1)[1].encode() not in stored
    held = store.api_keys.load().callers[api_keys.digest_of(secret)]
    assert (held.key_id, held.scopes, held.origins) == (key_id, {"decide"}, {"https://a.example"})


def test_registering_twice_changes_nothing(web: Web) -> None:
    """The id follows from the secret, so that each start may register it again."""
    store = web.service.store
    args = ("given-secret", ["decide"], "page", ())
    key_id = store.api_keys.register(*args, 1.0)
    before, kept = version(web), len(store.api_keys.list_keys())
    assert store.api_keys.register(*args, 2.0) == key_id
    assert (version(web), len(store.api_keys.list_keys())) == (before, kept)


def test_every_change_is_told_to_the_web(web: Web) -> None:
    """Each change raises the number that web processes watch; revoking twice changes nothing."""
    store = web.service.store
    before = version(web)
    key_id, _ = store.api_keys.create(["read"], "x", (), 1.0)
    assert version(web) == before + 1
    assert store.api_keys.revoke(key_id, 2.0).revoked_at == 2.0
    assert store.api_keys.revoke(key_id, 3.0).revoked_at == 2.0
    assert version(web) == before + 2


def test_a_revoked_key_stays_revoked(web: Web) -> None:
    """Registering the same secret again does not bring it back."""
    store = web.service.store
    key_id = store.api_keys.register("given", ["read"], "x", (), 1.0)
    store.api_keys.revoke(key_id, 2.0)
    store.api_keys.register("given", ["read"], "x", (), 3.0)
    ring = store.api_keys.load()
    assert api_keys.digest_of("given") in ring.revoked
    assert api_keys.digest_of("given") not in ring.callers


def test_only_what_exists_can_be_revoked(web: Web) -> None:
    """An unknown id is an error, not a silent success."""
    with pytest.raises(NotFoundError):
        web.service.store.api_keys.revoke("nothing", 1.0)
