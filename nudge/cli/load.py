"""The command `nudge load`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from nudge.cli.common import (
    data_dir_option,
    err,
    json_option,
    load_settings,
    print_json,
    progress_bar,
)
from nudge.cli.file_summary import FileOptions, FileSummary, file_options
from nudge.domain.people.loading import ID, VisitorRow, column_problems, visitor_row
from nudge.errors import InvalidConfigError
from nudge.wiring.command import open_installation

if TYPE_CHECKING:  # pyarrow, which most commands do not need
    from nudge.lake.intake.input_file import InputFile

BATCH: Final = 1000


@click.group()
def load() -> None:
    """Load the operator's data about visitors."""


@load.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@file_options
@data_dir_option
@json_option
def visitors(
    file: Path,
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
    options: FileOptions,
) -> None:
    """Load known facts about visitors.

    FILE is CSV or Parquet with a column visitor_id. A column msisdn is the visitor's own number; a
    column consent_CHANNEL allows or forbids a channel; any other column becomes a context
    attribute. Rows that cannot be used are listed and left out. After an interruption, the same
    command resumes: a row that was loaded in the last 7 days is not loaded again.
    """
    source = options.open(file)
    problems = column_problems(source.columns)
    if problems:
        raise InvalidConfigError([f"{file}: {one}" for one in problems])
    source.check_ids(ID)
    settings = load_settings(data_dir)
    summary = FileSummary.of(source, options)
    with (
        open_installation(settings) as installation,
        progress_bar("rows", shown=err().is_terminal) as bar,
    ):
        task = bar.add_task("", total=source.rows, note="")
        fresh = 0
        rows = _customers(source, settings.region, summary)
        while batch := list(islice(rows, BATCH)):
            done = installation.loader.load(batch)
            fresh += done.fresh
            summary.known += done.known
            summary.taken += len(batch) - done.known
            bar.update(task, completed=summary.rows)
    if as_json:
        print_json({**summary.plain, "records": fresh})
    else:
        click.echo(f"{summary.sentence()}; {fresh:,} new records")
        summary.tell_refused()
    sys.exit(summary.exit_code)


def _customers(source: InputFile, region: str, summary: FileSummary) -> Iterator[VisitorRow]:
    """Yield the visitor of each row that can be used; the others are told."""
    for batch in source.batches():
        summary.refuse_each(batch.refused)
        for line, row in zip(batch.lines, batch.rows, strict=True):
            found = visitor_row(row, region)
            if isinstance(found, str):
                summary.refuse(line, found)
            else:
                yield found
