"""An entry of the audit: who did what to what, when and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class AuditAction(StrEnum):
    """The action of an entry about users; other entries name an operation of the API."""

    ADD = "user_added"
    ROLE = "role_set"
    DISABLE = "user_disabled"
    ENABLE = "user_enabled"
    PASSWORD = "password_set"  # noqa: S105 - a name, no password
    LANGUAGE = "language_set"
    LINK = "link_made"
    NAME = "first_admin_named"
    SIGN_IN = "signed_in"
    LINK_SIGN_IN = "signed_in_by_link"
    SIGN_OUT = "signed_out"
    LOCK = "sign_in_locked"
    END = "sessions_ended"


class Door(StrEnum):
    """The door by which an action came."""

    PAGE = "page"
    API = "api"
    COMMAND = "command"


@dataclass(frozen=True)
class AuditEntry:
    """An entry of the audit.

    Attributes:
        at: seconds.
        who: a user (`user:li_na`), a key's id, or whoever ran a command.
        action: an `AuditAction`, or the `operationId` that was called.
        object: what was acted on, such as `user:li_na` or the path of the call.
        why: reason in the actor's words, without numbers; may be empty.
        door: how it came.
    """

    at: float
    who: str
    action: str
    object: str
    why: str = ""
    door: Door = Door.PAGE

    @property
    def plain(self) -> dict[str, Any]:
        """The entry as JSON, the door as `from`."""
        return {
            "at": self.at,
            "who": self.who,
            "action": str(self.action),
            "object": self.object,
            "why": self.why,
            "from": str(self.door),
        }

    @classmethod
    def read(cls, table: Mapping[str, Any]) -> AuditEntry:
        """Read an entry from JSON."""
        rest = {name: value for name, value in table.items() if name != "from"}
        return cls(**rest, door=Door(table["from"]))
