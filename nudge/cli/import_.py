"""The command `nudge import`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

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
from nudge.config.import_file import load_rules
from nudge.domain.credit.log_import import ImportRules
from nudge.domain.values.number_words import has_number
from nudge.wiring.command import Installation, open_installation

if TYPE_CHECKING:  # pyarrow, which most commands do not need
    from nudge.flows.upkeep.imports.import_undo import UndoResult


@click.command("import")
@click.argument(
    "file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--mapping",
    type=click.Path(path_type=Path),
    help="Mapping of the file's columns. A file of `nudge export` needs --slot instead.",
)
@click.option("--slot", help="Slot of the decisions, instead of the mapping's.")
@click.option("--name", help="Name of the import, to take it back by; by default the file's hash.")
@click.option(
    "--teach-only",
    is_flag=True,
    help="Count the rows for learning, never evaluate them: their propensities are unknown.",
)
@click.option(
    "--undo", is_flag=True, help="Take back what the import of FILE, or of --name, has brought."
)
@file_options
@data_dir_option
@json_option
def import_(
    file: Path | None,
    mapping: Path | None,
    slot: str | None,
    name: str | None,
    teach_only: bool,  # noqa: FBT001 - click's flags
    undo: bool,  # noqa: FBT001 - click's flags
    options: FileOptions,
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
) -> None:
    """Import a historical log, as a warm start; or take an import back.

    FILE is CSV or Parquet, a decision a row, each with the distribution by which its variant was
    drawn: only such rows can be evaluated later. Of any other log, --teach-only takes counts. A row
    that does not fit is told by its place and left out. A row that came in before is known, also
    in a file that grew. After an interruption, the same command resumes.
    """
    if name and not undo and has_number(name):
        raise click.UsageError("--name holds a phone number; name the import after its file")
    if undo and (file or name):
        _undo(file, name, data_dir, as_json=as_json)
        return
    if file is None:
        raise click.UsageError("give a FILE; only --undo with --name needs none")
    rules = _rules(mapping, slot, teach_only=teach_only)
    with open_installation(load_settings(data_dir)) as installation:
        summary, records = _imported(installation, file, rules, name, options)
    if as_json:
        print_json(summary.plain | {"new": summary.taken, "records": records})
    else:
        counts = f"{summary.taken:,} new, {summary.known:,} known, {summary.refused:,} refused"
        rows = f"{summary.rows:,} rows ({summary.form})"
        click.echo(f"{summary.name}: {rows}: {counts}; {records:,} records")
        summary.tell_refused()
    sys.exit(summary.exit_code)


def _rules(mapping: Path | None, slot: str | None, *, teach_only: bool) -> ImportRules:
    if mapping is None and slot is None:
        raise click.UsageError("name the slot with --slot, or give a --mapping")
    rules = ImportRules(slot or "") if mapping is None else load_rules(mapping)
    rules = replace(rules, slot=slot or rules.slot, teach_only=teach_only or rules.teach_only)
    if rules.teach_only and rules.distribution:
        raise click.UsageError("--teach-only contradicts the mapping's distribution")
    return rules


def _imported(
    installation: Installation,
    file: Path,
    rules: ImportRules,
    name: str | None,
    options: FileOptions,
) -> tuple[FileSummary, int]:
    from nudge.flows.upkeep.imports.import_log import digest  # noqa: PLC0415 - pyarrow

    source = options.open(file)
    with progress_bar("rows", shown=err().is_terminal) as bar:
        task = bar.add_task("", total=source.rows * 2, note="looked through, then written")
        done = installation.importer.run(
            source,
            rules,
            name or digest(file),
            lambda rows: bar.advance(task, rows),
            strict=options.strict,
        )
    summary = FileSummary.of(source, options)
    summary.taken, summary.known, summary.refused = done.fresh, done.known, done.refused
    summary.bad = list(done.bad)
    return summary, done.records


def _undo(file: Path | None, name: str | None, data_dir: Path | None, *, as_json: bool) -> None:
    from nudge.flows.upkeep.imports.import_log import digest  # noqa: PLC0415 - pyarrow

    wanted = name or (digest(file) if file else "")
    with open_installation(load_settings(data_dir)) as installation:
        done = installation.import_undo.run(wanted)
    if as_json:
        print_json(done)
        return
    click.echo(f"{file or name}: {_told(done)}")


def _told(done: UndoResult) -> str:
    if not (done.decisions or done.exposures):
        return "nothing of it counts (any more)"
    slots = ", ".join(done.slots)
    counts = f"{done.decisions:,} decisions, {done.exposures:,} exposures"
    return f"taken back: {counts}; the next policy of {slots} is without them"
