"""The command `nudge evaluate`."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path

import click
from rich.box import SIMPLE
from rich.table import Table
from rich.text import Text

from bandits.evaluation import Evaluation
from nudge.cli.common import (
    data_dir_option,
    err,
    json_option,
    load_settings,
    out,
    period_options,
    print_json,
    progress_bar,
    read_period,
    tell_since,
)
from nudge.cli.file_summary import FileOptions, FileSummary, file_options
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.reports.questions import EVER, TARGETS, EvaluationQuestion
from nudge.domain.reports.target_policy import AskedPolicy
from nudge.errors import InvalidRequestError
from nudge.flows.reports.asked_policy import asked_policy
from nudge.flows.reports.evaluate import (
    READINGS,
    EvaluationAnswer,
    evaluate_lake,
    evaluate_log,
)
from nudge.flows.reports.log_question import LogQuestion
from nudge.lake.evaluation.log_batches import REFUSED
from nudge.lake.evaluation.log_columns import Columns
from nudge.lake.evaluation.log_file import LogFile
from nudge.lake.evaluation.log_flaws import LEAST_PROPENSITY
from nudge.lake.evaluation.logs import file_log, open_log
from nudge.lake.files.reader import Lake
from nudge.settings.settings import Settings
from nudge.wiring.command import open_installation
from nudge.workers.reports.answers import CACHE

LAKE = "lake"
OF_SLOT = ("policy", "mabwiser", "rule")
"""Targets that need the slot's variants."""
LONG = 200_000
"""Fewest rows for which a progress bar is shown."""
ESTIMATORS = {
    "ips": "IPS: weighted rewards",
    "snips": "SNIPS: IPS, self-normalised",
    "dm": "DM: a model of the rewards",
    "dr": "DR: DM corrected by IPS",
}
LEFT_OUT = {
    "reason_not_policy": "were not drawn by the policy (holdout, usual, forced, fallback, ...)",
    "not_exposed": "were never shown",
    "not_matured": "may still get a reward: their window is open",
    "quarantined": "lie in an outage",
    "not_eligible": "could not get the target's variant",
    "nothing_eligible": "had no eligible variant",
    "refused": "have values that cannot be used",
}


def _propensity(_: click.Context, __: click.Parameter, value: str) -> str | float:
    """Parse a number such as 0.25 or 1/3; any other text is the name of a column."""
    try:
        number = float(Fraction(value))
    except (ValueError, ZeroDivisionError):
        return value
    except OverflowError:
        number = 0.0
    if not LEAST_PROPENSITY <= number <= 1:
        raise click.BadParameter(f"give a probability: from {LEAST_PROPENSITY:g} to 1")
    return number


def _split_names(
    _: click.Context, __: click.Parameter, value: str | None
) -> tuple[str, ...] | None:
    """Split names at commas."""
    return None if value is None else tuple(filter(None, map(str.strip, value.split(","))))


def _target(_: click.Context, __: click.Parameter, value: str) -> str:
    try:
        return value if LogQuestion(value).kind else ""
    except InvalidRequestError as error:
        raise click.BadParameter(str(error)) from error


@click.command()
@click.option("--log", required=True, help="CSV or Parquet file, a lake's directory, or `lake`.")
@click.option(
    "--target",
    required=True,
    callback=_target,
    help=f"{TARGETS}; or column:NAME.",
)
@click.option(
    "--slot", help="Slot of the decisions; needed for a lake, and for policy, mabwiser and rule."
)
@click.option(
    "--variants",
    callback=_split_names,
    help="Variants in the order of a target column's lists: a,b.",
)
@click.option(
    "--variant-column", default="variant", show_default=True, help="Column of the variant drawn."
)
@click.option("--reward-column", default="reward", show_default=True, help="Column of the reward.")
@click.option(
    "--propensity",
    default="propensity",
    show_default=True,
    callback=_propensity,
    help="Column of the propensity, or one number for all rows (0.25, 1/3).",
)
@click.option(
    "--features",
    callback=_split_names,
    help="Columns for the reward model: a,b; by default the whole context.",
)
@click.option(
    "--level",
    type=click.FloatRange(0.5, 1, max_open=True),
    default=0.95,
    show_default=True,
    help="Coverage of the intervals.",
)
@period_options("Only decisions of a lake made then or later.", "Only those made before.")
@file_options
@data_dir_option
@json_option
def evaluate(
    log: str,
    target: str,
    slot: str | None,
    variants: tuple[str, ...] | None,
    variant_column: str,
    reward_column: str,
    propensity: str | float,
    features: tuple[str, ...] | None,
    level: float,
    start: str | None,
    end: str | None,
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
    options: FileOptions,
) -> None:
    """Estimate what another policy would have earned on a log.

    The log is the lake's joined form, or any CSV or Parquet file with a variant, its propensity
    and a reward. If the log cannot answer, the command prints the reason, and ends with 0. Rows of
    a file that cannot be used are listed and left out; the command ends with 1 then.
    """
    columns = Columns(variant_column, reward_column, propensity, features)
    question = LogQuestion(target, columns, variants or (), level)
    if slot is None and (question.kind in OF_SLOT or log == LAKE):
        raise click.UsageError("name the slot with --slot")
    plain = question == LogQuestion(target) and question.kind != "column"
    if question.kind == "mabwiser" and (log != LAKE or not plain):
        raise click.UsageError(
            "mabwiser:NAME learns from the lake: use --log lake and no other options"
        )
    period = EVER if start is end is None else read_period(load_settings(data_dir), start, end)
    if period != EVER and not (log == LAKE and plain):
        raise click.UsageError("--from and --to go with --log lake and none of the log's columns")
    asked = None
    if slot is not None and question.kind in OF_SLOT:
        asked = _find_policy(load_settings(data_dir), slot, question.target)
    summary = None
    if log == LAKE and slot is not None and plain:
        settings = load_settings(data_dir)
        wanted = EvaluationQuestion(slot, target, period, settings.zone)
        found = _evaluate_lake(settings, wanted, asked)
    else:
        file = _log(log, slot, data_dir, options)
        summary = FileSummary(file.name, file.form, file.unit, options.strict)
        found = _evaluate_file(file, question, asked, summary)
    if log == LAKE:
        settings = load_settings(data_dir)
        tell_since(Lake(settings.lake_dir), OperatorCalendar.named(settings.zone))
    if as_json:
        print_json(found.plain | (summary.plain if summary and summary.form else {}))
    else:
        for shown in _format_answer(log, question, found):
            out().print(shown)
    sys.exit(_tell_rows(summary, as_json=as_json))


def _tell_rows(summary: FileSummary | None, *, as_json: bool) -> int:
    """Tell what became of a file's rows, and return the exit code."""
    if summary is None or not summary.form:
        return 0
    if not as_json:
        click.echo(summary.sentence(), err=True)
        summary.tell_refused()
    return summary.exit_code


def _find_policy(settings: Settings, slot: str, target: str) -> AskedPolicy:
    with open_installation(settings) as installation:
        return asked_policy(installation.store, slot, target)


def _log(log: str, slot: str | None, data_dir: Path | None, options: FileOptions) -> LogFile:
    if log != LAKE and Path(log).is_dir():
        return open_log(Path(log), slot)
    if log != LAKE:
        return file_log(options.open(Path(log)), slot)
    settings = load_settings(data_dir)
    return open_log(settings.lake_dir, slot, settings.lake_engine)


def _evaluate_lake(
    settings: Settings, question: EvaluationQuestion, asked: AskedPolicy
) -> EvaluationAnswer:
    """Evaluate on the installation's lake, with its cache of joined days."""
    with progress_bar("lake", shown=err().is_terminal) as bar:
        task = bar.add_task("", total=1.0, note="")
        found, _ = evaluate_lake(
            Lake(settings.lake_dir),
            settings.data_dir / CACHE,
            question,
            asked,
            lambda share: bar.update(task, completed=share),
            settings.lake_engine,
        )
    return found


def _evaluate_file(
    file: LogFile, question: LogQuestion, asked: AskedPolicy, summary: FileSummary
) -> EvaluationAnswer:
    with progress_bar("rows", shown=file.rows >= LONG and err().is_terminal) as bar:
        task = bar.add_task("", total=file.rows * READINGS, note="")
        found = evaluate_log(
            file,
            question,
            asked,
            lambda rows: bar.advance(task, rows),
            lambda one: summary.refuse(*one),
        )
    summary.taken = found.evaluation.diagnostics.n + sum(found.left_out.values())
    summary.taken -= found.left_out.get(REFUSED, 0)
    return found


def _format_answer(log: str, question: LogQuestion, found: EvaluationAnswer) -> list[Table | Text]:
    judged = found.evaluation
    head = f"{question.target} on {log}"
    used = judged.diagnostics
    worth = f"worth {used.ess:,.0f} for this target; largest weight {used.max_weight:.2f}"
    lines = [
        f"{used.n:,} rows, {worth}",
        *(f"{count:,} rows {LEFT_OUT[why]}: left out" for why, count in found.left_out.items()),
    ]
    if found.features:
        lines.append(f"reward model: {', '.join(found.features)}")
    if judged.why is not None:
        return [Text("\n".join([head, *lines, f"Cannot answer: {judged.why}."]))]
    if judged.estimates["dr"] is None:
        lines.append("DM and DR need the target's probabilities of all variants, as lists")
    return [_table(head, judged, question.level), Text("\n".join(lines))]


def _table(head: str, found: Evaluation, level: float) -> Table:
    made = Table(title=head, box=SIMPLE)
    made.add_column("mean reward", no_wrap=True)
    for name in ("value", f"{level:.4g} interval"):
        made.add_column(name, justify="right", no_wrap=True)
    logged = found.on_policy
    made.add_row("of the log itself", "-" if logged is None else f"{logged:.6f}", "")
    made.add_section()
    for name, what in ESTIMATORS.items():
        estimate = found.estimates[name]
        if estimate is None:
            made.add_row(what, "-", "-")
        else:
            made.add_row(what, f"{estimate.value:.6f}", f"{estimate.low:.6f} - {estimate.high:.6f}")
    return made
