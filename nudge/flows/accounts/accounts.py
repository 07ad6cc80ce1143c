"""Accounts as pages use them: signing in by password or link, sessions, signing out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from nudge.clock import Clock, now
from nudge.domain.journal.caller import Caller
from nudge.domain.users.audit_entry import AuditAction, AuditEntry, Door
from nudge.domain.users.credentials import LONGEST, parse_name
from nudge.domain.users.session import Session
from nudge.domain.users.user import USER, User
from nudge.domain.values.refusal import ValueRefusedError
from nudge.flows.accounts.passwords import BusyError, PasswordHasher
from nudge.flows.accounts.secret_words import digest_if_secret, new_secret
from nudge.flows.accounts.user_desk import UserDesk
from nudge.store.service.api_keys import digest_of
from nudge.store.store import Store

BUSY: Final = 2
"""Seconds after which a sign-in that found all places taken may be repeated."""


class RefusalReason(StrEnum):
    """The reason of a refused sign-in."""

    WRONG = "wrong"
    LOCKED = "locked"
    BUSY = "busy"


class SignInRefusal(NamedTuple):
    """A refused sign-in.

    Attributes:
        reason: never whether the name or the password was wrong.
        seconds: after which it may be tried again; 0 for at once.
    """

    reason: RefusalReason
    seconds: int = 0


class SessionTicket(NamedTuple):
    """A new session.

    Attributes:
        secret: for the cookie; the store has its digest only.
        user: who signed in.
    """

    secret: str
    user: User


class SignedInUser(NamedTuple):
    """The user of a session that is open."""

    user: User
    session: Session

    @property
    def name(self) -> str:
        """The user's name."""
        return self.user.name

    @property
    def language(self) -> str:
        """The language of the user's pages."""
        return self.user.language

    @property
    def needs_password(self) -> bool:
        """True where the user has to tell the password of now to choose another one."""
        return bool(self.user.password) and not self.session.by_link

    @property
    def caller(self) -> Caller:
        """The user as a caller of the API."""
        return self.user.caller


@dataclass(frozen=True)
class Accounts:
    """Accounts of one process.

    Attributes:
        store: answers within seconds.
        passwords: hasher of the process.
        hash_key: key of the hashes of names and addresses: the store sees them in no other form.
        clock: seconds.
    """

    store: Store
    passwords: PasswordHasher
    hash_key: bytes
    clock: Clock = now

    def sign_in(self, name: str, password: str, address: str) -> SessionTicket | SignInRefusal:
        """Sign a user in by password.

        Constant time: a name that nobody has takes the steps of one that somebody has.

        Args:
            name: as it was typed.
            password: as it was typed.
            address: of the client.
        """
        found = self._verify(_known_form(name), password, address)
        if isinstance(found, SignInRefusal):
            return found
        self._note(AuditAction.SIGN_IN, found.name)
        return self._begin(found)

    def change_password(
        self, signed: SignedInUser, old: str, new: str, address: str, wanted: str = ""
    ) -> SessionTicket | SignInRefusal:
        """Change the password of a user, whose other sessions end.

        Args:
            signed: the user.
            old: password until now; not looked at where there is none, or a link was used.
            new: password from now on.
            address: of the client.
            wanted: name of the first admin's own; empty keeps the name.

        Raises:
            InvalidRequestError: the new password breaks a rule, or the name is not free.
        """
        if signed.needs_password:
            found = self._verify(signed.name, old, address)
            if isinstance(found, SignInRefusal):
                return found
        return self._begin(self._desk(signed.name).set_password(signed.name, new, wanted))

    def set_language(self, signed: SignedInUser, language: str) -> None:
        """Set the language in which a user reads pages."""
        self._desk(signed.name).set_language(signed.name, language)

    def session(self, secret: str) -> SignedInUser | None:
        """Return the user of a session, in one round trip; None where it is over or unknown."""
        digest = digest_if_secret(secret)
        found = None if digest is None else self.store.sessions.read(digest, self.clock())
        return None if found is None else SignedInUser(*found)

    def sign_out(self, secret: str) -> None:
        """End a session; idempotent."""
        found = self.session(secret)
        if found is not None:
            self.store.sessions.end(digest_of(secret))
            self._note(AuditAction.SIGN_OUT, found.name)

    def is_ruled(self) -> bool:
        """Return whether an admin has a password; before that only a link signs anybody in."""
        return self.store.users.read().is_ruled

    def link_user(self, secret: str) -> User | None:
        """Return whom a link would sign in; None where it is used, over or unknown."""
        digest = digest_if_secret(secret)
        return self.store.users.read().without_link(digest, self.clock()) if digest else None

    def open_link(self, secret: str) -> SessionTicket | None:
        """Sign a user in by a link, which is used up; None where it is used, over or unknown."""
        digest = digest_if_secret(secret)
        user = self._desk("").use_link(digest) if digest else None
        return None if user is None else self._begin(user, by_link=True)

    def _desk(self, who: str) -> UserDesk:
        return UserDesk(self.store, self.passwords, f"{USER}{who}", Door.PAGE, self.clock)

    def _begin(self, user: User, *, by_link: bool = False) -> SessionTicket:
        """Begin a session, under an id that nobody had before."""
        secret, at = new_secret(), self.clock()
        session = Session(user.name, user.epoch, at, at, by_link)
        self.store.sessions.open(digest_of(secret), session)
        return SessionTicket(secret, user)

    def _verify(self, name: str, password: str, address: str) -> User | SignInRefusal:
        """Return the user of a name whose password it is, while not too many attempts failed."""
        try:
            with self.passwords.place():
                return self._look(name, password[: LONGEST + 1], address)
        except BusyError:
            return SignInRefusal(RefusalReason.BUSY, BUSY)

    def _look(self, name: str, password: str, address: str) -> User | SignInRefusal:
        account, here = self._hidden(name), self._hidden(f"{name} {address}")
        taken = self.store.sign_in_attempts.take(account, here, self.clock())
        if taken.wait:
            return SignInRefusal(RefusalReason.LOCKED, taken.wait)
        user = self.store.users.read().users.get(name)
        hashed = user.password if user is not None and not user.disabled else ""
        if self.passwords.verify(hashed, password) and user is not None:
            self.store.sign_in_attempts.clear(here)
            return user
        if taken.locks and user is not None:
            self._note(AuditAction.LOCK, user.name)
        return SignInRefusal(RefusalReason.WRONG)

    def _hidden(self, text: str) -> str:
        return hashlib.blake2b(text.encode(), key=self.hash_key, digest_size=16).hexdigest()

    def _note(self, action: AuditAction, name: str) -> None:
        told = f"{USER}{name}"
        self.store.audit.add(AuditEntry(self.clock(), told, action, told))


def _known_form(name: str) -> str:
    """Return a name as users have them; a text that can be none stays as it is, cut."""
    try:
        return parse_name(name)
    except ValueRefusedError:
        return f"?{name[:LONGEST]}"
