"""The book of all users: each change is checked against all of them, and gives the changed user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from nudge.domain.users.credentials import parse_name
from nudge.domain.users.roles import Role
from nudge.domain.users.user import LANGUAGES, User
from nudge.domain.values.refusal import ValueRefusedError
from nudge.errors import InvalidRequestError, NotFoundError


@dataclass(frozen=True)
class UserBook:
    """All users at one moment.

    Attributes:
        users: by name.
        revision: number that rises with each change of any user.
    """

    users: Mapping[str, User]
    revision: int = 0

    @property
    def is_ruled(self) -> bool:
        """True where an admin can sign in by password."""
        return any(one.rules for one in self.users.values())

    def find(self, name: str) -> User:
        """Return a user by name.

        Raises:
            NotFoundError: there is none.
        """
        found = self.users.get(_name(name))
        if found is None:
            raise NotFoundError("no user has this name; see `nudge users list`, or add one")
        return found

    def added(self, name: str, role: Role, language: str, now: float) -> User:
        """Return a new user, who has no password yet.

        Raises:
            InvalidRequestError: the name has another form, or is taken.
        """
        wanted = _name(name)
        if wanted in self.users:
            raise _wrong("name", "is taken; choose another one")
        return User(wanted, role, language=_language(language), created=now)

    def with_role(self, name: str, role: Role) -> User:
        """Return a user in another role; sessions end.

        Raises:
            InvalidRequestError: nobody else could manage users any more.
            NotFoundError: there is no such user.
        """
        return self._checked(_signed_out(replace(self.find(name), role=role)), "role")

    def enabled(self, name: str, *, enabled: bool) -> User:
        """Return a user who may, or may not, sign in; sessions and the link end.

        Raises:
            InvalidRequestError: nobody else could manage users any more.
            NotFoundError: there is no such user.
        """
        found = self.find(name)
        changed = replace(found, disabled=not enabled, link="", link_until=0.0)
        return self._checked(_signed_out(changed), "disabled")

    def with_password(self, name: str, hashed: str, wanted: str = "") -> User:
        """Return a user with another password; sessions and the link end.

        Args:
            name: of the user.
            hashed: hash of the new password.
            wanted: name of the person's own, for the first admin; empty keeps the name.

        Raises:
            InvalidRequestError: the wanted name has another form or is taken.
            NotFoundError: there is no such user.
        """
        found = self._renamed(self.find(name), wanted) if wanted else self.find(name)
        return _signed_out(replace(found, password=hashed, link="", link_until=0.0))

    def with_language(self, name: str, language: str) -> User:
        """Return a user who reads pages in a language."""
        return replace(self.find(name), language=_language(language))

    def with_link(self, name: str, digest: str, until: float) -> User:
        """Return a user with a new link for signing in; the one before ends.

        Raises:
            InvalidRequestError: the user is disabled.
        """
        found = self.find(name)
        if found.disabled:
            raise _wrong("user", "is disabled; enable the user first")
        return replace(found, link=digest, link_until=until)

    def without_link(self, digest: str, now: float) -> User | None:
        """Return the user whose link is used by this very step; None where it is used or over."""
        for one in self.users.values():
            if digest and one.link == digest and now < one.link_until and not one.disabled:
                return replace(one, link="", link_until=0.0)
        return None

    def signed_out(self, name: str) -> User:
        """Return a user all of whose sessions have ended."""
        return _signed_out(self.find(name))

    def _renamed(self, user: User, wanted: str) -> User:
        new = _name(wanted)
        if new != user.name and (user.password or new in self.users):
            raise _wrong("name", "is taken; choose another one")
        return replace(user, name=new)

    def _checked(self, changed: User, field: str) -> User:
        """Return a changed user, unless the change takes the last admin away."""
        after = UserBook(dict(self.users) | {changed.name: changed})
        if self.is_ruled and not after.is_ruled:
            raise _wrong(field, "would leave no admin; make another admin first")
        return changed


def _signed_out(user: User) -> User:
    return replace(user, epoch=user.epoch + 1)


def _name(name: str) -> str:
    try:
        return parse_name(name)
    except ValueRefusedError as error:
        raise _wrong("name", str(error)) from error


def _language(language: str) -> str:
    if language not in LANGUAGES:
        raise _wrong("language", f"is not spoken here; use {' or '.join(LANGUAGES)}")
    return language


def _wrong(field: str, message: str) -> InvalidRequestError:
    return InvalidRequestError(f"{field}: {message}", {field: [message]})
