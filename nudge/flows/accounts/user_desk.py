"""The desk at which users are added and changed; each change is in the audit with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from nudge.clock import Clock, now
from nudge.domain.users.audit_entry import AuditAction, AuditEntry, Door
from nudge.domain.users.credentials import check_password
from nudge.domain.users.roles import Role
from nudge.domain.users.session import Session
from nudge.domain.users.user import USER, User
from nudge.domain.users.user_book import UserBook
from nudge.domain.values.number_words import mask_numbers
from nudge.domain.values.refusal import ValueRefusedError
from nudge.errors import InvalidRequestError
from nudge.flows.accounts.passwords import PasswordHasher
from nudge.flows.accounts.secret_words import new_secret
from nudge.store.service.api_keys import digest_of
from nudge.store.store import Store

LINK_LASTS: Final = 86_400.0
"""Seconds for which a link for signing in works."""
LINK_PATH: Final = "/welcome/"
"""Beginning of the path of such a link."""
_TRIES: Final = 20

Change = Callable[[UserBook], User]


class SignInLink(NamedTuple):
    """A link by which a user signs in once.

    Attributes:
        user: name.
        path: with the secret, which is kept nowhere.
        until: seconds.
    """

    user: str
    path: str
    until: float


class ListedUser(NamedTuple):
    """A user with the sessions that are open."""

    user: User
    sessions: Sequence[Session]


@dataclass(frozen=True)
class UserDesk:
    """The desk of whoever manages users.

    Attributes:
        store: patient.
        passwords: hasher.
        who: actor, as the audit names it.
        door: by which the actor came.
        clock: seconds.
    """

    store: Store
    passwords: PasswordHasher
    who: str
    door: Door
    clock: Clock = now

    def users(self) -> list[ListedUser]:
        """Return all users, the oldest first."""
        at, book = self.clock(), self.store.users.read()
        return [
            ListedUser(one, self.store.sessions.of_user(one, at)) for one in book.users.values()
        ]

    def add(self, name: str, role: Role, language: str, why: str = "") -> User:
        """Add a user, who has no password yet: a link signs the user in.

        Raises:
            InvalidRequestError: the name has another form, or is taken.
        """
        at = self.clock()
        return self._write(lambda b: b.added(name, role, language, at), AuditAction.ADD, why)

    def set_role(self, name: str, role: Role, why: str = "") -> User:
        """Give a user another role; sessions end.

        Raises:
            InvalidRequestError: it is the last admin.
            NotFoundError: there is no such user.
        """
        return self._write(lambda b: b.with_role(name, role), AuditAction.ROLE, why)

    def enable(self, name: str, *, enabled: bool, why: str = "") -> User:
        """Let a user sign in, or not any more; sessions end.

        Raises:
            InvalidRequestError: it is the last admin.
            NotFoundError: there is no such user.
        """
        action = AuditAction.ENABLE if enabled else AuditAction.DISABLE
        return self._write(lambda b: b.enabled(name, enabled=enabled), action, why)

    def set_password(self, name: str, password: str, wanted: str = "") -> User:
        """Set a user's password; sessions and the link end.

        Args:
            name: of the user.
            password: new one.
            wanted: name of the person's own, for the first admin; empty keeps the name.

        Raises:
            InvalidRequestError: the password breaks a rule, or the wanted name is not free.
            NotFoundError: there is no such user.
        """
        self.store.users.read().with_password(name, "", wanted)  # the name, before the slow hash
        hashed = self._hash(wanted or name, password)
        action = AuditAction.NAME if wanted and wanted != name else AuditAction.PASSWORD
        return self._write(lambda b: b.with_password(name, hashed, wanted), action, old=name)

    def set_language(self, name: str, language: str) -> User:
        """Set the language in which a user reads pages."""
        return self._write(lambda b: b.with_language(name, language), AuditAction.LANGUAGE)

    def end_sessions(self, name: str, why: str = "") -> User:
        """End all sessions of a user.

        Raises:
            NotFoundError: there is no such user.
        """
        return self._write(lambda b: b.signed_out(name), AuditAction.END, why)

    def make_link(self, name: str, why: str = "") -> SignInLink:
        """Make a link by which a user signs in once; the one before ends.

        Raises:
            InvalidRequestError: the user is disabled.
            NotFoundError: there is no such user.
        """
        secret, until = new_secret(), self.clock() + LINK_LASTS
        digest = digest_of(secret)
        user = self._write(lambda b: b.with_link(name, digest, until), AuditAction.LINK, why)
        return SignInLink(user.name, LINK_PATH + secret, until)

    def use_link(self, digest: str) -> User | None:
        """Use the link of a digest up; None where it is used, over or unknown."""
        for _ in range(_TRIES):
            book = self.store.users.read()
            user = book.without_link(digest, self.clock())
            if user is None:
                return None
            entry = self._entry(user, AuditAction.LINK_SIGN_IN, "", f"{USER}{user.name}")
            if self.store.users.write(book, user, entry):
                return user
        return None

    def _write(self, change: Change, action: AuditAction, why: str = "", old: str = "") -> User:
        """Write a change of the book, again where another change came in between."""
        for _ in range(_TRIES):
            book = self.store.users.read()
            changed = change(book)
            gone = [old] if old and old != changed.name else []
            if self.store.users.write(book, changed, self._entry(changed, action, why), gone):
                return changed
        raise InvalidRequestError("others change users at the same time; try again")

    def _entry(self, user: User, action: AuditAction, why: str, who: str = "") -> AuditEntry:
        told = f"{USER}{user.name}"
        if action in (AuditAction.ADD, AuditAction.ROLE):
            told += f" {user.role}"
        return AuditEntry(self.clock(), who or self.who, action, told, mask_numbers(why), self.door)

    def _hash(self, name: str, password: str) -> str:
        try:
            check_password(password, name)
        except ValueRefusedError as error:
            wrong = f"password: {error}"
            raise InvalidRequestError(wrong, {"password": [str(error)]}) from error
        return self.passwords.hash(password)
