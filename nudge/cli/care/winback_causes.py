"""The commands `nudge winback mend | causes | unmend`: causes of leaving that were mended."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Any

import click

from nudge.cli.common import data_dir_option, json_option, load_settings, print_json
from nudge.clock import now
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.reports.questions import period_of
from nudge.domain.values.number_words import mask_numbers
from nudge.domain.winback.mended_cause import DIMENSIONS, MendedCause, cause_id
from nudge.domain.winback.winback_view import cause_view
from nudge.flows.upkeep.mended_causes import declare_mended, take_back
from nudge.flows.winback.winback_desk import standing_causes
from nudge.wiring.command import Installation, open_installation


@click.command()
@click.option("--stage", default="", help="At which they left.")
@click.option("--reason", default="", help="For which payments failed.")
@click.option("--method", default="", help="Of payment.")
@click.option("--city", default="", help="Group of the city.")
@click.option("--channel", default="", help="Of the visit.")
@click.option("--since", required=True, metavar="TIME", help="When the fault began.")
@click.option("--until", default=None, metavar="TIME", help="When it ended; now if left out.")
@click.option("--why", default="", help="What was done, in words.")
@click.option("--by", default="", help="Who says so; the user of this machine if left out.")
@data_dir_option
@json_option
def mend(
    since: str,
    until: str | None,
    why: str,
    by: str,
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
    **named: str,
) -> None:
    """Declare a cause mended: who left for it comes first. A repeated call changes nothing."""
    cause, at = {name: named[name] for name in DIMENSIONS if named[name]}, now()
    if not cause:
        listed = ", ".join(f"--{name}" for name in DIMENSIONS)
        raise click.UsageError(f"no cause is named; give at least one of {listed}")
    with open_installation(load_settings(data_dir)) as installation:
        period = period_of(since, until, OperatorCalendar.named(installation.settings.zone))
        start, end = period.start or 0.0, at if period.end is None else period.end
        if start >= end:
            raise click.UsageError("--since is not before --until; give an earlier time")
        who = mask_numbers(by or getpass.getuser())
        name = cause_id(cause, start, period.end or 0.0)
        wanted = MendedCause(name, cause, start, end, at, who, mask_numbers(why))
        view = _view(installation, declare_mended(installation.store, wanted))
    _tell([view], as_json=as_json)


@click.command()
@data_dir_option
@json_option
def causes(data_dir: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """List the causes that were mended: declared, or named by a resolved alarm."""
    with open_installation(load_settings(data_dir)) as installation:
        store, policy = installation.store, installation.configuration.winback
        declared = {one.id: one for one in store.winback.causes()}
        named = {one.id: one for one in standing_causes(store, policy, now())}
        found = sorted({**named, **declared}.values(), key=lambda one: (-one.at, one.id))
        views = [_view(installation, one) for one in found]
    if as_json:
        print_json({"causes": views})
        return
    _tell(views, as_json=False)


@click.command()
@click.argument("name", metavar="ID")
@click.option("--by", default="", help="Who says so; the user of this machine if left out.")
@data_dir_option
@json_option
def unmend(name: str, by: str, data_dir: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """Take back that a cause was mended; a repeated call changes nothing."""
    who = mask_numbers(by or getpass.getuser())
    with open_installation(load_settings(data_dir)) as installation:
        view = _view(installation, take_back(installation.store, name, now(), who))
    _tell([view], as_json=as_json)


def _view(installation: Installation, cause: MendedCause) -> dict[str, Any]:
    return cause_view(cause, OperatorCalendar.named(installation.settings.zone))


def _tell(views: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print_json(views[0])
        return
    for view in views:
        gone = f" taken back {view['taken_back']}" if view["taken_back"] else ""
        click.echo(f"{view['id']}: {view['sentence']['en']} by {view['who']}{gone}")
