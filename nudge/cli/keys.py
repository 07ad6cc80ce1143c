"""The commands `nudge keys create | list | revoke`."""

from __future__ import annotations

from pathlib import Path

import click
from rich.markup import escape
from rich.table import Table

from nudge.cli.common import data_dir_option, json_option, load_settings, out, print_json
from nudge.clock import now
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.journal.caller import SCOPES, Scope
from nudge.domain.values.number_words import mask_numbers
from nudge.store.service.api_keys import StoredKey
from nudge.wiring.command import open_installation


@click.group()
def keys() -> None:
    """Make, list and revoke API keys."""


@keys.command()
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(SCOPES),
    multiple=True,
    required=True,
    help="Scope of the key; may be repeated. No scope includes another.",
)
@click.option("--name", default="", help="Name of the key, for people.")
@click.option(
    "--origin", "origins", multiple=True, help="Web origin that may use the key; by default any."
)
@data_dir_option
@json_option
def create(
    scopes: tuple[Scope, ...],
    name: str,
    origins: tuple[str, ...],
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
) -> None:
    """Make a key and print it once: it cannot be shown again."""
    with open_installation(load_settings(data_dir)) as installation:
        key_id, secret = installation.store.api_keys.create(
            scopes, mask_numbers(name), origins, now()
        )
    if as_json:
        print_json({"key_id": key_id, "key": secret, "scopes": sorted(set(scopes))})
    else:
        click.echo(secret)
        click.echo(f"Key {key_id}; it is not stored and cannot be shown again.", err=True)


@keys.command("list")
@data_dir_option
@json_option
def list_(data_dir: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """List all keys, revoked ones too."""
    settings = load_settings(data_dir)
    calendar = OperatorCalendar.named(settings.zone)
    with open_installation(settings) as installation:
        found = installation.store.api_keys.list_keys()
    if as_json:
        print_json([_plain(key, calendar) for key in found])
        return
    table = Table("id", "name", "scopes", "origins", "created", "revoked")
    for key in found:
        cells = (key.key_id, key.name, ", ".join(key.scopes), ", ".join(key.origins) or "any")
        times = (_time(at, calendar) for at in (key.created, key.revoked_at))
        table.add_row(*map(escape, cells), *(text or "-" for text in times))
    out().print(table)


@keys.command()
@click.argument("key_id")
@data_dir_option
def revoke(key_id: str, data_dir: Path | None) -> None:
    """Revoke a key for good."""
    settings = load_settings(data_dir)
    with open_installation(settings) as installation:
        key = installation.store.api_keys.revoke(key_id, now())
    since = _time(key.revoked_at, OperatorCalendar.named(settings.zone))
    click.echo(f"Key {key.key_id} is revoked since {since}.")


def _plain(key: StoredKey, calendar: OperatorCalendar) -> dict[str, object]:
    return {
        "key_id": key.key_id,
        "name": key.name,
        "scopes": key.scopes,
        "origins": key.origins,
        "created": _time(key.created, calendar),
        "revoked": _time(key.revoked_at, calendar),
    }


def _time(seconds: float | None, calendar: OperatorCalendar) -> str | None:
    return None if seconds is None else calendar.label(int(seconds))
