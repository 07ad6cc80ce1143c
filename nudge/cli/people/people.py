"""The command `nudge people`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from nudge.cli.common import (
    data_dir_option,
    err,
    json_option,
    load_settings,
    print_json,
    progress_bar,
)
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.wiring.command import open_installation

if TYPE_CHECKING:  # pyarrow, which help does not need
    from nudge.flows.upkeep.split import SplitResult

PATIENCE: Final = 30.0
"""Seconds to wait for the fold."""


@click.group()
def people() -> None:
    """Take apart two visitors who were taken for one."""


@people.command()
@click.argument("visitor_a")
@click.argument("visitor_b")
@click.option("--dry-run", is_flag=True, help="Only tell what would be done.")
@data_dir_option
@json_option
def split(
    visitor_a: str,
    visitor_b: str,
    dry_run: bool,  # noqa: FBT001 - click's flags
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
) -> None:
    """Take apart two visitors who were taken for one by mistake.

    Of the mergings between VISITOR_A and VISITOR_B the latest is taken back, from the journal: each
    is a person of its own again, with its own events, payments, consents and numbers. What came
    while they were one goes to the id under which it came; where the journal does not tell, it
    stays with the one that is named as staying. A worker must run. The command can be repeated.
    """
    settings = load_settings(data_dir)
    with (
        open_installation(settings) as installation,
        progress_bar("records", shown=err().is_terminal) as bar,
    ):
        task = bar.add_task("", total=None, note="")
        flow = installation.people_split(PATIENCE, lambda n: bar.advance(task, n))
        found = flow.split(visitor_a.strip(), visitor_b.strip(), dry=dry_run)
    names = ("VISITOR_A", "VISITOR_B")
    at = OperatorCalendar.named(settings.zone).label_or_none(found.merged_at)
    if as_json:
        leaves = None if found.apart else names[found.leaves]
        print_json(asdict(found) | {"merged_at": at, "leaves": leaves, "dry_run": dry_run})
        return
    _tell(found, at, names[found.leaves], names[1 - found.leaves], dry=dry_run)


def _tell(found: SplitResult, at: str | None, leaves: str, stays: str, *, dry: bool) -> None:
    if found.apart:
        click.echo("The two are two people: there is nothing to take apart.")
        return
    since = "" if at is None else f", one since {at}"
    click.echo(f"{'Would take' if dry else 'Took'} {leaves} out of {stays}{since}:")
    for name, i in ((leaves, 0), (stays, 1)):
        records, numbers = found.records[i], found.numbers[i]
        click.echo(f"  {name}  {records:,} records, {numbers} numbers")
    if found.untold:
        click.echo(
            f"  of {found.untold:,} records nobody can tell whose they are: {stays} has them"
        )
    if found.refusals:
        click.echo(f"  {found.refusals:,} of these are refusals or complaints: they count for both")
