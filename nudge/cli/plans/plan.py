"""The command `nudge plan`."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from nudge.cli.common import data_dir_option, err, json_option, print_json, progress_bar
from nudge.cli.file_summary import FileOptions, FileSummary, file_options
from nudge.cli.plans.plan_part import LOCK, AnswerFile
from nudge.cli.plans.plan_question import PlanQuestion, check_question, write_repeats
from nudge.cli.plans.plan_share import (
    SIZE,
    PlanShare,
    bind_to_parent,
    cores,
    gain_share,
    plan_share,
)
from nudge.domain.slots.window import SLOT
from nudge.domain.timing.plan_request import REMINDER
from nudge.domain.timing.plan_rows import INVALID
from nudge.errors import InvalidConfigError, NudgeError
from nudge.processes.lockfile import HeldError, hold_lock

if TYPE_CHECKING:  # pyarrow, which the command's help does not need
    from nudge.lake.export.plan_table import PlanFile

ALONE: Final = 5 * SIZE
"""Most visitors that one process plans alone."""
LOOK: Final = 0.5
"""Seconds between two looks at the progress of the processes."""
Work = Callable[[PlanShare], str | None]


@click.command()
@click.argument(
    "source", metavar="IN", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.argument("out", metavar="OUT", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--purpose", default=REMINDER, show_default=True, help="Purpose of the contact policy."
)
@click.option("--slot", "slots", multiple=True, help="Further slot to decide for the same SMS.")
@click.option("--content", default="", help="Tag of what the SMS says, for the contact policy.")
@click.option(
    "--pilot",
    is_flag=True,
    help="Plan a small part of IN first, half of it as trials on the first day of each window.",
)
@click.option("--dry-run", is_flag=True, help="Tell how many plans would be trials; plan nothing.")
@click.option(
    "--processes", type=click.IntRange(1, 64), help="Number of processes; by default one a core."
)
@file_options
@data_dir_option
@json_option
def plan(
    source: Path,
    out: Path,
    purpose: str,
    slots: tuple[str, ...],
    content: str,
    pilot: bool,  # noqa: FBT001 - click's flags
    dry_run: bool,  # noqa: FBT001 - click's flags
    processes: int | None,
    options: FileOptions,
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
) -> None:
    """Plan an SMS for each visitor of a file: a send time, or the reason for none.

    IN is CSV or Parquet with a column visitor_id. Columns zone and purpose are the visitor's time
    zone and the purpose of the SMS, content is the tag of what it says; any other column is
    context. OUT is Parquet if its name ends in .parquet, else CSV; it appears when it is whole.
    After an interruption, the same command resumes (OUT.part) and plans no visitor twice. If the
    gateway's hours may not suffice for all of IN, the visitors with the largest expected gain are
    planned first, and OUT is in that order.

    With --pilot a part of IN is planned, so that the rest can wait for what it teaches: run the
    command again without it, and another OUT, when the SMS of the pilot have been answered.
    """
    from nudge.lake.export.plan_table import join_pieces  # noqa: PLC0415 - pyarrow

    ask = source, out, purpose, slots, options, data_dir
    question = check_question(*ask, pilot=pilot, content=content)
    share, rows = question.share, question.file.rows
    for name, why in question.unused.items():
        click.echo(f"{source}: column {name!r} {why}", err=True)
    if question.told:
        click.echo(f"{source}: {question.told}", err=True)
    if dry_run:
        if as_json:
            print_json({"slot": SLOT, "rows": rows, "trials": question.trials._asdict()})
        return
    part = share.part
    count = processes or (1 if rows <= ALONE else cores())
    try:
        part.make()
        with hold_lock(part.path / LOCK):
            part.begin()
            write_repeats(question)
            if part.order() is None and not part.pieces() and question.short:
                _work(gain_share, share, count, rows, "gains", _nothing)
                part.sort()
            with join_pieces(part.piece, part.joined, out) as joined:
                _work(plan_share, share, count, rows, "customers", joined.go_on)
            part.remove()
    except HeldError as error:
        text = "another process is writing it; wait for that process, or end it"
        raise InvalidConfigError([f"{out}: {text}"]) from error
    except OSError as error:
        text = f"cannot be written ({error.strerror or 'the disk fails'}); check directory and disk"
        raise InvalidConfigError([f"{out}: {text}"]) from error
    sys.exit(_tell(out, question, joined, as_json=as_json))


def _nothing() -> None:
    """Do nothing while gains are computed: they are sorted when all are there."""


def _work(
    work: Work, share: PlanShare, count: int, rows: int, what: str, beside: Callable[[], None]
) -> None:
    """Process the whole file, by this process or several, and call `beside` meanwhile.

    Raises:
        NudgeError: a process failed.
    """
    if count == 1:
        with progress_bar(what, shown=err().is_terminal) as bar:
            bar.add_task("", total=None, note="")
            _raise([work(share)])
        return
    start = multiprocessing.get_context("spawn")
    begin = partial(bind_to_parent, os.getpid())
    shares = [replace(share, number=n, of=count) for n in range(count)]
    suffix = "[0-9]*.npy" if work is gain_share else "*.parquet"
    with (
        ProcessPoolExecutor(count, start, begin) as pool,
        progress_bar(what, shown=err().is_terminal) as bar,
    ):
        task = bar.add_task("", total=rows, note="")
        pending = {pool.submit(work, one) for one in shares}
        done = set(pending)
        while pending:
            _, pending = wait(pending, LOOK)
            bar.update(task, completed=min(rows, SIZE * _there(share.part, suffix)))
            beside()
        try:
            _raise([one.result() for one in done])
        except BrokenProcessPool as error:
            raise NudgeError("a process was killed; run the same command again") from error


def _there(part: AnswerFile, suffix: str) -> int:
    return sum(1 for _ in part.path.glob(suffix))


def _raise(problems: Sequence[str | None]) -> None:
    found = [one for one in problems if one]
    if found:
        raise NudgeError(found[0])


def _tell(out: Path, question: PlanQuestion, joined: PlanFile, *, as_json: bool) -> int:
    """Print what became of each row; return the exit code."""
    summary = FileSummary.of(question.file, FileOptions())
    reasons = Counter(joined.outcomes)
    for line, message in joined.refused:
        summary.refuse(line, message.partition(": ")[2])
    summary.refused = reasons[INVALID]
    summary.taken, summary.known = reasons.total() - summary.refused, joined.repeated
    planned = reasons.pop("planned", 0)
    unplanned = {reason: count for reason, count in reasons.items() if count}
    if as_json:
        trials = question.trials._asdict()
        counts = {"slot": SLOT, "planned": planned, "unplanned": unplanned, "trials": trials}
        unused = sorted(question.unused)
        print_json(counts | summary.plain | {"repeated": joined.repeated, "unused_columns": unused})
        return summary.exit_code
    repeated = f", {joined.repeated:,} of visitors who had a row before" if joined.repeated else ""
    rows = f"{summary.name}: {summary.rows:,} rows ({summary.form})"
    click.echo(f"{rows}: {summary.taken:,} taken, {summary.refused:,} refused{repeated}")
    click.echo(f"{out}: {planned:,} planned, {sum(unplanned.values()):,} not")
    for reason, count in Counter(unplanned).most_common():
        click.echo(f"  {reason:<20} {count:>12,}")
    summary.tell_refused()
    return summary.exit_code
