"""Callers of the API: the scopes of a key, and the trust that follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Scope = Literal["decide", "ingest", "schedule", "read", "admin"]
SCOPES: Final[tuple[Scope, ...]] = ("decide", "ingest", "schedule", "read", "admin")
VISITOR: Final = "getCaseVisitor"
"""The operation that shows a case's visitor: who may call it sees people in other answers, too."""


@dataclass(frozen=True)
class Caller:
    """The holder of an API key, or a user of the pages.

    Attributes:
        key_id: names the key in records and in the audit (`user:NAME` for a user); not secret.
        scopes: permissions, without order: none includes another.
        origins: web origins that may use it; empty for any.
        operations: names of the operations that a user's role allows; None for a key, of which the
            scopes decide.
    """

    key_id: str
    scopes: frozenset[Scope]
    origins: frozenset[str] = frozenset()
    operations: frozenset[str] | None = None

    @property
    def is_server(self) -> bool:
        """True for secret keys: their events are facts, not claims."""
        return "ingest" in self.scopes

    @property
    def user(self) -> str:
        """The name of a user of the pages; empty for a key."""
        return "" if self.operations is None else self.key_id.partition(":")[2]

    @property
    def sees_people(self) -> bool:
        """True where answers may show a person: what was written, notes, masked numbers."""
        if self.operations is not None:
            return VISITOR in self.operations
        return "admin" in self.scopes
