"""The command `nudge winback effect`: of a campaign's file, or of live cases."""

from __future__ import annotations

import sys
from collections.abc import Mapping
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
from nudge.domain.loop.loop_question import EFFECT_WORDS, effect_question
from nudge.domain.winback.contact_columns import ContactRoles
from nudge.domain.winback.effect_view import effect_report
from nudge.errors import InvalidRequestError
from nudge.flows.winback.campaign_file import read_campaign

Plain = Mapping[str, Any]
_OF_FILE = ("contacted", "back", "contact", "holdout", "ignore")
_OF_LAKE = ("start", "end", "by", "kept_within")


class EffectOptions(TypedDict):
    """Options of the command."""

    contacted: str
    back: str
    contact: str
    holdout: str
    ignore: tuple[str, ...]
    start: str | None
    end: str | None
    by: str | None
    kept_within: str | None
    lang: str
    as_json: bool
    data_dir: Path | None
    options: FileOptions


@click.command()
@click.argument(
    "file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--contacted", default="", metavar="COLUMN", help="Column: who was contacted.")
@click.option("--back", default="", metavar="COLUMN", help="Column: who came back, or how much.")
@click.option("--contact", default="", metavar="VALUE", help="Its value of the contacted.")
@click.option("--holdout", default="", metavar="VALUE", help="Its value of the held out.")
@click.option("--ignore", multiple=True, metavar="COLUMN", help="Column that is no factor.")
@period_options(
    "Only cases opened then or later; by default 26 weeks ago.",
    "Only cases opened before; by default now.",
)
@click.option("--by", type=click.Choice(EFFECT_WORDS), help="Word by which cases are grouped.")
@click.option(
    "--kept-within",
    metavar="TIME",
    help="A payment so long behind the opening is a return; 30d without.",
)
@click.option("--lang", type=click.Choice(("zh", "en")), default="en", show_default=True)
@data_dir_option
@file_options
@json_option
def effect(file: Path | None, **options: Unpack[EffectOptions]) -> None:
    """Tell what contacting added, and for whom most.

    FILE is CSV or Parquet with a row for each person whom chance contacted or held out: a column
    that says which, a column of what came of it, and columns of what was known before. Where
    --contacted holds words, name both by --contact and --holdout; rows with others are left out.

    Without FILE the live cases of win-back are asked, from the lake: those that could be contacted
    against those held out, in groups by --by.
    """
    if file is None:
        _of_lake(options)
    else:
        _of_file(file, options)


def _of_lake(options: EffectOptions) -> None:
    from nudge.config.documents.loop_terms import loop_terms  # noqa: PLC0415 - the same
    from nudge.flows.winback.live_effect import live_effect  # noqa: PLC0415 - ibis, which help does not need
    from nudge.lake.files.reader import Lake  # noqa: PLC0415 - the same
    from nudge.wiring.command import applied_configuration  # noqa: PLC0415 - the same

    given = cast("Mapping[str, Any]", options)
    if any(given[name] for name in _OF_FILE):
        raise click.UsageError(
            "--contacted, --back, --contact, --holdout and --ignore are of a FILE; name one"
        )
    settings = load_settings(options["data_dir"])
    names = {"from": "start", "to": "end", "by": "by", "kept_within": "kept_within"}
    texts = {name: given[key] for name, key in names.items() if given[key]}
    try:
        question = effect_question(texts, now(), OperatorCalendar.named(settings.zone), step=1)
    except InvalidRequestError as error:
        raise click.BadParameter(str(error)) from error
    terms = loop_terms(applied_configuration(settings))
    found = live_effect(Lake(settings.lake_dir), question, terms, settings.lake_engine)
    if options["as_json"]:
        print_json(found)
    else:
        _tell_live(found, options["lang"])


def _tell_live(found: Plain, lang: str) -> None:
    console = out()
    console.print(f"{found['from']} - {found['to']}, as of {found['as_of']}")
    _tell(found["effect"], lang)
    for one in (found["whole"], *found["groups"]):
        console.print(f"{one['name'][lang]}: {one['holdout'][lang]}", highlight=False, markup=False)


def _of_file(file: Path, options: EffectOptions) -> None:
    from nudge.models.uplift.effect import measure_effect  # noqa: PLC0415 - scipy, which help does not need

    if not (options["contacted"] and options["back"]):
        raise click.UsageError(
            "name the columns of who was contacted and of who came back: --contacted, --back"
        )
    if any(cast("Mapping[str, Any]", options)[name] for name in _OF_LAKE):
        raise click.UsageError(
            "--from, --to, --by and --kept-within are of live cases; a file has no times"
        )
    source = options["options"].open(file)
    summary = FileSummary.of(source, options["options"])
    asked = ContactRoles(
        options["contacted"],
        options["back"],
        options["contact"],
        options["holdout"],
        options["ignore"],
    )
    people = read_campaign(source, asked, lambda bad: summary.refuse(*bad))
    summary.taken = len(people.table) + people.others
    found = effect_report(measure_effect(people.table).report)
    found |= {"left_out": people.skipped, "other_contacts": people.others}
    if options["as_json"]:
        print_json(found | {"file": summary.plain})
    else:
        _tell(found, options["lang"])
        _tell_left_out(found)
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


def _tell_left_out(found: Plain) -> None:
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
