"""Authentication and authorisation: the headers of a request give a caller with scopes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flask import Request

from nudge.api.errors import KeyRevokedError
from nudge.api.service import Service
from nudge.domain.journal.caller import SCOPES, Caller, Scope
from nudge.errors import ForbiddenError, UnauthenticatedError
from nudge.settings.settings import Settings
from nudge.store.service.api_keys import digest_of

HEADER: Final = "X-API-Key"
PARAMETER: Final = "key"
CALLER: Final = "nudge.caller"
"""Entry of a call's environ with the user for whom the pages call; headers cannot set it."""
ANY_ORIGIN: Final = "*"


def local_callers(settings: Settings) -> dict[str, Caller]:
    """Return digest -> caller of the keys in the settings, which work with an empty store."""
    found: dict[str, Caller] = {}
    if settings.page_key:
        origins = frozenset(settings.cors_origins)
        limit = frozenset[str]() if ANY_ORIGIN in origins else origins
        found[digest_of(settings.page_key)] = Caller("page", frozenset({"decide"}), limit)
    if settings.admin_key:
        found[digest_of(settings.admin_key)] = Caller("admin", frozenset(SCOPES))
    return found


def authorise(
    request: Request, service: Service, name: str, scopes: Sequence[Scope], *, in_query: bool
) -> Caller:
    """Authenticate the caller of a request, and check that the key or the role allows it.

    No client can be a user by a header: headers are texts, under names that begin with HTTP_.

    Args:
        request: carries the key; or the pages, in this process, have named the user.
        service: knows the keys.
        name: of the operation; the role of a user lists those that it allows.
        scopes: any of them suffices for a key; no scope includes another.
        in_query: the key may also be a query parameter, for senders that can set no header.

    Raises:
        UnauthenticatedError: the key is missing, unknown or (as `key_revoked`) revoked.
        ForbiddenError: the key lacks the scopes, or must not be used from this web origin.
        StoreAwayError: no keys have been read yet, and the store does not answer.
    """
    user = request.environ.get(CALLER)
    if isinstance(user, Caller):
        return _user(user, name)
    caller = _caller(service, _key(request, in_query=in_query))
    if not caller.scopes.intersection(scopes):
        raise ForbiddenError(f"this key lacks the scope {' or '.join(scopes)}")
    origin = request.headers.get("Origin")
    if origin is not None and caller.origins and origin not in caller.origins:
        raise ForbiddenError("this key may not be used from this web origin")
    return caller


def _user(user: Caller, name: str) -> Caller:
    if user.operations is None or name not in user.operations:
        raise ForbiddenError(f"your role does not allow {name}; ask an administrator")
    return user


def _key(request: Request, *, in_query: bool) -> str:
    kind, _, bearer = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer" and bearer.strip():
        return bearer.strip()
    key = request.headers.get(HEADER, "").strip()
    if not key and in_query:
        key = request.args.get(PARAMETER, "")
    if not key:
        raise UnauthenticatedError(f"send a key, as Authorization: Bearer KEY or {HEADER}: KEY")
    return key


def _caller(service: Service, key: str) -> Caller:
    digest = digest_of(key)
    local = service.local.get(digest)
    # The settings' keys must work before the store was ever reached; a revoked one must not.
    known = service.held.catalogue if local else service.catalogue()
    if digest in known.revoked:
        raise KeyRevokedError("this key was revoked")
    caller = known.callers.get(digest, local)
    if caller is None:
        raise UnauthenticatedError("unknown key")
    return caller
