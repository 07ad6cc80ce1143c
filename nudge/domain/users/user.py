"""A user of the pages, as the store keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from nudge.domain.journal.caller import Caller
from nudge.domain.users.roles import OPERATIONS, Role, scopes_of

LANGUAGES: Final = ("zh", "en")
USER: Final = "user:"
"""Beginning of a user's id as a caller: no API key's id has a colon."""


@dataclass(frozen=True)
class User:
    """A user of the pages.

    Attributes:
        name: unique, lower case.
        role: what the user may see and change.
        password: hash of the password; empty until one was set.
        language: of the pages, `zh` or `en`.
        disabled: may not sign in.
        created: seconds.
        epoch: number that rises whenever all of the user's sessions end.
        link: digest of the one link by which the user may sign in once; empty without one.
        link_until: seconds, the end of that link.
    """

    name: str
    role: Role
    password: str = ""
    language: str = LANGUAGES[0]
    disabled: bool = False
    created: float = 0.0
    epoch: int = 0
    link: str = ""
    link_until: float = 0.0

    @property
    def caller(self) -> Caller:
        """The user as a caller of the API, for calls that pages make in the same process."""
        return Caller(f"{USER}{self.name}", scopes_of(self.role), operations=OPERATIONS[self.role])

    @property
    def rules(self) -> bool:
        """True for an admin who can sign in by password."""
        return self.role is Role.ADMIN and bool(self.password) and not self.disabled

    @property
    def plain(self) -> dict[str, Any]:
        """The user as JSON."""
        return asdict(self)

    @classmethod
    def read(cls, table: Mapping[str, Any]) -> User:
        """Read a user from JSON; fields that an older version did not write have their defaults."""
        return cls(**dict(table) | {"role": Role(table["role"])})
