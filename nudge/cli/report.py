"""The command `nudge report`: reports of all slots, as text."""

from __future__ import annotations

from pathlib import Path

import click

from nudge.cli.common import data_dir_option, json_option, load_settings
from nudge.cli.report_month import LAST, report_month


@click.command()
@click.option(
    "--month",
    is_flag=False,
    flag_value=LAST,
    metavar="[YYYY-MM]",
    help="Payments of a month that several slots were credited with; by default the last full one.",
)
@click.option(
    "--lang",
    type=click.Choice(("zh", "en")),
    default="zh",
    show_default=True,
    help="Language of sentences.",
)
@data_dir_option
@json_option
def report(
    month: str | None,
    lang: str,
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
) -> None:
    """Report on all slots side by side. Reads the lake, which is up to 30 s behind."""
    if month is None:
        raise click.UsageError("say which report: --month, or --month 2026-10")
    report_month(load_settings(data_dir), month, lang, as_json=as_json)
