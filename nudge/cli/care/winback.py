"""The commands `nudge winback`: the list, and `effect`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.box import SIMPLE
from rich.table import Table

from nudge.cli.care.winback_causes import causes, mend, unmend
from nudge.cli.care.winback_list import STEPS, export, list_, show
from nudge.cli.common import json_option, out, print_json
from nudge.cli.file_summary import FileOptions, FileSummary, file_options
from nudge.domain.winback.contact_columns import ContactRoles
from nudge.domain.winback.effect_view import effect_report
from nudge.flows.winback.campaign_file import read_campaign

Plain = Mapping[str, Any]


@click.group()
def winback() -> None:
    """Tell who left the path and whom to call, and whom a contact brings back."""


for _command in (list_, show, *STEPS, export, mend, causes, unmend):
    winback.add_command(_command)


@winback.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--contacted", required=True, metavar="COLUMN", help="Column: who was contacted.")
@click.option("--back", required=True, metavar="COLUMN", help="Column: who came back, or how much.")
@click.option("--contact", default="", metavar="VALUE", help="Its value of the contacted.")
@click.option("--holdout", default="", metavar="VALUE", help="Its value of the held out.")
@click.option("--ignore", multiple=True, metavar="COLUMN", help="Column that is no factor.")
@click.option("--lang", type=click.Choice(("zh", "en")), default="en", show_default=True)
@file_options
@json_option
def effect(
    file: Path,
    lang: str,
    as_json: bool,  # noqa: FBT001 - click's flags
    options: FileOptions,
    **roles: Any,  # noqa: ANN401 - the columns' roles, typed below
) -> None:
    """Tell what contacting added in a campaign, and for whom most.

    FILE is CSV or Parquet with a row for each person whom chance contacted or held out: a column
    that says which, a column of what came of it, and columns of what was known before. Where
    --contacted holds words, name both by --contact and --holdout; rows with others are left out.
    """
    from nudge.models.uplift.effect import measure_effect  # noqa: PLC0415 - scipy, which help does not need

    source = options.open(file)
    summary = FileSummary.of(source, options)
    asked = ContactRoles(
        roles["contacted"], roles["back"], roles["contact"], roles["holdout"], roles["ignore"]
    )
    people = read_campaign(source, asked, lambda bad: summary.refuse(*bad))
    summary.taken = len(people.table) + people.others
    found = effect_report(measure_effect(people.table).report)
    found |= {"left_out": people.skipped, "other_contacts": people.others}
    if as_json:
        print_json(found | {"file": summary.plain})
    else:
        _tell(found, lang)
        click.echo(summary.sentence(), err=True)
        summary.tell_refused()
    sys.exit(summary.exit_code)


def _tell(found: Plain, lang: str) -> None:
    console = out()
    console.print(found["headline"][lang], markup=False)
    for one in found["sentences"]:
        click.echo(f"- {one[lang]}")
    if found["fifths"]:
        console.print(_fifths(found["fifths"]))
    if found["other_contacts"]:
        click.echo(f"{found['other_contacts']:,} people of other contacts left out", err=True)
    for name, reason in found["left_out"].items():
        click.echo(f"{name}: {reason}", err=True)


def _fifths(fifths: list[Plain]) -> Table:
    table = Table(box=SIMPLE)
    for name in ("fifth", "people", "per hundred", "interval"):
        table.add_column(name, justify="right")
    for n, one in enumerate(fifths, 1):
        low, high = one["interval"]
        interval = f"{100 * low:+.2f} to {100 * high:+.2f}"
        table.add_row(str(n), f"{one['people']:,}", f"{100 * one['increment']:+.2f}", interval)
    return table
