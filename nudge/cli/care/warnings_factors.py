"""The command `nudge warnings factors`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict, Unpack, cast

import click
from rich.box import SIMPLE
from rich.table import Table

from nudge.cli.common import (
    data_dir_option,
    json_option,
    load_settings,
    out,
    period_options,
    print_json,
)
from nudge.cli.file_summary import FileOptions, FileSummary, file_options
from nudge.clock import now
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.care.factors.factor_query import factor_question
from nudge.domain.care.factors.factor_view import factor_csv, factor_report, of_scene
from nudge.domain.care.factors.people_columns import ColumnRoles
from nudge.errors import InvalidRequestError
from nudge.flows.care.factor_file import read_people

Plain = Mapping[str, Any]
LANGUAGES = click.Choice(("zh", "en"))


class FactorOptions(TypedDict):
    """Options of the command."""

    left: str
    segment: str
    kind: str
    scene: str
    ignore: tuple[str, ...]
    start: str | None
    end: str | None
    lang: str
    as_csv: bool
    as_json: bool
    data_dir: Path | None
    options: FileOptions


@click.command()
@click.argument(
    "file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--left", default="", metavar="COLUMN", help="Column that says who left; of a FILE.")
@click.option(
    "--segment", default="", metavar="NAME", help="Column of the segments, or attribute of people."
)
@click.option(
    "--kind", default="", metavar="NAME", help="Column of the kind of leaving, or one kind."
)
@click.option("--scene", default="", help="Only effects of this scene's scores.")
@click.option("--ignore", multiple=True, metavar="COLUMN", help="Column that is no factor.")
@period_options(
    "Who left then or later; by default 8 weeks ago.", "Who left before; by default now."
)
@click.option("--lang", type=LANGUAGES, default="en", show_default=True)
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, for spreadsheets.")
@data_dir_option
@file_options
@json_option
def factors(file: Path | None, **options: Unpack[FactorOptions]) -> None:
    """Tell which scores and behaviours go with leaving, and how surely.

    FILE is CSV or Parquet with a row for each person: a column that says who left, and columns of
    what was known before. A column score_SCENE is the score of a scene. Rows without an answer in
    the column of --left are listed and left out; the command ends with 1 then.

    Without FILE the lake is asked: who left from --from on, by what was known before. --segment is
    an attribute, and --kind one of need_gone, other_operator, number_changed, spending_falls,
    no_recharge.
    """
    if options["as_csv"] and options["as_json"]:
        raise click.UsageError("give --csv or --json, not both")
    if file is None:
        _of_lake(options)
    else:
        _of_file(file, options)


def _of_lake(options: FactorOptions) -> None:
    from nudge.flows.care.factor_lake import lake_factors  # noqa: PLC0415 - ibis, which help does not need
    from nudge.lake.files.reader import Lake  # noqa: PLC0415 - the same
    from nudge.wiring.command import applied_configuration  # noqa: PLC0415 - the same

    if options["left"] or options["ignore"]:
        raise click.UsageError("--left and --ignore are of a FILE; leave them out, or name a file")
    settings = load_settings(options["data_dir"])
    names = {"from": "start", "to": "end", "segment": "segment", "scene": "scene", "kind": "kind"}
    given = cast("Mapping[str, str | None]", options)
    texts = {name: text for name, key in names.items() if (text := given[key])}
    try:
        question = factor_question(texts, now(), OperatorCalendar.named(settings.zone), step=1)
    except InvalidRequestError as error:
        raise click.BadParameter(str(error)) from error
    attributes = applied_configuration(settings).funnel.dimensions
    found = lake_factors(Lake(settings.lake_dir), question, attributes, settings.lake_engine)
    if not (options["as_csv"] or options["as_json"]):
        click.echo(f"left {found['from']} - {found['to']}, known from {found['known_from']} on")
    _print(found, options)


def _of_file(file: Path, options: FactorOptions) -> None:
    from nudge.models.factors.analysis import analyse  # noqa: PLC0415 - scikit-learn, which help does not need

    if not options["left"]:
        raise click.UsageError("name the column that says who left: --left COLUMN")
    if options["start"] or options["end"]:
        raise click.UsageError("--from and --to are of the lake; a file has no times")
    source = options["options"].open(file)
    summary = FileSummary.of(source, options["options"])
    roles = ColumnRoles(options["left"], options["segment"], options["kind"], options["ignore"])
    people = read_people(source, roles, lambda bad: summary.refuse(*bad))
    summary.taken = len(people.table)
    report = of_scene(factor_report(analyse(people.table)), options["scene"])
    found = report | {"left_out": people.skipped}
    if options["as_json"]:
        found["file"] = summary.plain
    _print(found, options)
    if not options["as_json"]:
        click.echo(summary.sentence(), err=True)
        summary.tell_refused()
    sys.exit(summary.exit_code)


def _print(found: Plain, options: FactorOptions) -> None:
    if options["as_json"]:
        print_json(found)
    elif options["as_csv"]:
        click.echo(factor_csv(found), nl=False)
    else:
        _tell(found, options["lang"])


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
