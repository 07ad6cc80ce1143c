"""The command `nudge import`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from nudge.cli.common import data_dir_option, err, load_settings, progress_bar
from nudge.config.import_file import load_rules
from nudge.domain.credit.log_import import ImportRules
from nudge.wiring.command import open_installation


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--mapping",
    type=click.Path(path_type=Path),
    help="Mapping of the file's columns. A file of `nudge export` needs --slot instead.",
)
@click.option("--slot", help="Slot of the decisions, instead of the mapping's.")
@click.option(
    "--name", help="Name of the import; by default the file's hash. A repetition adds nothing."
)
@click.option(
    "--teach-only",
    is_flag=True,
    help="Count the rows for learning, never evaluate them: their propensities are unknown.",
)
@data_dir_option
def import_(
    file: Path,
    mapping: Path | None,
    slot: str | None,
    name: str | None,
    teach_only: bool,  # noqa: FBT001 - click's flags
    data_dir: Path | None,
) -> None:
    """Import a historical log, as a warm start.

    FILE is CSV or Parquet, a decision a row, each with the distribution by which its variant was
    drawn: only such rows can be evaluated later. Of any other log, --teach-only takes counts. All
    rows are checked before the first is written. After an interruption, the same command resumes.
    """
    from nudge.flows.upkeep.import_log import check, digest, plan_import, run  # noqa: PLC0415 - pyarrow
    from nudge.lake.evaluation.logs import open_log  # noqa: PLC0415 - the same

    if mapping is None and slot is None:
        raise click.UsageError("name the slot with --slot, or give a --mapping")
    rules = ImportRules(slot or "") if mapping is None else load_rules(mapping)
    rules = replace(rules, slot=slot or rules.slot, teach_only=teach_only or rules.teach_only)
    if rules.teach_only and rules.distribution:
        raise click.UsageError("--teach-only contradicts the mapping's distribution")
    log = open_log(file)
    with open_installation(load_settings(data_dir)) as installation:
        plan = plan_import(installation.store, rules, name or digest(file))
        with progress_bar("rows", shown=err().is_terminal) as bar:
            task = bar.add_task("", total=log.rows * 2, note="checked, then written")
            check(log, plan, lambda rows: bar.advance(task, rows))
            done = run(installation.store, log, plan, lambda rows: bar.advance(task, rows))
    click.echo(f"{file}: {done.rows:,} rows, {done.fresh:,} of them new: {done.records:,} records")
