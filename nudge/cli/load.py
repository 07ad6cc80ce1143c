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
from nudge.domain.people.loading import VisitorRow, column_problems, visitor_row
from nudge.errors import InvalidConfigError
from nudge.wiring.command import open_installation

if TYPE_CHECKING:  # pyarrow, which most commands do not need
    from nudge.lake.evaluation.log_file import LogFile

BATCH: Final = 1000
TOLD: Final = 10
"""Most invalid rows that are listed one by one."""


@click.group()
def load() -> None:
    """Load the operator's data about visitors."""


@load.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_dir_option
@json_option
def visitors(file: Path, data_dir: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """Load known facts about visitors.

    FILE is CSV or Parquet with a column visitor_id. A column msisdn is the visitor's own number; a
    column consent_CHANNEL allows or forbids a channel; any other column becomes a context
    attribute. Invalid rows are listed and left out. After an interruption, the same command
    resumes: a row that was loaded in the last 7 days is not loaded again.
    """
    from nudge.lake.evaluation.logs import open_log  # noqa: PLC0415 - pyarrow

    log = open_log(file)
    problems = column_problems(log.columns)
    if problems:
        raise InvalidConfigError([f"{file}: {one}" for one in problems])
    settings = load_settings(data_dir)
    loaded = fresh = 0
    wrong: list[str] = []
    with (
        open_installation(settings) as installation,
        progress_bar("rows", shown=err().is_terminal) as bar,
    ):
        task = bar.add_task("", total=log.rows, note="")
        loader = installation.loader
        rows = _customers(log, settings.region)
        while batch := list(islice(rows, BATCH)):
            wrong += [one for one in batch if isinstance(one, str)]
            good = [one for one in batch if isinstance(one, VisitorRow)]
            fresh += loader.load(good)
            loaded += len(good)
            bar.advance(task, len(batch))
    if as_json:
        print_json({"rows": loaded, "records": fresh, "rejected": wrong})
    else:
        click.echo(f"{file}: {loaded:,} visitors, {fresh:,} new records")
        for line in wrong[:TOLD]:
            click.echo(f"{file}: {line}", err=True)
        if len(wrong) > TOLD:
            click.echo(f"{file}: and {len(wrong) - TOLD:,} more rows", err=True)
    sys.exit(1 if wrong else 0)


def _customers(log: LogFile, region: str) -> Iterator[VisitorRow | str]:
    """Yield the visitor of each row, or the number and problem of an invalid row."""
    number = 0
    for batch in log.read(log.columns):
        for row in batch.to_pylist():
            number += 1
            found = visitor_row(row, region)
            yield f"row {number}: {found}" if isinstance(found, str) else found
