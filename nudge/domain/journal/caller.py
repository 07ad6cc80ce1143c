"""Who calls: an API key's scopes, and what they mean for trust."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Scope = Literal["decide", "ingest", "schedule", "read", "admin"]
SCOPES: Final[tuple[Scope, ...]] = ("decide", "ingest", "schedule", "read", "admin")


@dataclass(frozen=True)
class Caller:
    """The holder of an API key.

    Attributes:
        key_id: names the key in records and the audit; not secret.
        scopes: what it may do. There is no order among them: none includes another.
        origins: web origins that may use it; empty for any.
    """

    key_id: str
    scopes: frozenset[Scope]
    origins: frozenset[str] = frozenset()

    @property
    def is_server(self) -> bool:
        """True for keys that are kept secret: their events are facts, not claims."""
        return "ingest" in self.scopes
