"""The command `nudge funnel`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click
from rich.box import SIMPLE
from rich.table import Table

from bandits.units import MINUTE
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
from nudge.domain.funnel.funnel import FunnelQuestion
from nudge.domain.funnel.funnel_query import funnel_question
from nudge.domain.reports.filters import with_channels
from nudge.domain.reports.report_time import FEWEST
from nudge.domain.values.closed_list import ClosedList
from nudge.errors import InvalidRequestError
from nudge.settings.settings import Settings
from nudge.wiring.command import applied_configuration

Plain = Mapping[str, Any]
LEAKS: Final = 10


@click.command()
@period_options(
    "Only visits that began then or later; by default 7 days ago.",
    "Only visits that began before; by default now.",
)
@click.option("--by", default="channel", show_default=True, help="Dimension; `none` for no groups.")
@click.option(
    "--where",
    multiple=True,
    metavar="FILTER",
    help="Only visits with these values, such as channel:wap,hour:09..17; may be repeated.",
)
@click.option(
    "--compare",
    metavar="[week|month|quarter]",
    help="Earlier period to compare with.",
)
@data_dir_option
@json_option
def funnel(
    start: str | None,
    end: str | None,
    by: str,
    where: tuple[str, ...],
    compare: str | None,
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
) -> None:
    """Show where visitors leave the path, and for which reasons.

    Reads the lake, which is up to 30 s behind. BY is channel, page, city, segment, day, week,
    month, hour, weekday, variant:SLOT or any context attribute. FILTER is a dimension, a colon and
    a value, or a range of numbers or dates (context.amount:100..300), several with commas between.
    """
    from nudge.flows.reports.funnel import funnel as count  # noqa: PLC0415 - ibis, which help does not need
    from nudge.lake.files.reader import Lake  # noqa: PLC0415 - the same

    settings = load_settings(data_dir)
    given = {"from": start, "to": end, "by": by, "where": ",".join(where) or None}
    question = _question(settings, given | {"compare": compare})
    path = applied_configuration(settings).funnel
    found = count(Lake(settings.lake_dir), path, question, settings.lake_engine)
    if as_json:
        print_json(found)
        return
    if not found["visits"]:
        fitting, cure = (" that fits", " or --where") if where else ("", "")
        wrong = f"no visit{fitting} began in this period; give another --from and --to{cure}"
        raise InvalidRequestError(wrong)
    _tell(found)


def _question(settings: Settings, given: Mapping[str, str | None]) -> FunnelQuestion:
    calendar = OperatorCalendar.named(settings.zone)
    texts = {name: text for name, text in given.items() if text is not None}
    try:
        found = funnel_question(texts, clock.now(), None, calendar, step=1)
        return replace(found, where=with_channels(found.where, ClosedList(CHANNELS)))
    except InvalidRequestError as error:
        raise click.BadParameter(str(error)) from error


def _tell(found: Plain) -> None:
    console = out()
    console.print(
        f"{found['visits']:,} visits of {found['visitors']:,} visitors, as of {found['as_of']}"
    )
    console.print(found["headline"]["en"])
    if found["compare"] is not None:
        console.print(found["compare"]["en"])
    console.print(_stages("all", found["stages"]))
    for group in found["groups"] if len(found["groups"]) > 1 else ():
        if group["hidden"]:
            console.print(f"{group['group'] or '(unknown)'}: fewer than {FEWEST} people")
        else:
            console.print(_stages(group["group"] or "(unknown)", group["stages"]))
    console.print(_leaks(found["leaks"]["ranked"][:LEAKS]))
    console.print(_reasons(found["leaks"]["by_reason"]))
    console.print(_paths(found["paths"]))
    for one in found["disagreements"]:
        count = one.get("visits", one.get("payments"))
        console.print(f"{count:,} of {one['of']:,}: {one['en']}")


def _stages(title: str, stages: Sequence[Plain]) -> Table:
    table = _table(
        title, "stage", "visits", "lost", "lost %", "interval", "median to next", "change"
    )
    for one in stages:
        interval = "" if one["interval"] is None else "{:.1%} - {:.1%}".format(*one["interval"])
        change = one.get("change")
        table.add_row(
            one["stage"],
            f"{one['visits']:,}",
            f"{one['lost']:,}",
            _percent(one["loss_rate"]),
            interval,
            _time(one["seconds_to_next"]),
            "" if change is None else f"{_percent(change['loss_rate'])} {change['verdict']}",
        )
    return table


def _leaks(leaks: Sequence[Plain]) -> Table:
    table = _table("leaks by cost", "where", "stage", "reason", "lost", "%", "usual %", "payments")
    for one in leaks:
        table.add_row(
            one["group"] or "(all)",
            one["stage"],
            one["reason"] or "(none given)",
            f"{one['lost']:,} of {one['of_visits']:,}",
            _percent(one["rate"]),
            _percent(one["usual_rate"]),
            f"{one['payments_lost']:,.0f} {one['verdict']}",
        )
    return table


def _reasons(rows: Sequence[Plain]) -> Table:
    table = _table("lost by reason", "reason", "lost", "%")
    for one in rows:
        reason = one["reason"] or "(none given)"
        table.add_row(reason, f"{one['lost']:,}", _percent(one["share_of_lost"]))
    return table


def _paths(rows: Sequence[Plain]) -> Table:
    table = _table("paths", "path", "kind", "visits", "%")
    for one in rows:
        path = " > ".join(one["path"])
        table.add_row(path, one["kind"], f"{one['visits']:,}", _percent(one["share"]))
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE)
    for i, column in enumerate(columns):
        table.add_column(column, justify="left" if i == 0 else "right")
    return table


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{seconds:.0f} s" if seconds < 2 * MINUTE else f"{seconds / MINUTE:.0f} min"
