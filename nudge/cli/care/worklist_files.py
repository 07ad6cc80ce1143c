"""The commands `nudge worklist export | import`: files for call centres, and from them."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final, Unpack

import click

from nudge.cli.care.work_options import (
    FilterOptions,
    calendar_of,
    contact_desk,
    filter_options,
    question_of,
)
from nudge.cli.common import (
    data_dir_option,
    err,
    json_option,
    load_settings,
    print_json,
    progress_bar,
)
from nudge.cli.file_summary import FileOptions, FileSummary, file_options
from nudge.clock import now
from nudge.domain.identity.sealing import new_label
from nudge.domain.people.loading import ID, MSISDN
from nudge.domain.values.number_words import mask_numbers
from nudge.domain.worklist.call_row import COLUMNS
from nudge.domain.worklist.outcome_row import COLUMNS as OUTCOME_COLUMNS
from nudge.domain.worklist.outcome_row import OutcomeReader, OutcomeRow
from nudge.errors import InvalidConfigError, NudgeError
from nudge.flows.worklist.call_list import CallList, OwnIds
from nudge.flows.worklist.outcomes import OutcomeDesk
from nudge.flows.worklist.work_list import WorkQuestion
from nudge.lake.intake.bad_row import BadRow
from nudge.wiring.command import Installation, open_installation

if TYPE_CHECKING:  # pyarrow, which most commands do not need
    from nudge.lake.intake.input_file import InputFile

BATCH: Final = 1_000
Lines = list[tuple[int, OutcomeRow]]
Refuse = Callable[[BadRow], object]


@click.command()
@filter_options
@click.option(
    "--out",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="File to write: Parquet if its name ends in .parquet, else CSV.",
)
@click.option(
    "--customers",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Your own file, with visitor_id or msisdn: the list carries these ids.",
)
@click.option("--batch", default="", help="Name of the list: an export broken off is done again.")
@click.option("--again", is_flag=True, help="Also cases that are on another list.")
@data_dir_option
@json_option
def export(
    path: Path,
    customers: Path | None,
    batch: str,
    again: bool,  # noqa: FBT001 - click's flags
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
    **asked: Unpack[FilterOptions],
) -> None:
    """Export who may be called now, for a call centre; each case is on one list.

    The service keeps no number in clear: with your own file of customers the rows carry your ids
    again. Outcomes come back by `nudge worklist import`, by the column `case`.
    """
    if asked["state"]:
        raise click.BadParameter("is open and assigned for a call list", param_hint="--state")
    question = question_of(**asked)
    with open_installation(load_settings(data_dir)) as installation:
        name = mask_numbers(batch or new_label())
        own = None if customers is None else _own_ids(installation, customers, question)
        configuration = installation.configuration
        calls = CallList(
            contact_desk(installation),
            (configuration.case_policy, configuration.worklist),
            calendar_of(installation),
            name,
            mask_numbers(getpass.getuser()),
            now(),
            again,
            own,
        )
        try:
            _write(calls, question, path, as_json=as_json)
        except NudgeError:
            click.echo(f"broken off; go on with --batch {name}", err=True)
            raise
    if as_json:
        print_json({"out": str(path), "batch": name, **asdict(calls.counts)})
        return
    told = ", ".join(f"{count:,} {word}" for word, count in _words(calls).items() if count)
    click.echo(f"{path}: {calls.counts.listed:,} to call, batch {name}; left out: {told or 'none'}")


def _words(calls: CallList) -> dict[str, int]:
    counts = calls.counts
    return {
        "may not be contacted now": counts.not_now,
        "on another list (--again)": counts.exported,
        "not in the file of customers": counts.unknown,
        "somebody acts on": counts.busy,
    }


def _write(calls: CallList, question: WorkQuestion, path: Path, *, as_json: bool) -> None:
    from nudge.lake.export.text_table import text_file  # noqa: PLC0415 - pyarrow, for this alone

    with (
        progress_bar("cases", shown=err().is_terminal and not as_json) as bar,
        text_file(path, COLUMNS) as write,
    ):
        task = bar.add_task("", total=None, note="")
        for rows in calls.rows(question):
            write(rows)
            bar.update(task, completed=calls.counts.looked)


def _own_ids(
    installation: Installation, customers: Path, question: WorkQuestion
) -> dict[str, dict[str, str]]:
    """Read the operator's file, and keep the ids of those who are on the list."""
    source = FileOptions().open(customers)
    columns = [name for name in (ID, MSISDN) if name in source.columns]
    if not columns:
        raise InvalidConfigError([f"{customers}: has neither {ID} nor {MSISDN}; name a column so"])
    own = OwnIds(installation.store, installation.sealer, installation.rules)
    wanted = own.wanted(installation.configuration.worklist, question)
    found: dict[str, dict[str, str]] = {}
    for batch in source.batches(columns):
        found |= own.find(batch.rows, wanted)
    return found


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--refused",
    type=click.Path(dir_okay=False, path_type=Path),
    help="CSV to write: every row that is left out, by its line, with the cure.",
)
@file_options
@data_dir_option
@json_option
def import_(
    file: Path,
    refused: Path | None,
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
    options: FileOptions,
) -> None:
    """Import outcomes of cases from a call centre's file.

    FILE is CSV or Parquet with a column case, and outcome, at, agent, channel, seconds, reached,
    cost, note, close as far as they are known. Rows that cannot be used are listed and left out.
    The same row twice changes nothing, so that the command can be repeated.
    """
    source = options.open(file)
    lacking = [f"{file}: has no column case; the export names it"]
    if "case" not in source.columns:
        raise InvalidConfigError(lacking)
    summary = FileSummary.of(source, options)
    with (
        open_installation(load_settings(data_dir)) as installation,
        _refusals(summary, refused) as refuse,
        progress_bar("rows", shown=err().is_terminal and not as_json) as bar,
    ):
        task, desk = bar.add_task("", total=source.rows, note=""), _desk(installation)
        for lines in _outcomes(source, _reader(installation), refuse):
            _take(desk, lines, summary, refuse)
            bar.update(task, completed=summary.rows)
    if as_json:
        print_json(summary.plain)
    else:
        click.echo(summary.sentence())
        summary.tell_refused()
    sys.exit(summary.exit_code)


@contextmanager
def _refusals(summary: FileSummary, path: Path | None) -> Iterator[Refuse]:
    """Give a function that counts a refused row, and writes it to a file where one is named."""
    if path is None:
        yield lambda one: summary.refuse(*one)
        return
    from nudge.lake.export.text_table import text_file  # noqa: PLC0415 - pyarrow, for this alone

    with text_file(path, ("file", summary.unit, "rows", "problem")) as write:

        def refuse(one: BadRow) -> None:
            told = {"file": summary.name, summary.unit: str(one.line), "rows": str(one.rows)}
            write([told | {"problem": one.problem}])
            summary.refuse(*one)

        yield refuse


def _desk(installation: Installation) -> OutcomeDesk:
    who = mask_numbers(getpass.getuser())
    work = installation.configuration.worklist
    return OutcomeDesk(installation.store, work, installation.sealer.vault, who)


def _reader(installation: Installation) -> OutcomeReader:
    configuration = installation.configuration
    warnings = configuration.warnings
    channels = tuple(configuration.contact.channels) if configuration.plans_contacts else ()
    return OutcomeReader(tuple(warnings.outcomes), warnings.agents, channels, now())


def _outcomes(source: InputFile, reader: OutcomeReader, refuse: Refuse) -> Iterator[Lines]:
    """Yield the rows that can be used, many at a time; the others are told."""
    columns = [name for name in OUTCOME_COLUMNS if name in source.columns]
    good: Lines = []
    for batch in source.batches(columns):
        for bad in batch.refused:
            refuse(bad)
        for line, row in zip(batch.lines, batch.rows, strict=True):
            found = _read(reader, row)
            if isinstance(found, str):
                refuse(BadRow(line, found))
                continue
            good.append((line, found))
            if len(good) >= BATCH:
                yield good
                good = []
    if good:
        yield good


def _read(reader: OutcomeReader, row: Mapping[str, object]) -> OutcomeRow | str:
    if "at" not in row or row["at"] in (None, ""):
        # Without a time the row would be another one each time it is imported.
        return "at: is missing; give the time of the call"
    return reader.read(row)


def _take(desk: OutcomeDesk, lines: Lines, summary: FileSummary, refuse: Refuse) -> None:
    results = desk.take([row for _, row in lines])
    for (line, _), one in zip(lines, results, strict=True):
        if one.status == "refused":
            refuse(BadRow(line, one.why))
        else:
            summary.taken += one.status == "taken"
            summary.known += one.status == "known"
