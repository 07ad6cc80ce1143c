"""The commands `nudge measures list | show | grant`."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from nudge.cli.common import data_dir_option, json_option, load_settings, out, print_json
from nudge.clock import now
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.care.case import Case
from nudge.domain.identity.sealing import new_label
from nudge.domain.measures.measure_view import case_measure_view, configured_view
from nudge.domain.values.number_words import mask_numbers
from nudge.errors import NotFoundError
from nudge.flows.care.case_actions import CaseDesk
from nudge.flows.measures.granting import GrantDesk, GrantOrder
from nudge.wiring.command import Installation, open_installation


@click.group()
def measures() -> None:
    """Tell what is due for whom in each stage, and grant it: one benefit of a group, once."""


@measures.command("list")
@data_dir_option
@json_option
def list_(data_dir: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """List the lifecycle measures as they are in force."""
    with open_installation(load_settings(data_dir)) as installation:
        views = [configured_view(one) for one in installation.configuration.measures.values()]
    if as_json:
        print_json({"measures": views})
        return
    columns = ("measure", "title", "slot", "group", "channels", "purpose", "held", "priority")
    table = Table(*columns, title="Measures")
    for view in views:
        table.add_row(
            view["measure"],
            escape(view["title"].get("en", "")),
            view["slot"] or "-",
            view["group"] or "-",
            ", ".join(view["channels"]),
            view["purpose"],
            f"{view['held_share']:.0%}",
            str(view["priority"]),
        )
    out().print(table)


@measures.command()
@click.argument("name", metavar="ID")
@data_dir_option
@json_option
def show(name: str, data_dir: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """Show which measure is due for a case, what may be granted, and why the rest may not."""
    with open_installation(load_settings(data_dir)) as installation:
        case = installation.store.cases.read(name)
        if case is None:
            raise NotFoundError(f"no case has the id {mask_numbers(name)!r}")
        view = _view(installation, case)
    _tell(view, as_json=as_json)


@measures.command()
@click.argument("name", metavar="ID")
@click.option("--by", default="", help="Who grants; the user of this machine if left out.")
@click.option("--note", default="", help="Free words, for the history.")
@click.option("--id", "action_id", default="", help="Of your own: a repeat does nothing.")
@data_dir_option
@json_option
def grant(
    name: str,
    by: str,
    note: str,
    action_id: str,
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
) -> None:
    """Grant the measure of a case: its slot decides which, once."""
    who, masked = mask_numbers(by or getpass.getuser()), mask_numbers(note)
    with open_installation(load_settings(data_dir)) as installation:
        hidden = installation.sealer.hide_numbers(action_id or new_label())
        configuration = installation.configuration
        actor = CaseDesk(installation.store, configuration.warnings, installation.sealer.vault)
        desk = GrantDesk(installation.measure_desk, actor, _calendar(installation).label)
        made = desk.grant(GrantOrder(name, who, hidden, masked), now())
        view = _view(installation, made)
    _tell(view, as_json=as_json)


def _calendar(installation: Installation) -> OperatorCalendar:
    return OperatorCalendar.named(installation.settings.zone)


def _view(installation: Installation, case: Case) -> dict[str, Any]:
    state = installation.measure_desk.find((case,), now())[case.id]
    return case_measure_view(case, state, _calendar(installation).label)


def _tell(view: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(view)
        return
    granted = view["granted"]
    if granted:
        click.echo(f"{view['case']} {granted['measure']}: granted {granted['variant']}")
        click.echo(f"  {granted['at']} by {granted['who']}, {granted['amount']:g} yuan")
        return
    due = f", due {view['due']}" if view["due"] else ""
    click.echo(f"{view['case']} {view['measure'] or 'no measure'}{due}")
    click.echo(f"  {view['why']['en'] if view['why'] else 'may be granted now'}")
    for one in view["variants"]:
        told = "may be granted" if one["may"] else one["why"]["en"]
        click.echo(f"  {one['variant']} ({one['cost']:g} yuan): {told}")
