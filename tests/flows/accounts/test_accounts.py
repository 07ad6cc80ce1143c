"""Accounts on a real store: signing in, sessions, links, and what ends them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from nudge.domain.users.audit_entry import AuditAction, Door
from nudge.domain.users.roles import Role
from nudge.domain.users.session import IDLE
from nudge.errors import InvalidRequestError
from nudge.flows.accounts.accounts import (
    Accounts,
    RefusalReason,
    SessionTicket,
    SignedInUser,
    SignInRefusal,
)
from nudge.flows.accounts.first_admin import invite_first_admin
from nudge.flows.accounts.passwords import PLACES, PasswordHasher
from nudge.flows.accounts.user_desk import LINK_LASTS, LINK_PATH, UserDesk
from nudge.settings.settings import Settings
from nudge.store.service.sign_in_attempts import MOST, WAIT
from nudge.store.store import Store
from nudge.wiring.stores import patient_store

WORD = "correct horse"


@dataclass
class MovedClock:
    """A clock that a test moves."""

    at: float = 1_000_000.0

    def __call__(self) -> float:
        """The moment at which it stands."""
        return self.at


@dataclass
class House:
    """Accounts, the desk of users and their clock."""

    accounts: Accounts
    desk: UserDesk
    clock: MovedClock

    def enter(self, name: str = "li_na", word: str = WORD, at: str = "a") -> SessionTicket:
        """Sign in, which must work."""
        found = self.accounts.sign_in(name, word, at)
        assert isinstance(found, SessionTicket), found
        return found

    def refuse(self, name: str, word: str = WORD, at: str = "a") -> SignInRefusal:
        """Sign in, which must be refused."""
        found = self.accounts.sign_in(name, word, at)
        assert isinstance(found, SignInRefusal)
        return found

    def signed(self, ticket: SessionTicket) -> SignedInUser:
        """The user of a session that is open."""
        found = self.accounts.session(ticket.secret)
        assert found is not None
        return found

    def actions(self) -> list[str]:
        """Actions in the audit, the oldest first."""
        return [one.action for one in self.store.audit.page(100).entries][::-1]

    @property
    def store(self) -> Store:
        """The store behind both."""
        return self.accounts.store


@pytest.fixture
def house(settings: Settings) -> Iterator[House]:
    """Accounts with an agent who has a password."""
    store, clock, words = patient_store(settings), MovedClock(), PasswordHasher()
    desk = UserDesk(store, words, "user:wang", Door.API, clock)
    desk.add("li_na", Role.AGENT, "zh")
    desk.set_password("li_na", WORD)
    yield House(Accounts(store, words, b"key", clock), desk, clock)
    store.close()


def test_the_right_password_opens_a_session(house: House) -> None:
    """The secret of a session is in no key of the store; two sign-ins are two sessions."""
    first, second = house.enter(), house.enter(" LI_NA ")
    assert house.signed(first).name == "li_na"
    assert first.secret != second.secret
    names = list(house.store.client.scan(f"{house.store.keys.namespace}:*"))
    assert not any(first.secret in name for name in names)
    assert house.actions()[-2:] == [AuditAction.SIGN_IN, AuditAction.SIGN_IN]


def test_one_round_trip_finds_the_user_of_a_session(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every page asks for it."""
    ticket, calls = house.enter(), []
    send = house.store.client._send
    monkeypatch.setattr(
        house.store.client, "_send", lambda *command: calls.append(command) or send(*command)
    )
    house.signed(ticket)
    assert len(calls) == 1


def test_a_refusal_says_neither_name_nor_password(house: House) -> None:
    """Unknown, wrong, disabled and without a password are one answer, after one hash each."""
    house.desk.add("new", Role.VIEWER, "zh")
    house.desk.add("gone", Role.VIEWER, "zh")
    house.desk.set_password("gone", WORD)
    house.desk.enable("gone", enabled=False)
    cases = [("li_na", "wrong horse"), ("nobody", WORD), ("new", ""), ("gone", WORD), ("<b>", WORD)]
    assert {house.refuse(*case) for case in cases} == {SignInRefusal(RefusalReason.WRONG)}


def test_every_refusal_computes_one_hash(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time of an answer tells nobody whether there is such a user."""
    house.refuse("nobody")  # the first of a process makes the hash of nobody
    counted: list[str] = []
    hasher = house.accounts.passwords._argon2
    verify = type(hasher).verify
    monkeypatch.setattr(
        type(hasher), "verify", lambda self, h, w: counted.append(h) or verify(self, h, w)
    )
    for name in ("li_na", "nobody", "?"):
        house.refuse(name, "wrong horse")
    assert len(counted) == 3
    assert len({one.rpartition("$")[0].rpartition("$")[0] for one in counted}) == 1


def test_five_failures_lock_an_account_for_its_address(house: House) -> None:
    """Even the right password waits, from there alone; the audit has the lock, once."""
    for _ in range(MOST):
        assert house.refuse("li_na", "wrong horse").reason is RefusalReason.WRONG
    assert house.refuse("li_na") == SignInRefusal(RefusalReason.LOCKED, WAIT)
    house.enter(at="another")
    house.clock.at += WAIT + 1
    house.enter()
    assert house.actions().count(AuditAction.LOCK) == 1


def test_unknown_names_are_locked_as_known_ones_are(house: House) -> None:
    """Else the lock would tell who is a user."""
    for _ in range(MOST):
        house.refuse("nobody")
    assert house.refuse("nobody").reason is RefusalReason.LOCKED


def test_a_flood_of_sign_ins_takes_two_threads_and_no_more(house: House) -> None:
    """One computes, one waits; all others are refused at once and count as no failure."""
    hasher = house.accounts.passwords
    with hasher.place(), hasher.place():
        assert house.refuse("li_na").reason is RefusalReason.BUSY
    found: list[object] = []
    threads = [
        threading.Thread(target=lambda: found.append(house.accounts.sign_in("li_na", WORD, "b")))
        for _ in range(8)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    refused = [one for one in found if isinstance(one, SignInRefusal)]
    assert all(one.reason is RefusalReason.BUSY for one in refused)
    assert len(found) - len(refused) >= PLACES - 1
    house.enter()


def test_passwords_are_hashed_in_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each thread that hashed would keep 19 MiB; whoever asks, one thread computes."""
    words, seen = PasswordHasher(), set[int]()
    hashed = words.hash(WORD)
    verify = type(words._argon2).verify

    def noted(self: object, *args: str) -> object:
        seen.add(threading.get_ident())
        return verify(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(type(words._argon2), "verify", noted)
    found: list[bool] = []
    threads = [
        threading.Thread(target=lambda: found.append(words.verify(hashed, WORD))) for _ in range(4)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (found, len(seen)) == ([True] * 4, 1)


@pytest.mark.parametrize(
    "end",
    [
        lambda h: h.desk.set_role("li_na", Role.VIEWER),
        lambda h: h.desk.enable("li_na", enabled=False),
        lambda h: h.desk.set_password("li_na", "battery staple"),
        lambda h: h.desk.end_sessions("li_na"),
        lambda h: setattr(h.clock, "at", h.clock.at + IDLE + 1),
    ],
)
def test_a_session_ends_at_once(house: House, end: object) -> None:
    """With another role or password, disabling, an admin's word, and a day without a call."""
    ticket = house.enter()
    end(house)  # type: ignore[operator]
    assert house.accounts.session(ticket.secret) is None


def test_signing_out_ends_this_session_alone(house: House) -> None:
    """The secret opens nothing any more; it may be told again."""
    one, other = house.enter(), house.enter()
    house.accounts.sign_out(one.secret)
    house.accounts.sign_out(one.secret)
    assert house.accounts.session(one.secret) is None
    house.signed(other)
    for garbage in ("", "x", one.secret[:-1], "é" * 43):
        assert house.accounts.session(garbage) is None


def test_a_link_signs_in_once(house: House) -> None:
    """Looking at it uses nothing up; a second use, a day later and a newer link do."""
    made = house.desk.make_link("li_na")
    secret = made.path.removeprefix(LINK_PATH)
    for _ in range(3):
        user = house.accounts.link_user(secret)
        assert user is not None
        assert user.name == "li_na"
    found = house.accounts.open_link(secret)
    assert found is not None
    assert not house.signed(found).needs_password
    assert house.accounts.open_link(secret) is None
    old = house.desk.make_link("li_na").path.removeprefix(LINK_PATH)
    new = house.desk.make_link("li_na").path.removeprefix(LINK_PATH)
    assert house.accounts.open_link(old) is None
    house.clock.at += LINK_LASTS
    assert house.accounts.open_link(new) is None


def test_two_who_use_a_link_at_once_are_one(house: House) -> None:
    """The first writer wins; the link's secret is nowhere in the store."""
    secret = house.desk.make_link("li_na").path.removeprefix(LINK_PATH)
    found: list[SessionTicket | None] = []
    threads = [
        threading.Thread(target=lambda: found.append(house.accounts.open_link(secret)))
        for _ in range(4)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sum(one is not None for one in found) == 1


def test_a_password_is_changed_by_who_knows_it(house: House) -> None:
    """The old one is asked for, counted as sign-ins are; the browser goes on, others end."""
    here, elsewhere = house.enter(), house.enter()
    signed = house.signed(here)
    wrong = house.accounts.change_password(signed, "wrong horse", "battery staple", "a")
    assert wrong == SignInRefusal(RefusalReason.WRONG)
    for bad in ("short", "li_na"):
        with pytest.raises(InvalidRequestError):
            house.accounts.change_password(signed, WORD, bad, "a")
    found = house.accounts.change_password(signed, WORD, "battery staple", "a")
    assert isinstance(found, SessionTicket)
    house.signed(found)
    assert house.accounts.session(here.secret) is None
    assert house.accounts.session(elsewhere.secret) is None
    assert house.refuse("li_na").reason is RefusalReason.WRONG
    house.enter(word="battery staple")


def test_a_stolen_session_cannot_guess_the_password(house: House) -> None:
    """Guesses at the old password lock as sign-ins do."""
    signed = house.signed(house.enter())
    for _ in range(MOST):
        house.accounts.change_password(signed, "wrong horse", "battery staple", "a")
    found = house.accounts.change_password(signed, WORD, "battery staple", "a")
    assert isinstance(found, SignInRefusal)
    assert found.reason is RefusalReason.LOCKED


def test_the_first_admin_is_invited_until_an_admin_has_a_password(house: House) -> None:
    """Each start makes a new link; the name is the person's own; afterwards there is none."""
    first, second = invite_first_admin(house.store), invite_first_admin(house.store)
    assert first is not None
    assert second is not None
    accounts = replace(house.accounts, clock=lambda: second.until - 1)
    assert accounts.open_link(first.path.removeprefix(LINK_PATH)) is None
    ticket = accounts.open_link(second.path.removeprefix(LINK_PATH))
    assert ticket is not None
    signed = accounts.session(ticket.secret)
    assert signed is not None
    with pytest.raises(InvalidRequestError):
        accounts.change_password(signed, "", "short", "a", "wang")
    assert "admin" in house.store.users.read().users
    assert isinstance(accounts.change_password(signed, "", WORD, "a", "wang"), SessionTicket)
    assert set(house.store.users.read().users) == {"li_na", "wang"}
    assert invite_first_admin(house.store) is None


def test_two_changes_of_users_at_once_are_both_made(house: House) -> None:
    """The second one looks again."""
    names = [f"user{number}" for number in range(6)]
    threads = [
        threading.Thread(target=house.desk.add, args=(name, Role.VIEWER, "en")) for name in names
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert set(names) < set(house.store.users.read().users)
