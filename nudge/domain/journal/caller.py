"""Callers of the API: the scopes of a key, and the trust that follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Scope = Literal["decide", "ingest", "schedule", "read", "admin"]
SCOPES: Final[tuple[Scope, ...]] = ("decide", "ingest", "schedule", "read", "admin")


@dataclass(frozen=True)
class Caller:
    """The holder of an API key.

    Attributes:
        key_id: names the key in records and in the audit; not secret.
        scopes: permissions, without order: none includes another.
        origins: web origins that may use it; empty for any.
    """

    key_id: str
    scopes: frozenset[Scope]
    origins: frozenset[str] = frozenset()

    @property
    def is_server(self) -> bool:
        """True for secret keys: their events are facts, not claims."""
        return "ingest" in self.scopes
