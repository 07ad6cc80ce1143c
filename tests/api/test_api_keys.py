"""API keys at rest."""

from __future__ import annotations

import re

import pytest
from api_web import Web

from nudge.errors import NotFoundError
from nudge.store.service import api_keys


def version(web: Web) -> int:
    """What web processes watch."""
    return int(web.service.client.call("HGET", web.service.keys.config("versions"), "keys") or 0)


def test_a_secret_is_shown_once_and_kept_nowhere(web: Web) -> None:
    """The store has a digest; the secret carries its id and at least 32 random characters."""
    client, keys = web.service.client, web.service.keys
    key_id, secret = api_keys.create(client, keys, ["decide"], "shop", ["https://a.example"], 7.0)
    assert re.fullmatch(rf"nk_{key_id}_[0-9A-Za-z]{{32,}}", secret)
    stored = client.call("HGET", keys.config("api_keys"), key_id)
    assert secret.encode() not in stored
    assert secret.rsplit("_", 1)[1].encode() not in stored
    held = api_keys.load(client, keys).callers[api_keys.digest_of(secret)]
    assert (held.key_id, held.scopes, held.origins) == (key_id, {"decide"}, {"https://a.example"})


def test_registering_twice_changes_nothing(web: Web) -> None:
    """The id follows from the secret, so that each start may register it again."""
    client, keys = web.service.client, web.service.keys
    args = (client, keys, "given-secret", ["decide"], "page", ())
    key_id = api_keys.register(*args, 1.0)
    before, kept = version(web), len(api_keys.list_keys(client, keys))
    assert api_keys.register(*args, 2.0) == key_id
    assert (version(web), len(api_keys.list_keys(client, keys))) == (before, kept)


def test_every_change_is_told_to_the_web(web: Web) -> None:
    """Each change raises the number that web processes watch; revoking twice changes nothing."""
    client, keys = web.service.client, web.service.keys
    before = version(web)
    key_id, _ = api_keys.create(client, keys, ["read"], "x", (), 1.0)
    assert version(web) == before + 1
    assert api_keys.revoke(client, keys, key_id, 2.0).revoked_at == 2.0
    assert api_keys.revoke(client, keys, key_id, 3.0).revoked_at == 2.0
    assert version(web) == before + 2


def test_a_revoked_key_stays_revoked(web: Web) -> None:
    """Registering the same secret again does not bring it back."""
    client, keys = web.service.client, web.service.keys
    key_id = api_keys.register(client, keys, "given", ["read"], "x", (), 1.0)
    api_keys.revoke(client, keys, key_id, 2.0)
    api_keys.register(client, keys, "given", ["read"], "x", (), 3.0)
    ring = api_keys.load(client, keys)
    assert api_keys.digest_of("given") in ring.revoked
    assert api_keys.digest_of("given") not in ring.callers


def test_only_what_exists_can_be_revoked(web: Web) -> None:
    """An unknown id is an error, not a silent success."""
    with pytest.raises(NotFoundError):
        api_keys.revoke(web.service.client, web.service.keys, "nothing", 1.0)
