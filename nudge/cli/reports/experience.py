"""The command `nudge experience`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal

import click
from rich.box import SIMPLE
from rich.table import Table

from nudge import clock
from nudge.cli.common import (
    data_dir_option,
    json_option,
    load_settings,
    out,
    period_options,
    print_json,
)
from nudge.config.slot_schema import CHANNELS
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.care.experience.experience_query import (
    COMPARES,
    ExperienceQuestion,
    experience_question,
)
from nudge.domain.care.experience.experience_table import experience_csv
from nudge.domain.reports.filters import with_channels
from nudge.domain.reports.report_time import FEWEST
from nudge.domain.values.closed_list import ClosedList
from nudge.errors import InvalidRequestError
from nudge.settings.settings import Settings
from nudge.wiring.command import open_installation

Plain = Mapping[str, Any]
_SIGNS: Final = {"better": "better", "worse": "WORSE", "unclear": "cannot tell"}


@click.command()
@period_options(
    "Only scores given then or later; by default 4 weeks ago.",
    "Only scores given before; by default now.",
)
@click.option(
    "--by",
    default="scene",
    show_default=True,
    help="Up to three dimensions with commas between; `none` for no groups.",
)
@click.option(
    "--where",
    multiple=True,
    metavar="FILTER",
    help="Only scores with these values, such as scene:recharge,channel:app; may be repeated.",
)
@click.option(
    "--compare", metavar=f"[{'|'.join(COMPARES)}]", help="Time to compare with; before without."
)
@click.option(
    "--lang", type=click.Choice(("zh", "en")), default="en", show_default=True, help="Language."
)
@click.option("--csv", "as_csv", is_flag=True, help="Print a table for spreadsheets.")
@data_dir_option
@json_option
def experience(
    start: str | None,
    end: str | None,
    by: str,
    where: tuple[str, ...],
    compare: str | None,
    lang: Literal["zh", "en"],
    as_csv: bool,  # noqa: FBT001 - click's flags
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - the same
) -> None:
    """Show how visitors score scenes, and the words of low scores.

    Reads the lake, which is up to 30 s behind, and texts in the store. BY is scene, touch_point,
    channel, page, source, leaving, leaving_source, city, segment, day, week, month, hour, weekday,
    variant:SLOT or any context attribute. FILTER is a dimension, a colon and a value.
    """
    if as_csv and as_json:
        raise click.UsageError("give --csv or --json, not both")
    settings = load_settings(data_dir)
    given = {"from": start, "to": end, "by": by, "where": ",".join(where) or None}
    found = _report(settings, _question(settings, given | {"compare": compare}))
    if as_json:
        print_json(found)
    elif as_csv:
        click.echo(experience_csv(found), nl=False)
    else:
        _tell(found, lang)


def _question(settings: Settings, given: Mapping[str, str | None]) -> ExperienceQuestion:
    calendar = OperatorCalendar.named(settings.zone)
    texts = {name: text for name, text in given.items() if text is not None}
    try:
        found = experience_question(texts, clock.now(), None, calendar, step=1)
        return replace(found, where=with_channels(found.where, ClosedList(CHANNELS)))
    except InvalidRequestError as error:
        raise click.BadParameter(str(error)) from error


def _report(settings: Settings, question: ExperienceQuestion) -> dict[str, object]:
    from nudge.flows.reports.experience import experience as report  # noqa: PLC0415 - ibis, which help does not need
    from nudge.flows.reports.experience import text_reader  # noqa: PLC0415 - the same
    from nudge.lake.files.reader import Lake  # noqa: PLC0415 - the same
    from nudge.wiring.command import applied_configuration  # noqa: PLC0415 - the same

    attributes = applied_configuration(settings).funnel.dimensions
    with open_installation(settings) as installation:
        read = text_reader(installation.store, installation.sealer)
        return report(Lake(settings.lake_dir), question, attributes, read, settings.lake_engine)


def _tell(found: Plain, lang: str) -> None:
    console = out()
    console.print(f"{found['from']} - {found['to']}, as of {found['as_of']}")
    console.print(found["headline"][lang], highlight=False)
    if not found["whole"]["hidden"]:
        console.print(_cells([found["whole"], *found["cells"]], lang))
    left = found["number_of_cells"] - len(found["cells"])
    if left > 0:
        console.print(f"{left:,} smaller groups are not told")
    console.print(found["words"][lang], highlight=False)
    if found["words"]["phrases"]:
        console.print(_phrases(found["words"]["phrases"]))


def _cells(cells: Sequence[Plain], lang: str) -> Table:
    table = _table("scores", "group", "scores", "people", "mean", "interval", "low", "change", "")
    for one in cells:
        name = one["name"][lang]
        if one["hidden"]:
            table.add_row(name, f"fewer than {FEWEST} people")
            continue
        change = one["change"]
        table.add_row(
            name,
            f"{one['scores']:,}",
            f"{one['people']:,}",
            f"{one['mean']:.2f}",
            "{:.2f} - {:.2f}".format(*one["interval"]),
            f"{one['low_share']:.1%}",
            "" if change is None else _points(change["score"]),
            "" if change is None else _SIGNS[change["verdict"]],
        )
    return table


def _points(change: Plain) -> str:
    if change["value"] is None:
        return "-"
    return "{:+.2f} ({:+.2f} - {:+.2f})".format(change["value"], *change["interval"])


def _phrases(rows: Sequence[Plain]) -> Table:
    table = _table("words of low scores", "phrase", "people", "low", "others", "log-odds")
    for one in rows:
        odds = "{:.1f} ({:.1f} - {:.1f})".format(one["log_odds"], *one["interval"])
        shares = (f"{one[name]:.1%}" for name in ("share_low", "share_other"))
        table.add_row(one["phrase"], f"{one['people']:,}", *shares, odds)
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE)
    for i, column in enumerate(columns):
        table.add_column(column, justify="left" if i == 0 else "right")
    return table
