"""The command `nudge replay`."""

from __future__ import annotations

import secrets
import sys
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.progress import Progress as Bar
from rich.progress import TaskID

from lab.replay.drive import ReplayProgress, ReplayRun
from lab.replay.drive import replay as send
from lab.replay.files import iter_rows
from lab.replay.mapping import default_mapping, load_mapping
from lab.replay.prepare import SlotAccess, ready_slot
from lab.replay.report import ReplayReport, catch_up, report, report_table
from lab.replay.rows import ReplayRow, ReplayRowError, RowReader, reader
from nudge.cli.common import (
    data_dir_option,
    json_option,
    load_settings,
    out,
    print_json,
    progress_bar,
)
from nudge.cli.file_summary import FileOptions, FileSummary, file_options
from nudge.client.api import Api, find
from nudge.client.figures import figures
from nudge.clock import monotonic

if TYPE_CHECKING:  # pyarrow, which most commands do not need
    from nudge.lake.intake.input_file import InputFile

Rows = Callable[[RowReader], Iterator[ReplayRow | None]]
SETTLE = 60.0
"""Seconds to wait for the service's own figures."""
RECENT = 2000
"""Rows over which the bar computes its rate."""
EVERY = 50


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--mapping",
    type=click.Path(path_type=Path),
    help="Mapping of the file's columns; by default examples/<name of the file>/mapping.toml.",
)
@click.option("--run", "run_name", help="Name of the run; a repeated name changes nothing.")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=8,
    show_default=True,
    help="Parallel calls.",
)
@click.option("--limit", type=click.IntRange(1), help="Most rows to send.")
@click.option("--url", help="URL of the service; by default the one on this machine.")
@click.option("--key", help="API key with the scopes decide, ingest and read.")
@file_options
@data_dir_option
@json_option
def replay(
    file: Path,
    mapping: Path | None,
    run_name: str | None,
    workers: int,
    limit: int | None,
    url: str | None,
    key: str | None,
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
    options: FileOptions,
) -> None:
    """Send a real campaign log through the running service.

    FILE is the log of a randomised campaign, CSV or Parquet. For each visitor of it the service
    decides. If it draws the variant that the visitor really got, the exposure and the real outcome
    are sent, and the policy learns from them. Otherwise the decision stays unexposed and teaches
    nothing.

    The result is the served policy's rate over time, against each single variant, uniform and the
    best single variant, with intervals. Ctrl-C ends early, with the result so far. Rows that cannot
    be used are listed and left out.
    """
    settings = load_settings(data_dir)
    rules = load_mapping(mapping or default_mapping(file, settings.config_dir))
    log = options.open(file)
    summary = FileSummary.of(log, options)
    run = ReplayRun(rules, run_name or secrets.token_hex(4), workers)
    api = Api(find(settings, url, key))
    api.check()
    rows = partial(_customers, log=log, limit=limit, summary=summary)
    made = _replay(api, SlotAccess(settings, local=url is None), log, run, rows)
    summary.known, summary.taken = made.repeated, made.rows - made.repeated
    if as_json:
        print_json(made.plain | summary.plain)
    else:
        out().print(report_table(made))
        click.echo(summary.sentence(), err=True)
        summary.tell_refused()
    sys.exit(summary.exit_code)


def _replay(
    api: Api, access: SlotAccess, log: InputFile, run: ReplayRun, rows: Rows
) -> ReplayReport:
    slot = ready_slot(access, api, run.mapping)
    customers = reader(log.name, run.mapping, slot.context, log.columns)
    before, begin = figures(api, slot.name), monotonic()
    with progress_bar("customers") as bar:
        task = bar.add_task("", total=log.rows, note="")
        progress = send(api, run, rows(customers), _looker(bar, task))
        bar.update(task, completed=progress.rows)
    seconds = monotonic() - begin
    service = catch_up(api, slot.name, before, progress, SETTLE)
    return report(run, progress, service, seconds)


def _customers(
    read: RowReader, log: InputFile, limit: int | None, summary: FileSummary
) -> Iterator[ReplayRow | None]:
    """Yield the customers of a file's first rows; rows that cannot be used are told."""
    rows = iter_rows(log, read.mapping.columns, lambda one: summary.refuse(*one))
    for number, line, row in islice(rows, limit):
        try:
            yield read.read(number, row)
        except ReplayRowError as error:
            summary.refuse(line, str(error))


def _looker(bar: Bar, task: TaskID) -> Callable[[ReplayProgress], None]:
    """Make a function that moves the bar every `EVERY` rows."""
    recent: deque[bool] = deque(maxlen=RECENT)
    seen = [0]

    def look(progress: ReplayProgress) -> None:
        if progress.rows % EVERY:
            return
        new = progress.outcomes[seen[0] :]
        seen[0] += len(new)
        recent.extend(one.converted for one in new if one.matched)
        rate = sum(recent) / len(recent) if recent else 0.0
        bar.update(task, completed=progress.rows, note=f"{progress.matched:,} matched, {rate:.3f}")

    return look
