"""API keys at rest, known by a digest of the secret that only its holder has.

The digest is a plain SHA-256: a secret of 190 random bits can not be guessed, so there is nothing
that a slow or salted hash would protect, and the web looks a key up by it on every call.
"""

from __future__ import annotations

import hashlib
import secrets
import string
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import orjson

from nudge.domain.journal.caller import Caller, Scope
from nudge.errors import NotFoundError, StoreError
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys

BASE62: Final = string.ascii_letters + string.digits
ID_LENGTH: Final = 10
SECRET_LENGTH: Final = 32
"""Characters of base 62: 190 bits."""
_FAMILY: Final = "api_keys"


@dataclass(frozen=True)
class StoredKey:
    """An API key at rest: everything but the secret.

    Attributes:
        key_id: names the key; part of the secret, not secret itself.
        digest: SHA-256 of the secret, in hex.
        scopes: what it may do.
        origins: web origins that may use it; empty for any.
        name: for people.
        created: seconds.
        revoked_at: seconds; None while it is valid.
    """

    key_id: str
    digest: str
    scopes: tuple[Scope, ...]
    origins: tuple[str, ...]
    name: str
    created: float
    revoked_at: float | None = None

    @property
    def caller(self) -> Caller:
        """The caller who holds this key."""
        return Caller(self.key_id, frozenset(self.scopes), frozenset(self.origins))


@dataclass(frozen=True)
class KeyRing:
    """The API keys, by the digest of their secrets.

    Attributes:
        callers: digest -> holder, for keys that are valid.
        revoked: digests of keys that were.
    """

    callers: Mapping[str, Caller]
    revoked: frozenset[str] = frozenset()


def digest_of(secret: str) -> str:
    """Return the digest by which a secret is looked up: SHA-256, in hex."""
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True)
class ApiKeys:
    """API keys: made, listed, revoked."""

    client: Client
    keys: Keys

    def create(
        self,
        scopes: Iterable[Scope],
        name: str,
        origins: Iterable[str],
        now: float,
    ) -> tuple[str, str]:
        """Make a new key.

        Returns:
            Its id, and the secret, which can not be shown again.
        """
        key_id = _random(ID_LENGTH)
        secret = f"nk_{key_id}_{_random(SECRET_LENGTH)}"
        record = _record(key_id, secret, scopes, name, origins, now)
        if not self._store(None, record):
            raise StoreError(f"key id {key_id} is taken; try again")
        return key_id, secret

    def register(
        self,
        secret: str,
        scopes: Iterable[Scope],
        name: str,
        origins: Iterable[str],
        now: float,
    ) -> str:
        """Store a secret that was made elsewhere, and return its key id; idempotent.

        Idempotent: the id follows from the secret. A key that was revoked stays revoked.
        """
        key_id = digest_of(secret)[:ID_LENGTH]
        self._store(None, _record(key_id, secret, scopes, name, origins, now))
        return key_id

    def list_keys(self) -> list[StoredKey]:
        """Return all keys, the revoked ones too, oldest first."""
        found = self.client.read_hash(self.keys.config(_FAMILY))
        return sorted(map(_parsed, found.values()), key=lambda key: (key.created, key.key_id))

    def revoke(self, key_id: str, now: float) -> StoredKey:
        """Revoke a key for good; idempotent, the first time of revocation stays.

        Raises:
            NotFoundError: no key has this id.
        """
        while True:
            found = self.client.call("HGET", self.keys.config(_FAMILY), key_id)
            if found is None:
                raise NotFoundError(f"no API key has the id {key_id!r}")
            key = _parsed(found)
            if key.revoked_at is not None:
                return key
            revoked = replace(key, revoked_at=now)
            # A refusal means that another call changed the key meanwhile: look again.
            if self._store(found, revoked):
                return revoked

    def load(self) -> KeyRing:
        """Return every key by the digest of its secret."""
        every = self.list_keys()
        valid = {key.digest: key.caller for key in every if key.revoked_at is None}
        return KeyRing(valid, frozenset(key.digest for key in every if key.revoked_at is not None))

    def _store(self, current: bytes | None, key: StoredKey) -> bool:
        names = [self.keys.config(_FAMILY), self.keys.config("versions")]
        return bool(self.client.run("api_key", names, [key.key_id, current or b"", _dumped(key)]))


def _random(length: int) -> str:
    return "".join(secrets.choice(BASE62) for _ in range(length))


def _record(
    key_id: str,
    secret: str,
    scopes: Iterable[Scope],
    name: str,
    origins: Iterable[str],
    now: float,
) -> StoredKey:
    return StoredKey(
        key_id, digest_of(secret), tuple(sorted(set(scopes))), tuple(origins), name, now
    )


def _dumped(key: StoredKey) -> bytes:
    return orjson.dumps(asdict(key))


def _parsed(value: bytes) -> StoredKey:
    table: dict[str, Any] = orjson.loads(value)
    return StoredKey(
        **table | {"scopes": tuple(table["scopes"]), "origins": tuple(table["origins"])}
    )
