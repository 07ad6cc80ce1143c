"""The command `nudge load`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
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
from nudge.config.input_rules import load_input_rules
from nudge.domain.people.loading import VisitorRow
from nudge.domain.people.visitor_file import VisitorColumns
from nudge.errors import InvalidConfigError
from nudge.flows.upkeep.load import VisitorLoader
from nudge.wiring.command import open_installation

if TYPE_CHECKING:  # pyarrow, which most commands do not need
    from nudge.lake.evaluation.log_file import LogFile

BATCH: Final = 4000
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
    settings = load_settings(data_dir)
    columns = VisitorColumns.of(log.columns, load_input_rules(settings))
    if columns.problems:
        raise InvalidConfigError([f"{file}: {one}" for one in columns.problems])
    told = LoadSummary()
    with (
        open_installation(settings) as installation,
        progress_bar("rows", shown=err().is_terminal) as bar,
    ):
        task = bar.add_task("", total=log.rows, note="")
        with RowQueue(installation.loader, told) as queue:
            for batch in _customers(log, columns, told):
                queue.put(batch)
                bar.advance(task, len(batch))
    if as_json:
        print_json(asdict(told))
    else:
        told.tell(str(file))
    sys.exit(1 if told.rejected else 0)


def _customers(
    log: LogFile, columns: VisitorColumns, told: LoadSummary
) -> Iterator[list[tuple[int, VisitorRow]]]:
    """Yield the good rows, many at a time, each with its number; note the others."""
    number, now = 0, clock.now()
    good: list[tuple[int, VisitorRow]] = []
    for batch in log.read(log.columns):
        for row in batch.to_pylist():
            number += 1
            found = columns.row(row, now)
            if isinstance(found, str):
                told.rejected.append(f"row {number}: {found}")
                continue
            told.warnings += [f"row {number}: {one}" for one in found.warnings]
            good.append((number, found))
            if len(good) >= BATCH:
                yield good
                good = []
    if good:
        yield good


@dataclass
class LoadSummary:
    """The summary of a load.

    Attributes:
        rows: that were loaded.
        records: that were new.
        rejected: one line for each row that was left out.
        warnings: one line for each cell that was left out.
    """

    rows: int = 0
    records: int = 0
    rejected: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def tell(self, file: str) -> None:
        """Print the summary for people."""
        click.echo(f"{file}: {self.rows:,} visitors, {self.records:,} new records")
        for lines, what in ((self.rejected, "rows"), (self.warnings, "warnings")):
            for line in lines[:TOLD]:
                click.echo(f"{file}: {line}", err=True)
            if len(lines) > TOLD:
                click.echo(f"{file}: and {len(lines) - TOLD:,} more {what}", err=True)


class RowQueue:
    """A queue of one batch: it is written while the next one is read."""

    def __init__(self, loader: VisitorLoader, told: LoadSummary) -> None:
        self._loader, self._told = loader, told
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

    def put(self, batch: list[tuple[int, VisitorRow]]) -> None:
        """Write a batch, as soon as the one before it is written.

        Raises:
            StoreAwayError: no answer; begin the load again.
        """
        if self._waiting is not None:
            self._waiting.result()
        self._waiting = self._pool.submit(self._write, batch)

    def _write(self, batch: list[tuple[int, VisitorRow]]) -> None:
        done = self._loader.load([one for _, one in batch])
        self._told.rows += len(batch)
        self._told.records += done.fresh
        for place in done.gathered:
            text = "msisdn has too many visitors already: it was not joined to this one"
            self._told.warnings.append(f"row {batch[place][0]}: {text}")
