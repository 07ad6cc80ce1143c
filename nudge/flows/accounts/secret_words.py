"""Secrets of sessions and links: 256 random bits, of which only a digest is kept."""

from __future__ import annotations

import re
import secrets
from typing import Final

from nudge.store.service.api_keys import digest_of

BYTES: Final = 32
_FORM: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def new_secret() -> str:
    """Return a new secret, which may stand in a URL or a cookie."""
    return secrets.token_urlsafe(BYTES)


def digest_if_secret(text: str) -> str | None:
    """Return the digest of a text that may be a secret; None where it has another form."""
    return digest_of(text) if _FORM.fullmatch(text) else None
