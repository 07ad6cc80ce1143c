"""The commands `nudge quarantine list | add | release | discard`."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from pathlib import Path

import click
from rich.markup import escape
from rich.table import Table

from nudge.cli.common import (
    data_dir_option,
    json_option,
    load_settings,
    out,
    period_options,
    print_json,
    read_period,
)
from nudge.clock import now
from nudge.domain.alarms.quarantine import Quarantine, QuarantineNote, QuarantineScope
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.values.number_words import mask_numbers
from nudge.errors import InvalidRequestError
from nudge.flows.upkeep import quarantine as flow
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.wiring.command import open_installation

Step = Callable[[Store, str, QuarantineNote], Quarantine]


@click.group()
def quarantine() -> None:
    """Mark intervals that teach nothing, release or discard them."""


@quarantine.command("list")
@data_dir_option
@json_option
def list_(data_dir: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """List all quarantines, the released ones too, the newest interval first."""
    settings = load_settings(data_dir)
    with open_installation(settings) as installation:
        found = installation.store.quarantines.current().values()
    ordered = sorted(found, key=lambda one: (one.start, one.id), reverse=True)
    if as_json:
        print_json([one.plain for one in ordered])
        return
    calendar = OperatorCalendar.named(settings.zone)
    table = Table(title="Quarantines")
    for name in ("id", "from", "to", "scope", "status", "why"):
        table.add_column(name, no_wrap=name == "id")
    for one in ordered:
        table.add_row(*map(escape, _cells(one, calendar)))
    out().print(table)


@quarantine.command()
@period_options("Start of the interval.", "End of the interval.")
@click.option("--channel", default="", help="Only exposures of this channel.")
@click.option("--method", default="", help="Payment method that failed.")
@click.option("--why", required=True, help="Reason, for the audit.")
@data_dir_option
@json_option
def add(
    start: str | None,
    end: str | None,
    channel: str,
    method: str,
    why: str,
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
) -> None:
    """Mark an interval that teaches nothing; a repeated call changes nothing.

    It is rounded outward to 5 minutes, and reaches back by 5 minutes more: exposures before an
    outage are rewarded inside it.
    """
    settings = load_settings(data_dir)
    period = read_period(settings, start, end)
    if period.start is None or period.end is None:
        raise InvalidRequestError("give both --from and --to")
    if channel and method:
        raise InvalidRequestError("give --channel or --method, not both")
    scope = QuarantineScope(channel, method)
    with open_installation(settings) as installation:
        found = flow.mark(installation.store, period.start, period.end, scope, _note(why))
    _show(found, settings, as_json=as_json)


@quarantine.command()
@click.argument("name", metavar="ID")
@click.option("--note", default="", help="Free words, for the audit.")
@data_dir_option
@json_option
def release(
    name: str,
    note: str,
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
) -> None:
    """Release a quarantine: its interval counts again, as if it had never been marked."""
    _step(flow.release, name, note, data_dir, as_json=as_json)


@quarantine.command()
@click.argument("name", metavar="ID")
@click.option("--note", default="", help="Free words, for the audit.")
@data_dir_option
@json_option
def discard(
    name: str,
    note: str,
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
) -> None:
    """Discard the interval of a quarantine: it never counts, which is final."""
    _step(flow.discard, name, note, data_dir, as_json=as_json)


def _step(step: Step, name: str, note: str, data_dir: Path | None, *, as_json: bool) -> None:
    settings = load_settings(data_dir)
    with open_installation(settings) as installation:
        found = step(installation.store, name, _note(note))
    _show(found, settings, as_json=as_json)


def _note(text: str) -> QuarantineNote:
    return QuarantineNote(mask_numbers(getpass.getuser()), now(), mask_numbers(text))


def _show(one: Quarantine, settings: Settings, *, as_json: bool) -> None:
    if as_json:
        print_json(one.plain)
        return
    name, start, end, scope, status, _ = _cells(one, OperatorCalendar.named(settings.zone))
    click.echo(f"{name} {status}: {start} to {end}, {scope}")


def _cells(one: Quarantine, calendar: OperatorCalendar) -> tuple[str, ...]:
    told = ", ".join(f"{name} {value}" for name, value in one.scope.plain.items())
    interval = calendar.label(one.start), calendar.label(one.end)
    return one.id, *interval, told or "everything", one.status.value, one.why
