"""The command `nudge users`, on a real store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result

from nudge import cli as entry
from nudge.cli.serve import LINK_FILE, invite
from nudge.domain.users.audit_entry import Door
from nudge.flows.accounts.accounts import Accounts, SessionTicket
from nudge.flows.accounts.passwords import PasswordHasher
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.wiring.stores import patient_store

WORD = "correct horse"


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    store = patient_store(settings)
    yield store
    store.close()


def run(settings: Settings, *words: str, typed: str = "") -> Result:
    """Run `nudge users` with these words."""
    return CliRunner().invoke(
        entry.cli, ("users", *words), env=settings.to_environ(), input=typed or None
    )


def told(settings: Settings, *words: str) -> Any:
    """Return what it prints as JSON."""
    found = run(settings, *words, "--json")
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout)


def test_a_user_is_added_and_signs_in_by_the_link(settings: Settings, store: Store) -> None:
    """The link is printed once, works once, and is listed nowhere."""
    made = told(settings, "add", "li_na", "--role", "agent", "--why", "call 13812345678")
    secret = made["url"].rpartition("/")[2]
    accounts = Accounts(store, PasswordHasher(), b"key")
    assert isinstance(accounts.open_link(secret), SessionTicket)
    assert accounts.open_link(secret) is None
    (listed,) = told(settings, "list")
    assert (listed["name"], listed["role"], listed["has_password"]) == ("li_na", "agent", False)
    assert secret not in run(settings, "list").output
    assert len(told(settings, "sessions", "li_na")) == 1
    assert told(settings, "sessions", "li_na", "--end") == []
    entries = store.audit.page(9).entries
    assert {one.door for one in entries[-2:]} == {Door.COMMAND}
    assert all(one.who.startswith("shell") for one in entries[-2:])
    assert not any("13812345678" in one.why for one in entries)


@pytest.mark.parametrize("way", [("--password-stdin",), ()])
def test_a_password_comes_by_input_and_never_as_an_argument(
    settings: Settings, store: Store, way: tuple[str, ...]
) -> None:
    """A line of the input, or a question that shows nothing of what is typed."""
    run(settings, "add", "li_na", "--role", "agent")
    typed = f"{WORD}\n" if way else f"{WORD}\n{WORD}\n"
    done = run(settings, "password", "li_na", *way, typed=typed)
    assert done.exit_code == 0, done.output
    assert WORD not in done.output
    assert isinstance(
        Accounts(store, PasswordHasher(), b"key").sign_in("li_na", WORD, "a"), SessionTicket
    )
    assert run(settings, "password", "li_na", WORD).exit_code != 0


def test_roles_and_access_are_changed(settings: Settings, store: Store) -> None:
    """Each command says what holds now; the last admin stays."""
    for name in ("wang", "zhao"):
        run(settings, "add", name, "--role", "admin")
    run(settings, "password", "wang", "--password-stdin", typed=f"{WORD}\n")
    refused = run(settings, "set-role", "wang", "viewer")
    assert refused.exit_code != 0
    assert "no admin" in str(refused.exception)
    assert run(settings, "set-role", "zhao", "viewer").exit_code == 0
    assert run(settings, "disable", "zhao").exit_code == 0
    assert store.users.read().find("zhao").disabled
    assert run(settings, "enable", "zhao").exit_code == 0
    assert run(settings, "disable", "nobody").exit_code != 0


def test_the_first_admin_is_invited_on_a_terminal_and_by_a_file_elsewhere(
    settings: Settings, store: Store
) -> None:
    """The link itself is printed to a terminal only; the file is its owner's, and goes."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    file = settings.data_dir / LINK_FILE
    assert "/welcome/" in invite(settings, True)
    assert not file.exists()
    text = invite(settings, False)
    assert "/welcome/" not in text
    assert str(file) in text
    assert file.stat().st_mode & 0o777 == 0o600
    secret = file.read_text("utf-8").strip().rpartition("/")[2]
    accounts = Accounts(store, PasswordHasher(), b"key")
    assert accounts.open_link(secret) is not None
    run(settings, "password", "admin", "--password-stdin", typed=f"{WORD}\n")
    assert invite(settings, True) == ""
    assert not file.exists()
