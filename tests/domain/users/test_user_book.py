"""The book of users: what ends sessions, and who stays admin."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nudge.domain.users.roles import Role
from nudge.domain.users.user import User
from nudge.domain.users.user_book import UserBook
from nudge.errors import InvalidRequestError, NotFoundError

ADMIN = User("wang", Role.ADMIN, "h", created=1.0)
AGENT = User("li_na", Role.AGENT, "h", created=2.0, link="d", link_until=50.0)


def book(*users: User) -> UserBook:
    """Return a book of these users."""
    return UserBook({one.name: one for one in users})


def test_the_last_admin_stays_one() -> None:
    """Neither another role nor disabling takes the last admin who can sign in away."""
    alone = book(ADMIN, AGENT, User("new", Role.ADMIN))
    with pytest.raises(InvalidRequestError, match="no admin"):
        alone.with_role("wang", Role.VIEWER)
    with pytest.raises(InvalidRequestError, match="no admin"):
        alone.enabled("wang", enabled=False)
    two = book(ADMIN, replace(ADMIN, name="zhao"))
    assert two.with_role("wang", Role.VIEWER).role is Role.VIEWER


@pytest.mark.parametrize(
    "change",
    [
        lambda b: b.with_role("li_na", Role.VIEWER),
        lambda b: b.enabled("li_na", enabled=False),
        lambda b: b.with_password("li_na", "other"),
        lambda b: b.signed_out("li_na"),
    ],
)
def test_sessions_end_with_what_they_rest_on(change: object) -> None:
    """Another role or password, disabling and signing out raise the epoch."""
    assert change(book(ADMIN, AGENT)).epoch == AGENT.epoch + 1  # type: ignore[operator]


def test_a_link_is_used_once_and_in_time() -> None:
    """Using it takes it away; a disabled user's and an old one work no more."""
    known = book(AGENT)
    used = known.without_link("d", 49.0)
    assert used is not None
    assert book(used).without_link("d", 49.0) is None
    assert known.without_link("d", 50.0) is None
    assert book(replace(AGENT, disabled=True)).without_link("d", 49.0) is None
    assert known.without_link("", 49.0) is None


def test_an_empty_digest_opens_nobody() -> None:
    """Users without a link are not found by no link."""
    assert book(replace(ADMIN, link_until=99.0)).without_link("", 1.0) is None


def test_a_name_is_given_once() -> None:
    """A taken name is refused, and a user with a password keeps the name."""
    known = book(ADMIN, AGENT)
    with pytest.raises(InvalidRequestError, match="taken"):
        known.added("LI_NA", Role.VIEWER, "zh", 3.0)
    with pytest.raises(InvalidRequestError, match="taken"):
        book(ADMIN, User("admin", Role.ADMIN)).with_password("admin", "h", "wang")
    with pytest.raises(InvalidRequestError, match="taken"):
        known.with_password("wang", "h", "other")
    with pytest.raises(NotFoundError):
        known.find("nobody")
