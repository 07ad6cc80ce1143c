"""The command `nudge warnings factors`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich.box import SIMPLE
from rich.table import Table

from nudge.cli.common import json_option, out, print_json
from nudge.cli.file_summary import FileOptions, FileSummary, file_options
from nudge.domain.care.factors.factor_view import factor_csv, factor_report
from nudge.domain.care.factors.people_columns import ColumnRoles
from nudge.flows.care.factor_file import read_people

Plain = Mapping[str, Any]
LANGUAGES = click.Choice(("zh", "en"))


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--left", required=True, metavar="COLUMN", help="Column that says who left.")
@click.option("--segment", default="", metavar="COLUMN", help="Column of the people's segments.")
@click.option("--kind", default="", metavar="COLUMN", help="Column of the kind of leaving.")
@click.option("--ignore", multiple=True, metavar="COLUMN", help="Column that is no factor.")
@click.option("--lang", type=LANGUAGES, default="en", show_default=True)
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, for spreadsheets.")
@file_options
@json_option
def factors(
    file: Path,
    left: str,
    segment: str,
    kind: str,
    ignore: tuple[str, ...],
    lang: str,
    as_csv: bool,  # noqa: FBT001 - click's flags
    as_json: bool,  # noqa: FBT001 - the same
    options: FileOptions,
) -> None:
    """Tell which scores and behaviours go with leaving, and how surely.

    FILE is CSV or Parquet with a row for each person: a column that says who left, and columns of
    what was known before. A column score_SCENE is the score of a scene. Rows without an answer in
    the column of --left are listed and left out; the command ends with 1 then.
    """
    from nudge.models.factors.analysis import analyse  # noqa: PLC0415 - scikit-learn, which help does not need

    source = options.open(file)
    summary = FileSummary.of(source, options)
    roles = ColumnRoles(left, segment, kind, ignore)
    people = read_people(source, roles, lambda bad: summary.refuse(*bad))
    summary.taken = len(people.table)
    found = factor_report(analyse(people.table)) | {"left_out": people.skipped}
    if as_json:
        print_json(found | {"file": summary.plain})
    elif as_csv:
        click.echo(factor_csv(found), nl=False)
    else:
        _tell(found, lang)
    if not as_json:
        click.echo(summary.sentence(), err=True)
        summary.tell_refused()
    sys.exit(summary.exit_code)


def _tell(found: Plain, lang: str) -> None:
    console = out()
    console.print(found["headline"][lang], markup=False)
    whole = found["cuts"][0]
    console.print(_effects(whole["effects"]))
    for one in whole["effects"]:
        click.echo(f"- {one['sentence'][lang]}")
    for cut in found["cuts"][1:]:
        click.echo(cut["sentence"][lang])
        for one in cut["effects"]:
            if one["verdict"] in {"raises", "lowers"}:
                click.echo(f"- {one['sentence'][lang]}")
    for one in found["pairs"]:
        click.echo(f"* {one['sentence'][lang]}")
    _tell_model(found["model"], lang)
    for name, reason in found["left_out"].items():
        click.echo(f"{name}: {reason}", err=True)
    for name in found["known_late"]:
        text = "tells leaving by itself, so it was probably known only afterwards; left out"
        click.echo(f"{name}: {text}", err=True)


def _tell_model(model: Plain, lang: str) -> None:
    if not model["rules"]:
        return
    click.echo(f"{len(model['rules'])} rules, AUC {model['auc']:.3f}:")
    for n, rule in enumerate(model["rules"], 1):
        click.echo(f"{n:>3}. {rule['sentence'][lang]}")


def _effects(effects: Sequence[Plain]) -> Table:
    table = Table(box=SIMPLE)
    for name in ("factor", "scene", "verdict", "odds", "interval", "p, corrected"):
        table.add_column(
            name, justify="left" if name in {"factor", "scene", "verdict"} else "right"
        )
    for one in effects:
        interval = "" if one["interval"] is None else "{:.2f} - {:.2f}".format(*one["interval"])
        odds = "" if one["odds"] is None else f"{one['odds']:.2f}"
        p = "" if one["p_adjusted"] is None else f"{one['p_adjusted']:.4f}"
        table.add_row(one["factor"], one["scene"], one["verdict"], odds, interval, p)
    return table
