"""The command `nudge report`."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import click

from nudge import clock
from nudge.cli.common import data_dir_option, json_option, load_settings, print_json
from nudge.cli.reports.report_month import LAST as LAST_MONTH
from nudge.cli.reports.report_month import report_month
from nudge.domain.basics.calendar import OperatorCalendar, parse_date
from nudge.domain.basics.local_time import week_range
from nudge.domain.summaries.weekly import page
from nudge.wiring.command import open_installation

LAST: Final = "last"
CACHE: Final = "reports"


@click.command()
@click.option(
    "--week",
    is_flag=False,
    flag_value=LAST,
    default=LAST,
    metavar="[DATE]",
    help="The week of a day such as 2026-11-27; by default the last full week.",
)
@click.option(
    "--month",
    is_flag=False,
    flag_value=LAST_MONTH,
    metavar="[YYYY-MM]",
    help="Payments of a month that several slots were credited with, instead of the week; by "
    "default the last full month.",
)
@click.option(
    "--lang", type=click.Choice(("zh", "en")), default="zh", show_default=True, help="Language."
)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="File, instead of the terminal."
)
@data_dir_option
@json_option
def report(
    week: str,
    month: str | None,
    lang: Literal["zh", "en"],
    out: Path | None,
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
) -> None:
    """Summarise a week of all slots on one page of plain text.

    For each slot: the verdict, figures, the change against the week before, and what to do. Then
    the funnel's largest leak, freezes by the guard, and churn warnings. Reads the lake, which is up
    to 30 s behind, and slots and warnings in the store.
    """
    from nudge.flows.reports.performance import Reports  # noqa: PLC0415 - duckdb, which help does not need
    from nudge.flows.reports.weekly import weekly_summary  # noqa: PLC0415 - the same

    settings = load_settings(data_dir)
    if month is not None:
        if out is not None:
            raise click.UsageError("--out goes with --week; send --month's output to a file by >")
        report_month(settings, month, lang, as_json=as_json)
        return
    calendar = OperatorCalendar.named(settings.zone)
    monday = _monday(week, calendar)
    with open_installation(settings) as installation:
        reports = Reports(
            installation.store,
            installation.lake,
            settings.data_dir / CACHE,
            settings.holdout,
            engine=settings.lake_engine,
            calendar=calendar,
        )
        found = weekly_summary(reports, installation.configuration, monday, calendar)
    if as_json and out is None:
        print_json(found)
        return
    _write(found, out, lang, as_json=as_json)


def _monday(text: str, calendar: OperatorCalendar) -> int:
    today = calendar.day_of(clock.now())
    this, _ = week_range(today)
    if text == LAST:
        return this - 7
    day = parse_date(text.strip())
    if day is None or day < 0:
        raise click.BadParameter("is not a day; write one such as 2026-11-27", param_hint="--week")
    if day > today:
        raise click.BadParameter("lies ahead; give a day up to today", param_hint="--week")
    return week_range(day)[0]


def _write(
    found: dict[str, object], out: Path | None, lang: Literal["zh", "en"], *, as_json: bool
) -> None:
    import orjson  # noqa: PLC0415 - only for a file

    plain = orjson.dumps(found, option=orjson.OPT_INDENT_2).decode() + "\n"
    text = plain if as_json else page(found, lang)
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        out.write_text(text, "utf-8")
    except OSError as error:
        what = f"cannot be written ({error.strerror}); name a file in a folder that is there"
        raise click.BadParameter(what, param_hint="--out") from error
