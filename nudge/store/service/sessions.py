"""Sessions of users in the store, each under the digest of a secret that only its holder has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import orjson

from nudge.domain.users.session import IDLE, LONGEST, Session
from nudge.domain.users.user import User
from nudge.store.wire.client import Arg, Client
from nudge.store.wire.keys import Keys

NOTED: Final = 60
"""Seconds for which a use of a session is not noted again."""


@dataclass(frozen=True)
class Sessions:
    """Sessions of users."""

    client: Client
    keys: Keys

    def open(self, digest: str, session: Session) -> None:
        """Write a new session."""
        names = [self.keys.config("session", digest)]
        names.append(self.keys.config("user_sessions", session.user))
        args: list[Arg] = [digest, orjson.dumps(session.plain), session.created, int(LONGEST)]
        self.client.run("open_session", names, args)

    def read(self, digest: str, now: float) -> tuple[User, Session] | None:
        """Return a session and its user, in one round trip; None where it is over or unknown."""
        names = [self.keys.config("session", digest), self.keys.config("users")]
        found = self.client.run("read_session", names, [now, IDLE, LONGEST, NOTED])
        if found is None:
            return None
        user, session = (orjson.loads(text) for text in found)
        return User.read(user), Session.read(session)

    def end(self, digest: str) -> None:
        """Remove a session; idempotent."""
        self.client.call("DEL", self.keys.config("session", digest))

    def of_user(self, user: User, now: float) -> list[Session]:
        """Return the sessions of a user that are not over, the newest first."""
        listed = self.client.call("ZREVRANGE", self.keys.config("user_sessions", user.name), 0, -1)
        names = [self.keys.config("session", digest.decode()) for digest in listed]
        texts = self.client.call_each([["GET", name] for name in names])
        found = [Session.read(orjson.loads(text)) for text in texts if text]
        return [one for one in found if not one.is_over(user.epoch, now)]
