"""Users, sessions, attempts and the audit in the store, on one server and on a cluster."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nudge.domain.users.audit_entry import AuditAction, AuditEntry, Door
from nudge.domain.users.roles import Role
from nudge.domain.users.session import IDLE, LONGEST, Session
from nudge.domain.users.user import User
from nudge.settings.settings import Settings
from nudge.store.service import audit, sign_in_attempts
from nudge.store.service.sessions import NOTED
from nudge.store.service.sign_in_attempts import MOST, MOST_ANYWHERE, WAIT, WAIT_ANYWHERE
from nudge.store.store import Store
from nudge.wiring.stores import patient_store

USER = User("li_na", Role.AGENT, "hash", created=1.0)
AT = 1_000_000.0


def entry(number: int = 0) -> AuditEntry:
    """Return an entry of the audit."""
    return AuditEntry(AT + number, "user:wang", AuditAction.ADD, f"user:{number}", "why", Door.API)


def put(store: Store, user: User = USER) -> None:
    """Write a user."""
    assert store.users.write(store.users.read(), user, entry())


def test_the_first_writer_of_users_wins(store: Store) -> None:
    """A change that was made of an older book is refused whole, its entry with it."""
    before = store.users.read()
    assert store.users.write(before, USER, entry(1))
    assert not store.users.write(before, replace(USER, name="other"), entry(2))
    assert store.users.read().users == {"li_na": USER}
    assert [one.object for one in store.audit.page(9).entries] == ["user:1"]
    renamed = replace(USER, name="na")
    assert store.users.write(store.users.read(), renamed, entry(3), ["li_na"])
    assert list(store.users.read().users) == ["na"]


def test_the_audit_is_read_by_pages_and_forgets_the_oldest(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages follow each other without a gap, newest first; the stream is bounded."""
    for number in range(5):
        store.audit.add(entry(number))
    first = store.audit.page(2)
    second = store.audit.page(2, first.cursor)
    third = store.audit.page(2, second.cursor)
    found = [*first.entries, *second.entries, *third.entries]
    assert [one.at - AT for one in found] == [4, 3, 2, 1, 0]
    assert (found[0], third.cursor) == (entry(4), "")
    monkeypatch.setattr(audit, "MOST", 0)
    for number in range(300):
        store.audit.add(entry(number))
    assert len(store.audit.page(1_000).entries) < 300


def test_a_session_gives_its_user_until_it_is_over(store: Store) -> None:
    """Idle time, age, another epoch and disabling end it; then it is gone for good."""
    put(store)
    begun = Session("li_na", 0, AT, AT)

    def after(seconds: float, user: User = USER) -> object:
        put(store, user)
        store.sessions.open("d", begun)
        return store.sessions.read("d", AT + seconds)

    assert after(IDLE - 1) == (USER, replace(begun, seen=AT + IDLE - 1))
    assert after(IDLE + 1) is None
    assert store.sessions.read("d", AT) is None
    assert after(1.0, replace(USER, epoch=1)) is None
    assert after(1.0, replace(USER, disabled=True)) is None
    assert after(1.0) is not None
    store.sessions.end("d")
    assert store.sessions.read("d", AT) is None


def test_a_session_that_is_used_goes_on_until_its_last_day(store: Store) -> None:
    """Each use lengthens the idle time, and none the whole."""
    put(store)
    store.sessions.open("d", Session("li_na", 0, AT, AT))
    at = AT
    while at + IDLE / 2 < AT + LONGEST:
        at += IDLE / 2
        assert store.sessions.read("d", at) is not None
    assert store.sessions.read("d", AT + LONGEST + 1) is None


def test_a_full_store_still_knows_who_is_signed_in(settings: Settings) -> None:
    """The use of the session is not noted then; whoever looks why it is full is not kept out."""
    store = patient_store(settings)
    put(store)
    store.sessions.open("d", Session("li_na", 0, AT, AT))
    store.client.call("CONFIG", "SET", "maxmemory", "1")
    try:
        assert store.sessions.read("d", AT + NOTED + 1) is not None
    finally:
        store.client.call("CONFIG", "SET", "maxmemory", "0")
        store.close()


def test_sessions_of_a_user_are_listed_without_those_that_ended(store: Store) -> None:
    """The newest first; an ended one and one of an older epoch are not there."""
    put(store)
    for name, at in (("a", AT), ("b", AT + 1), ("c", AT + 2)):
        store.sessions.open(name, Session("li_na", 0, at, at))
    store.sessions.end("b")
    found = store.sessions.of_user(USER, AT + 3)
    assert [one.created for one in found] == [AT + 2, AT]
    assert store.sessions.of_user(replace(USER, epoch=1), AT + 3) == []


def test_an_account_waits_after_five_failures_from_an_address(store: Store) -> None:
    """The fifth attempt says that it locks; after the wait there are five more; others go on."""
    take = store.sign_in_attempts.take
    told = [take("acc", "acc-here", AT) for _ in range(MOST + 1)]
    assert [one.wait for one in told] == [0] * MOST + [WAIT]
    assert [one.locks for one in told] == [False] * (MOST - 1) + [True, False]
    assert take("acc", "acc-there", AT).wait == 0
    assert take("acc", "acc-here", AT + WAIT - 1).wait == 1
    assert take("acc", "acc-here", AT + WAIT + 1).wait == 0


def test_failures_are_forgotten_by_success_and_by_time(store: Store) -> None:
    """Four failures and a success, or a quarter of an hour, begin anew."""
    attempts = store.sign_in_attempts
    for _ in range(3):
        for _ in range(MOST - 1):
            assert not attempts.take("acc", "acc-here", AT).locks
        attempts.clear("acc-here")
    late = AT + sign_in_attempts.SPAN + 1
    assert not any(attempts.take("acc", "acc-here", AT).locks for _ in range(MOST - 1))
    assert not attempts.take("acc", "acc-here", late).locks


def test_many_addresses_make_strangers_wait_and_nobody_who_was_here_before(store: Store) -> None:
    """Fifty attempts from anywhere make the account wait a minute, but not for its own user."""
    attempts = store.sign_in_attempts
    attempts.clear("acc-home")
    for number in range(MOST_ANYWHERE):
        assert attempts.take("acc", f"acc-{number}", AT).wait == 0
    assert attempts.take("acc", "acc-new", AT).wait == WAIT_ANYWHERE
    assert attempts.take("acc", "acc-home", AT).wait == 0
    assert attempts.take("acc", "acc-new", AT + WAIT_ANYWHERE + 1).wait == 0
