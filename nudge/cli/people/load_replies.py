"""The command `nudge load replies`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from nudge import clock
from nudge.cli.common import (
    data_dir_option,
    err,
    json_option,
    load_settings,
    print_json,
    progress_bar,
)
from nudge.cli.file_summary import FileOptions, FileSummary, file_options
from nudge.domain.people.loading import ID
from nudge.domain.people.reply_file import EVENT_ID, ReplyColumns, ReplyRow
from nudge.errors import InvalidConfigError
from nudge.wiring.command import open_installation

if TYPE_CHECKING:  # pyarrow, which most commands do not need
    from nudge.lake.intake.input_file import InputFile

BATCH: Final = 2000


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@file_options
@data_dir_option
@json_option
def replies(
    file: Path,
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
    options: FileOptions,
) -> None:
    """Load replies to SMS, as a gateway hands them out: refusals withdraw the consent.

    FILE is CSV or Parquet with a column text, and visitor_id or msisdn: whose reply it is. A column
    at is the reply's time, event_id the gateway's own id of it. Rows that cannot be used are listed
    and left out. A row that was loaded in the last 7 days is not loaded again.
    """
    source = options.open(file)
    settings = load_settings(data_dir)
    with open_installation(settings) as installation:
        columns = ReplyColumns.of(source.columns, installation.rules)
        if columns.problems:
            raise InvalidConfigError([f"{file}: {one}" for one in columns.problems])
        source.check_ids(ID, EVENT_ID)
        summary, loader, refusals = FileSummary.of(source, options), installation.reply_loader, 0
        with progress_bar("rows", shown=err().is_terminal) as bar:
            task = bar.add_task("", total=source.rows, note="")
            for rows in _replies(source, columns, summary):
                done = loader.load(rows)
                summary.taken += done.fresh
                summary.known += len(rows) - done.fresh
                refusals += done.refusals
                bar.update(task, completed=summary.rows)
    if as_json:
        print_json({**summary.plain, "refusals": refusals})
    else:
        click.echo(f"{summary.sentence()}; {refusals:,} refusals")
        summary.tell_refused()
    sys.exit(summary.exit_code)


def _replies(
    source: InputFile, columns: ReplyColumns, summary: FileSummary
) -> Iterator[list[ReplyRow]]:
    """Yield the rows that can be used, many at a time; the others are told."""
    now = clock.now()
    good: list[ReplyRow] = []
    for batch in source.batches():
        summary.refuse_each(batch.refused)
        for line, row in zip(batch.lines, batch.rows, strict=True):
            found = columns.row(row, now)
            if isinstance(found, str):
                summary.refuse(line, found)
            else:
                good.append(found)
        if len(good) >= BATCH:
            yield good
            good = []
    if good:
        yield good
