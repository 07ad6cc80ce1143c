"""Options, settings and output that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import orjson
import structlog
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Column

from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.reports.questions import EVER, Period, period_of
from nudge.errors import InvalidRequestError
from nudge.logs.configuration import configure
from nudge.logs.lines import Process
from nudge.settings import settings as nudge_settings
from nudge.settings.private import close_data_dir
from nudge.settings.settings import Settings

if TYPE_CHECKING:  # pyarrow, which most commands do not need
    from nudge.lake.files.reader import Lake

log = structlog.get_logger()

Command = TypeVar("Command", bound=Callable[..., Any])


def data_dir_option(command: Command) -> Command:
    """Add the option `--data-dir`, for a second installation on a machine."""
    option = click.option(
        "--data-dir",
        type=click.Path(file_okay=False, path_type=Path),
        help="Data directory, instead of NUDGE_DATA_DIR or the one in nudge.toml.",
    )
    return option(command)


def json_option(command: Command) -> Command:
    """Add the option `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(
        command
    )


def period_options(since: str, until: str) -> Callable[[Command], Command]:
    """Add the options `--from` and `--to`; the command gets texts, for `read_period`.

    Args:
        since: what `--from` keeps.
        until: what `--to` keeps.
    """
    form = "Seconds, a date and time with its zone, or a day such as 2026-11-27, which is in."

    def add(command: Command) -> Command:
        for flag, name, text in (("--to", "end", until), ("--from", "start", since)):
            command = click.option(flag, name, metavar="TIME", help=f"{text} {form}")(command)
        return command

    return add


def read_period(settings: Settings, start: str | None, end: str | None) -> Period:
    """Return the period of `--from` and `--to`; days are those of the operator's zone.

    Raises:
        click.BadParameter: a text is no time, or the period ends before it begins.
    """
    if start is None and end is None:
        return EVER
    try:
        return period_of(start, end, OperatorCalendar.named(settings.zone))
    except InvalidRequestError as error:
        raise click.BadParameter(str(error)) from error


def same_file(source: Path, out: Path) -> bool:
    """Return True where two paths are one file, by whatever names: a link is one, too."""
    if source.exists() and out.exists():
        return source.samefile(out)
    return source.resolve() == out.resolve()


def load_settings(
    data_dir: Path | None = None,
    port: int | None = None,
    process: Process = "command",
    *,
    demo: bool = False,
) -> Settings:
    """Load the settings, overridden by the command line, and close the data directory to others.

    From then on the log has their form.

    Args:
        data_dir: instead of that of the settings.
        port: instead of that of the settings.
        process: kind of this process, as its log names it; one that stays looks at every file.
        demo: keep apart from what the settings name, unless `data_dir` is given.

    Raises:
        InvalidConfigError: some settings are invalid; it lists every problem.
    """
    given = {} if data_dir is None else {"NUDGE_DATA_DIR": str(data_dir.absolute())}
    found = nudge_settings.load(overrides=given, demo=demo and data_dir is None)
    configure(process, found)
    for problem in close_data_dir(found.data_dir, whole=process in {"serve", "worker"}):
        log.warning("data_dir_open", problem=problem)
    return found if port is None else replace(found, port=port)


def print_json(value: object) -> None:
    """Print a value as JSON."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
    click.echo(orjson.dumps(value, option=options).decode())


def tell_since(lake: Lake, calendar: OperatorCalendar) -> None:
    """Print since when the lake has everything, if older days were removed from it."""
    since = calendar.label_or_none(lake.contents().since())
    if since is not None:
        click.echo(
            f"older days were removed; the lake has everything logged since {since}", err=True
        )


def out() -> Console:
    """Return the console for results, on stdout."""
    return Console()


def id_column() -> Column:
    """Return the column of ids, which are whole in a narrow window too: commands ask for them."""
    return Column("id", overflow="fold", min_width=20)


def err() -> Console:
    """Return the console for progress and remarks, on stderr, so that results can be piped."""
    return Console(stderr=True)


def progress_bar(what: str, *, shown: bool = True) -> Progress:
    """Make a progress bar on stderr, with count, time and `fields[note]`."""
    return Progress(
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=err(),
        disable=not shown,
    )
