"""The command `nudge load`."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

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
from nudge.cli.people.load_replies import replies
from nudge.domain.people.loading import ID, VisitorRow
from nudge.domain.people.visitor_file import VisitorColumns
from nudge.errors import InvalidConfigError
from nudge.flows.upkeep.load import VisitorLoader
from nudge.wiring.command import open_installation

if TYPE_CHECKING:  # pyarrow, which most commands do not need
    from nudge.lake.intake.input_file import InputFile

BATCH: Final = 4000
ALLOCATIONS: Final = 2_000_000
"""Values that stay before Python looks for cycles among them: more than some batches have."""
GATHERED: Final = "msisdn has too many visitors already: it was not joined to this one"
Lines = list[tuple[int, VisitorRow]]
"""Rows that can be used, each with its line."""


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
    column consent_CHANNEL allows or forbids a channel, and consent_CHANNEL_at says since when; any
    other column becomes a context attribute. Rows that cannot be used are listed and left out; of
    a row with a cell that cannot be used, the rest is loaded. After an interruption, the same
    command resumes: a row that was loaded in the last 7 days is not loaded again.
    """
    source = options.open(file)
    settings = load_settings(data_dir)
    with open_installation(settings) as installation:
        columns = VisitorColumns.of(source.columns, installation.rules)
    if columns.problems:
        raise InvalidConfigError([f"{file}: {one}" for one in columns.problems])
    source.check_ids(ID)
    summary = FileSummary.of(source, options)
    with (
        open_installation(settings) as installation,
        progress_bar("rows", shown=err().is_terminal) as bar,
    ):
        task = bar.add_task("", total=source.rows, note="")
        with _rare_collections(), RowQueue(installation.loader, summary) as queue:
            for lines in _visitors(source, columns, summary):
                queue.put(lines)
                bar.update(task, completed=summary.rows)
    if as_json:
        print_json({**summary.plain, "records": queue.records})
    else:
        click.echo(f"{summary.sentence()}; {queue.records:,} new records")
        summary.tell_refused()
        summary.tell_warnings()
    sys.exit(summary.exit_code)


load.add_command(replies)


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Let Python look for cycles seldom: rows are trees of many values, and it walks them all.

    They are a third of the processor time of a large file otherwise.
    """
    usual = gc.get_threshold()
    gc.set_threshold(ALLOCATIONS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _visitors(source: InputFile, columns: VisitorColumns, summary: FileSummary) -> Iterator[Lines]:
    """Yield the rows that can be used, many at a time; the others are told."""
    now = clock.now()
    good: Lines = []
    for batch in source.batches():
        summary.refuse_each(batch.refused)
        for line, row in zip(batch.lines, batch.rows, strict=True):
            found = columns.row(row, now)
            if isinstance(found, str):
                summary.refuse(line, found)
                continue
            summary.masked += found.masked
            for problem in found.warnings:
                summary.warn(line, problem)
            good.append((line, found))
            if len(good) >= BATCH:
                yield good
                good = []
    if good:
        yield good


class RowQueue:
    """A queue of one batch: it is written while the next one is read.

    Attributes:
        records: that were new.
    """

    def __init__(self, loader: VisitorLoader, summary: FileSummary) -> None:
        self.records = 0
        self._loader, self._summary = loader, summary
        self._pool = ThreadPoolExecutor(1)
        self._waiting: Future[None] | None = None

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """Wait for the last batch; an error of an earlier one counts first."""
        try:
            if self._waiting is not None and kind is None:
                self._waiting.result()
        finally:
            self._pool.shutdown()

    def put(self, lines: Lines) -> None:
        """Write a batch, as soon as the one before it is written.

        Raises:
            StoreAwayError: no answer; begin the load again.
        """
        if self._waiting is not None:
            self._waiting.result()
        self._waiting = self._pool.submit(self._write, lines)

    def _write(self, lines: Lines) -> None:
        done = self._loader.load([one for _, one in lines])
        self.records += done.fresh
        self._summary.known += done.known
        self._summary.taken += len(lines) - done.known
        for place in done.gathered:
            self._summary.warn(lines[place][0], GATHERED)
