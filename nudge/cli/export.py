"""The command `nudge export`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from nudge.cli.common import (
    data_dir_option,
    err,
    load_settings,
    period_options,
    progress_bar,
    read_period,
    tell_since,
)
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.errors import StoreError
from nudge.settings.settings import Settings
from nudge.wiring.command import open_installation

if TYPE_CHECKING:  # pyarrow, which the command's help does not need
    from nudge.lake.export.export import Attributes

FORMATS: Final = ("obp", "dsjson", "sensors", "csv", "parquet")
UNITS: Final = {"obp": "rounds", "dsjson": "lines", "sensors": "lines"}
LEFT_OUT: Final = {
    "reason_not_policy": "not drawn by the policy",
    "not_exposed": "never shown",
    "not_matured": "windows still open",
    "quarantined": "in an outage",
}


@click.command()
@click.option(
    "--format", "kind", type=click.Choice(FORMATS), required=True, help="Format of the file."
)
@click.option("--slot", required=True, help="Slot of the decisions.")
@period_options("Only decisions made then or later.", "Only decisions made before.")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@data_dir_option
def export(
    kind: str,
    slot: str,
    start: str | None,
    end: str | None,
    out: Path,
    data_dir: Path | None,
) -> None:
    """Export the log of a slot for other tools.

    obp: bandit feedback for Open Bandit Pipeline (.npz). dsjson: Vowpal Wabbit. Both hold the
    decisions that may be evaluated. sensors: track events for Sensors Analytics. csv, parquet: the
    joined form, every decision. The file appears under its name only when it is whole.
    """
    from nudge.lake.export.export import READINGS, ExportRequest, open_export  # noqa: PLC0415 - pyarrow
    from nudge.lake.export.export import export as written  # noqa: PLC0415 - the same
    from nudge.lake.files.reader import Lake  # noqa: PLC0415 - the same

    settings = load_settings(data_dir)
    if out.resolve().is_relative_to(settings.lake_dir.resolve()):
        raise click.UsageError(f"{out} lies in the lake, which it is read from; name another OUT")
    lake, period = Lake(settings.lake_dir), read_period(settings, start, end)
    log = open_export(lake, ExportRequest(slot, period.start, period.end))
    attributes = _attributes(settings, slot) if kind == "dsjson" else {}
    calendar = OperatorCalendar.named(settings.zone)
    with progress_bar("decisions", shown=err().is_terminal) as bar:
        task = bar.add_task("", total=log.rows * READINGS.get(kind, 1), note="")
        found = written(log, kind, out, attributes, lambda rows: bar.advance(task, rows), calendar)
    click.echo(f"{out}: {found.rows:,} {UNITS.get(kind, 'rows')} of {log.rows:,} decisions")
    for why, count in found.left_out.items():
        click.echo(f"  {count:,} left out: {LEFT_OUT.get(why, why)}")
    tell_since(lake, calendar)


def _attributes(settings: Settings, slot: str) -> Attributes:
    """Read the attributes of a slot's variants; none if the store is away or lacks the slot."""
    try:
        with open_installation(settings) as installation:
            found = installation.store.slots.current().get(slot)
    except StoreError as error:
        click.echo(f"without the variants' attributes: {error}", err=True)
        return {}
    return {} if found is None else {one.name: one.attributes for one in found.variants}
