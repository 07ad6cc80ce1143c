"""The commands of `nudge users`: who may use the pages, in which role, and how they get in."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from nudge.cli.common import data_dir_option, json_option, load_settings, out, print_json
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.users.audit_entry import Door
from nudge.domain.users.roles import Role
from nudge.domain.users.user import LANGUAGES, User
from nudge.flows.accounts.first_admin import shell_user
from nudge.flows.accounts.passwords import PasswordHasher
from nudge.flows.accounts.user_desk import SignInLink, UserDesk
from nudge.settings.settings import Settings
from nudge.wiring.command import open_installation

ROLES = click.Choice([one.value for one in Role])
why_option = click.option("--why", default="", help="Reason, for the audit.")


@click.group()
def users() -> None:
    """Add users of the pages, and give them roles, links and passwords."""


@users.command()
@click.argument("name")
@click.option("--role", type=ROLES, required=True, help="What the user may see and change.")
@click.option("--language", type=click.Choice(LANGUAGES), default="zh", help="Of the pages.")
@why_option
@data_dir_option
@json_option
def add(
    name: str,
    role: str,
    language: str,
    why: str,
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
) -> None:
    """Add a user, and print a link that signs the user in once, to choose a password."""
    settings = load_settings(data_dir)
    with _desk(settings) as desk:
        desk.add(name, Role(role), language, why)
        made = desk.make_link(name, why)
    _tell_link(made, settings, as_json=as_json)


@users.command("list")
@data_dir_option
@json_option
def list_(data_dir: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """List all users with their roles."""
    settings = load_settings(data_dir)
    calendar = OperatorCalendar.named(settings.zone)
    with _desk(settings) as desk:
        found = desk.users()
    if as_json:
        print_json([_plain(one.user, calendar) for one in found])
        return
    table = Table("name", "role", "state", "language", "sessions", "added")
    for user, sessions in found:
        row = (user.name, user.role, _state(user), user.language, str(len(sessions)))
        table.add_row(*map(escape, row), calendar.label(user.created))
    out().print(table)


@users.command("set-role")
@click.argument("name")
@click.argument("role", type=ROLES)
@why_option
@data_dir_option
def set_role(name: str, role: str, why: str, data_dir: Path | None) -> None:
    """Give a user another role; the user's sessions end."""
    with _desk(load_settings(data_dir)) as desk:
        user = desk.set_role(name, Role(role), why)
    click.echo(f"{user.name} is {user.role} now, and has to sign in again.")


@users.command()
@click.argument("name")
@why_option
@data_dir_option
def disable(name: str, why: str, data_dir: Path | None) -> None:
    """Keep a user from signing in; the user's sessions end."""
    with _desk(load_settings(data_dir)) as desk:
        user = desk.enable(name, enabled=False, why=why)
    click.echo(f"{user.name} cannot sign in any more.")


@users.command()
@click.argument("name")
@why_option
@data_dir_option
def enable(name: str, why: str, data_dir: Path | None) -> None:
    """Let a user sign in again."""
    with _desk(load_settings(data_dir)) as desk:
        user = desk.enable(name, enabled=True, why=why)
    click.echo(f"{user.name} can sign in.")


@users.command()
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from the input's line.")
@data_dir_option
def password(name: str, data_dir: Path | None, password_stdin: bool) -> None:  # noqa: FBT001 - click's flags
    """Set a user's password, which is asked for; the user's sessions end."""
    # Never an option: command lines stand in the shell's history and in lists of processes.
    if password_stdin:
        word = sys.stdin.readline().rstrip("\r\n")
    else:
        word = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    with _desk(load_settings(data_dir)) as desk:
        user = desk.set_password(name, word)
    click.echo(f"{user.name} signs in with the new password.")


@users.command()
@click.argument("name")
@why_option
@data_dir_option
@json_option
def link(name: str, why: str, data_dir: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """Print a link that signs a user in once within 24 hours; the one before ends."""
    settings = load_settings(data_dir)
    with _desk(settings) as desk:
        made = desk.make_link(name, why)
    _tell_link(made, settings, as_json=as_json)


@users.command()
@click.argument("name")
@click.option("--end", is_flag=True, help="End all sessions of the user.")
@why_option
@data_dir_option
@json_option
def sessions(name: str, end: bool, why: str, data_dir: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """List the open sessions of a user, or end them."""
    settings = load_settings(data_dir)
    calendar = OperatorCalendar.named(settings.zone)
    with _desk(settings) as desk:
        if end:
            desk.end_sessions(name, why)
        user = desk.store.users.read().find(name)
        found = desk.store.sessions.of_user(user, desk.clock())
    rows = [(calendar.label(one.created), calendar.label(one.seen)) for one in found]
    if as_json:
        print_json([{"created": created, "seen": seen} for created, seen in rows])
        return
    table = Table("signed in", "last seen")
    for row in rows:
        table.add_row(*row)
    out().print(table)


@contextmanager
def _desk(settings: Settings) -> Iterator[UserDesk]:
    with open_installation(settings) as installation:
        yield UserDesk(installation.store, PasswordHasher(), shell_user(), Door.COMMAND)


def _tell_link(made: SignInLink, settings: Settings, *, as_json: bool) -> None:
    until = OperatorCalendar.named(settings.zone).label(made.until)
    url = f"{settings.url}{made.path}"
    if as_json:
        print_json({"user": made.user, "url": url, "until": until})
        return
    click.echo(url)
    click.echo(f"It signs {made.user} in once, until {until}, and is not shown again.", err=True)


def _plain(user: User, calendar: OperatorCalendar) -> dict[str, Any]:
    return {
        "name": user.name,
        "role": user.role,
        "language": user.language,
        "disabled": user.disabled,
        "has_password": bool(user.password),
        "created": calendar.label(user.created),
    }


def _state(user: User) -> str:
    if user.disabled:
        return "disabled"
    return "active" if user.password else "no password yet"
