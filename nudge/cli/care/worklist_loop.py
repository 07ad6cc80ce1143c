"""The command `nudge worklist loop`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

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
from nudge.clock import now
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.loop.loop_cases import WORDS
from nudge.domain.loop.loop_question import KINDS, LoopQuestion, loop_question
from nudge.domain.loop.loop_table import loop_csv
from nudge.errors import InvalidRequestError
from nudge.settings.settings import Settings

Plain = Mapping[str, Any]
_HOUR = 3600.0


@click.command()
@period_options(
    "Only cases opened then or later; by default 8 weeks ago.",
    "Only cases opened before; by default now.",
)
@click.option("--by", type=click.Choice(WORDS), help="Word by which cases are grouped.")
@click.option("--kind", type=click.Choice(KINDS), help="Only cases of this kind.")
@click.option(
    "--kept-within", metavar="TIME", help="A payment so long behind the opening keeps; 30d without."
)
@click.option("--lang", type=click.Choice(("zh", "en")), default="en", show_default=True)
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, for spreadsheets.")
@data_dir_option
@json_option
def loop(
    start: str | None,
    end: str | None,
    lang: str,
    as_csv: bool,  # noqa: FBT001 - click's flags
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - the same
    **words: str | None,
) -> None:
    """Show how far cases came, what each step took and cost, and what acting added.

    Reads the lake, which is up to 30 s behind. By agent or team, like cases are compared with like,
    and nobody is ranked who cannot be told apart.
    """
    if as_csv and as_json:
        raise click.UsageError("give --csv or --json, not both")
    settings = load_settings(data_dir)
    found = _report(settings, _question(settings, {"from": start, "to": end, **words}))
    if as_json:
        print_json(found)
    elif as_csv:
        click.echo(loop_csv(found), nl=False)
    else:
        _tell(found, lang)


def _question(settings: Settings, given: Mapping[str, str | None]) -> LoopQuestion:
    texts = {name: text for name, text in given.items() if text is not None}
    try:
        return loop_question(texts, now(), OperatorCalendar.named(settings.zone), step=1)
    except InvalidRequestError as error:
        raise click.BadParameter(str(error)) from error


def _report(settings: Settings, question: LoopQuestion) -> dict[str, object]:
    from nudge.config.documents.loop_terms import loop_terms  # noqa: PLC0415 - the same
    from nudge.flows.reports.loop import loop as report  # noqa: PLC0415 - ibis, which help does not need
    from nudge.lake.files.reader import Lake  # noqa: PLC0415 - the same
    from nudge.wiring.command import applied_configuration  # noqa: PLC0415 - the same

    terms = loop_terms(applied_configuration(settings))
    return report(Lake(settings.lake_dir), question, terms, settings.lake_engine)


def _tell(found: Plain, lang: str) -> None:
    console = out()
    console.print(f"{found['from']} - {found['to']}, as of {found['as_of']}")
    console.print(found["headline"][lang], highlight=False)
    for one in (found["whole"], *found["groups"]):
        console.print(_steps(one, lang))
        if one["holdout"] is not None:
            console.print(one["holdout"][lang], highlight=False)
    for one in found["results"]:
        rank = "" if one["rank"] is None else f"{one['rank']}. "
        console.print(f"{rank}{one['name']}: {one[lang]}", highlight=False)
    if found["ranking"] is not None:
        console.print(found["ranking"][lang], highlight=False)


def _steps(group: Plain, lang: str) -> Table:
    title = f"{group['name'][lang]} ({group['held_out']:,} held out, {group['not_over']:,} open)"
    table = Table(title=title, title_justify="left", box=SIMPLE)
    for name in ("step", "cases", "share", "interval", "hours from before", "from opening", "cost"):
        table.add_column(name, justify="left" if name == "step" else "right")
    for one in group["steps"]:
        table.add_row(one["name"][lang], f"{one['cases']:,}", *_shares(one), *_hours(one))
    table.add_row("revenue", "", "", "", "", "", f"{group['money']['revenue']:,.2f}")
    return table


def _shares(step: Plain) -> Sequence[str]:
    if step["share"] is None:
        return "", ""
    return f"{step['share']:.1%}", "{:.1%} - {:.1%}".format(*step["interval"])


def _hours(step: Plain) -> Sequence[str]:
    spans = (step["seconds_from_before"], step["seconds_from_opening"])
    hours = ("" if one is None else f"{one / _HOUR:,.1f}" for one in spans)
    return *hours, f"{step['cost']:,.2f}" if step["cost"] else ""
