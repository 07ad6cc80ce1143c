"""The first admin: invited by a link for as long as no admin has a password."""

from __future__ import annotations

import getpass
from contextlib import suppress
from typing import Final

from nudge.domain.users.audit_entry import Door
from nudge.domain.users.roles import Role
from nudge.errors import InvalidRequestError
from nudge.flows.accounts.passwords import PasswordHasher
from nudge.flows.accounts.user_desk import SignInLink, UserDesk
from nudge.store.store import Store

NAME: Final = "admin"
"""Name of the first admin, who may choose another one."""


def invite_first_admin(store: Store, language: str = "zh") -> SignInLink | None:
    """Make a link that signs the first admin in; None where an admin has a password.

    Each start makes a new link, and the one before ends: nobody has to keep it.
    """
    if store.users.read().is_ruled:
        return None
    desk = UserDesk(store, PasswordHasher(), "nudge serve", Door.COMMAND)
    # Two that start at once: the second finds the user.
    with suppress(InvalidRequestError):
        if NAME not in store.users.read().users:
            desk.add(NAME, Role.ADMIN, language)
    return desk.make_link(NAME)


def shell_user() -> str:
    """Return who runs a command, as the audit names it."""
    try:
        return f"shell:{getpass.getuser()}"
    except (OSError, KeyError):  # no such user on this machine, as in some containers
        return "shell"
