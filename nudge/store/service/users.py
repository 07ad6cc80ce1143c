"""Users in the store: all of them as one book, whose first writer wins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from nudge.domain.users.audit_entry import AuditEntry
from nudge.domain.users.user import User
from nudge.domain.users.user_book import UserBook
from nudge.store.service.audit import ACTIONS, MOST
from nudge.store.wire.client import Arg, Client, pairs_of
from nudge.store.wire.keys import Keys


@dataclass(frozen=True)
class Users:
    """Users of the pages."""

    client: Client
    keys: Keys

    def read(self) -> UserBook:
        """Return all users."""
        # The number first: a change that comes between the two makes the next write fail.
        commands = [["GET", self.keys.config("user_edits")], ["HGETALL", self.keys.config("users")]]
        edits, rows = self.client.call_each(commands)
        found = [User.read(orjson.loads(text)) for text in pairs_of(rows).values()]
        users = {one.name: one for one in sorted(found, key=lambda one: (one.created, one.name))}
        return UserBook(users, int(edits or 0))

    def write(
        self, book: UserBook, changed: User, entry: AuditEntry, removed: Sequence[str] = ()
    ) -> bool:
        """Write a user and the audit's entry; False where another change came after `book`.

        Args:
            book: as it was read.
            changed: new or changed user.
            entry: who did it and why.
            removed: names that go in the same step.
        """
        names = [self.keys.config(one) for one in ("users", "user_edits", ACTIONS)]
        args: list[Arg] = [book.revision, orjson.dumps(entry.plain), MOST]
        args += [part for name in removed for part in (name, "")]
        args += [changed.name, orjson.dumps(changed.plain)]
        return bool(self.client.run("write_users", names, args))
