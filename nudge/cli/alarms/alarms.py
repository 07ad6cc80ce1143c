"""The commands `nudge alarms list | show | act`."""

from __future__ import annotations

import getpass
from pathlib import Path

import click
from rich.markup import escape
from rich.table import Table

from nudge.cli.common import data_dir_option, json_option, load_settings, out, print_json
from nudge.clock import now
from nudge.domain.alarms.alarm import Alarm, AlarmAction, AlarmStep
from nudge.domain.alarms.alarm_view import alarm_view
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.basics.duration import parse_duration
from nudge.domain.values.number_words import mask_numbers
from nudge.errors import InvalidRequestError, NotFoundError
from nudge.flows.upkeep.alarm_actions import ACTIONS, act_on_alarm
from nudge.settings.settings import Settings
from nudge.wiring.command import open_installation


@click.group()
def alarms() -> None:
    """List alarms, and say what was done about them."""


@alarms.command("list")
@click.option("--all", "every", is_flag=True, help="The resolved ones too, at most a thousand.")
@data_dir_option
@json_option
def list_(every: bool, data_dir: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """List alarms that are not resolved, those with the latest step first."""
    settings = load_settings(data_dir)
    with open_installation(settings) as installation:
        store = installation.store.alarms
        found = [one.alarm for one in (store.recent() if every else store.unresolved())]
    views = [_view(one, settings) for one in found]
    if as_json:
        print_json(views)
        return
    table = Table("id", "level", "status", "opened", "what", title="Alarms")
    for view, one in zip(views, found, strict=True):
        what = one.sentence.get("en", "")
        cells = (one.id, one.level.value, str(view["status"]), str(view["opened"]), what)
        table.add_row(*map(escape, cells))
    out().print(table)


@alarms.command()
@click.argument("name", metavar="ID")
@data_dir_option
@json_option
def show(name: str, data_dir: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """Show one alarm with its history."""
    settings = load_settings(data_dir)
    with open_installation(settings) as installation:
        found = installation.store.alarms.read(name)
    if found is None:
        raise NotFoundError(f"no alarm has the id {name!r}")
    _show(found.alarm, settings, as_json=as_json)


@alarms.command()
@click.argument("name", metavar="ID")
@click.argument("action", type=click.Choice([one.value for one in ACTIONS]))
@click.option("--for", "length", default=None, help='Only to silence: for so long, such as "2h".')
@click.option("--note", default="", help="Free words, for the history.")
@data_dir_option
@json_option
def act(
    name: str,
    action: str,
    length: str | None,
    note: str,
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
) -> None:
    """Take a step on an alarm; a repeated call changes nothing."""
    settings, at = load_settings(data_dir), now()
    who = mask_numbers(getpass.getuser())
    until = None if length is None else at + _seconds(length)
    step = AlarmStep(at, AlarmAction(action), who, mask_numbers(note), until)
    with open_installation(settings) as installation:
        found = act_on_alarm(installation.store, name, step)
    _show(found, settings, as_json=as_json)


def _seconds(length: str) -> float:
    try:
        return parse_duration(length)
    except ValueError as error:
        raise InvalidRequestError(f"--for: {error}") from error


def _show(alarm: Alarm, settings: Settings, *, as_json: bool) -> None:
    view = _view(alarm, settings)
    if as_json:
        print_json(view)
        return
    click.echo(f"{alarm.id} {alarm.level.value} {view['status']}: {alarm.sentence.get('en', '')}")
    calendar = OperatorCalendar.named(settings.zone)
    for step in alarm.steps:
        until = f" until {calendar.label(step.until)}" if step.until is not None else ""
        note = f": {step.note}" if step.note else ""
        told = f"{calendar.label(step.at)} {step.action.value}{until} by {step.who}{note}"
        click.echo(f"  {told}")


def _view(alarm: Alarm, settings: Settings) -> dict[str, object]:
    return alarm_view(alarm, now(), OperatorCalendar.named(settings.zone))
