"""The command `nudge simulate --offline --slot`: what the first week of a slot costs and brings."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from lab.first_week.first_week import FirstWeek, play_first_week, serve_slot
from lab.first_week.log_counter import LogCounter
from lab.first_week.week_log import WeekLog
from lab.first_week.week_sentences import sentences
from lab.first_week.week_terms import WeekTerms
from nudge import clock
from nudge.cli.common import load_settings, print_json, progress_bar
from nudge.cli.file_summary import Command, FileOptions, FileSummary, file_options
from nudge.config.import_file import load_rules
from nudge.config.window_value import windows_of
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.credit.log_import import ImportRules
from nudge.domain.slots.holdout import share_held_out
from nudge.domain.slots.slot import Slot
from nudge.errors import InvalidConfigError, InvalidRequestError, NotFoundError
from nudge.settings.settings import Settings
from nudge.wiring.command import applied_slots

if TYPE_CHECKING:  # pyarrow, which most commands do not need
    from nudge.lake.evaluation.log_file import LogFile

LAKE: Final = "lake"
NEEDED: Final = ("variant", "at")
"""Columns that a log must have, beside what tells its rewards."""


@dataclass(frozen=True)
class WeekOptions:
    """Options of a first week.

    Attributes:
        log: CSV or Parquet file, a lake's directory, or `lake`.
        slot: name of the slot; None where nothing is asked.
        mapping: path of the mapping of the log's columns, as an import has it.
        days: length in days.
        per_day: visitors a day; None for those of the log.
        runs: number of worlds.
        lang: language of the text.
        file: how the file is read.
    """

    log: str
    slot: str | None
    mapping: Path | None
    days: int
    per_day: int | None
    runs: int
    lang: str
    file: FileOptions

    @property
    def given(self) -> bool:
        """True where a first week is asked for."""
        return self.slot is not None or self.mapping is not None or self.log != LAKE


def week_options(command: Command) -> Callable[..., Any]:
    """Add the options of a first week; the command gets them as `week`."""

    @functools.wraps(command)
    def taking(*args: object, options: FileOptions, **rest: Any) -> object:  # noqa: ANN401 - the command's own
        own = {name: rest.pop(name) for name in ("log", "slot", "mapping", "days", "per_day")}
        more = {name: rest.pop(name) for name in ("runs", "lang")}
        return command(*args, week=WeekOptions(**own, **more, file=options), **rest)

    found: Callable[..., Any] = file_options(taking)
    for option in reversed(_OPTIONS):
        found = option(found)
    return found


_OPTIONS: Final = (
    click.option(
        "--log",
        default=LAKE,
        show_default=True,
        help="Offline, first week: CSV or Parquet file, a lake's directory, or `lake`.",
    ),
    click.option("--slot", help="Offline, first week: slot that goes live."),
    click.option(
        "--mapping",
        type=click.Path(path_type=Path),
        help="Offline, first week: mapping of the log's columns, as `nudge import` reads it.",
    ),
    click.option(
        "--days",
        type=click.IntRange(1, 31),
        default=7,
        show_default=True,
        help="Offline, first week: its length.",
    ),
    click.option(
        "--visitors-per-day",
        "per_day",
        type=click.IntRange(1, 100_000_000),
        help="Offline, first week: visitors a day; by default those of the log.",
    ),
    click.option(
        "--runs",
        type=click.IntRange(2, 1_000),
        default=20,
        show_default=True,
        help="Offline, first week: worlds that the log allows, with a week in each.",
    ),
    click.option("--lang", type=click.Choice(("zh", "en")), default="en", show_default=True),
)


def run(asked: WeekOptions, seed: int, data_dir: Path | None, *, as_json: bool, bar: bool) -> None:
    """Play the first week of a slot and print what it costs and brings.

    Args:
        asked: the question.
        seed: determines the answer, together with the log.
        data_dir: instead of that of the settings.
        as_json: print JSON.
        bar: show progress.

    Raises:
        InvalidConfigError: log or mapping cannot be used; with file, line and cure.
        InvalidRequestError: such a slot has no first week.
        NotFoundError: there is no such slot.
    """
    settings = load_settings(data_dir)
    slot = _find_slot(settings, asked.slot)
    source = _open_log(settings, asked, slot.name)
    summary = FileSummary(source.name, source.form, source.unit, asked.file.strict)
    log = _count(source, slot, asked, settings, summary, bar=bar)
    found = _play(log, _terms(asked, log, settings), asked.runs, seed, bar=bar)
    if as_json:
        print_json(_plain(found, seed) | (summary.plain if summary.form else {}))
    else:
        for one in sentences(found):
            click.echo(one[asked.lang])
        if summary.form:
            click.echo(summary.sentence(), err=True)
        summary.tell_refused()
    sys.exit(summary.exit_code)


def _find_slot(settings: Settings, name: str | None) -> Slot:
    if name is None:
        raise click.UsageError("name the slot with --slot")
    slot = applied_slots(settings).get(name)
    if slot is None:
        raise NotFoundError(f"there is no slot {name!r}; put it into service: nudge apply")
    if windows_of(slot):
        cure = "ask `nudge plan --dry-run`, which tells the trials before the first plan"
        raise InvalidRequestError(f"slot {name} plans in batches and has no first week; {cure}")
    return serve_slot(slot)


def _open_log(settings: Settings, asked: WeekOptions, slot: str) -> LogFile:
    from nudge.lake.evaluation.logs import file_log, open_log  # noqa: PLC0415 - pyarrow

    if asked.log == LAKE:
        return open_log(settings.lake_dir, slot, settings.lake_engine)
    if Path(asked.log).is_dir():
        return open_log(Path(asked.log), slot)
    return file_log(asked.file.open(Path(asked.log)), slot)


def _count(
    source: LogFile,
    slot: Slot,
    asked: WeekOptions,
    settings: Settings,
    summary: FileSummary,
    *,
    bar: bool,
) -> WeekLog:
    """Count the rows of a log; those that cannot be read are listed and left out."""
    rules = ImportRules(slot.name) if asked.mapping is None else load_rules(asked.mapping)
    _check_columns(source, rules)
    calendar = OperatorCalendar.named(settings.zone)
    counter = LogCounter(
        slot, replace(rules, slot=slot.name), source.columns, calendar, clock.now()
    )
    with progress_bar("rows", shown=bar) as progress:
        task = progress.add_task("", total=source.rows, note="counted")
        for block in source.blocks(counter.names):
            batch = block.row_batch()
            summary.refuse_each(batch.refused)
            for line, row in zip(batch.lines, batch.rows, strict=True):
                try:
                    counter.count(row)
                    summary.taken += 1
                except (ValueError, TypeError, OverflowError) as error:
                    summary.refuse(line, str(error))
            progress.advance(task, len(batch.rows))
    return counter.finish(summary.refused)


def _check_columns(source: LogFile, rules: ImportRules) -> None:
    """Refuse a log without the columns that every row needs.

    Raises:
        InvalidConfigError: it names the columns that are missing, and the cure.
    """
    missing = [name for name in NEEDED if rules.column(name) not in source.columns]
    pairs = (("reward",), ("conversions", "value_fen"))
    if not any(all(rules.column(name) in source.columns for name in pair) for pair in pairs):
        missing.append("reward")
    if missing:
        cure = "write a mapping with [columns], and give it with --mapping"
        problems = [f"{source.name}: no column {rules.column(one)!r}; {cure}" for one in missing]
        raise InvalidConfigError(problems)


def _terms(asked: WeekOptions, log: WeekLog, settings: Settings) -> WeekTerms:
    per_day = float(asked.per_day or max(log.per_day, 1.0))
    held = share_held_out(settings.holdout, log.slot.holdout)
    return WeekTerms(asked.days, per_day, held, log.slot.usual_share, clock.now())


def _play(log: WeekLog, terms: WeekTerms, runs: int, seed: int, *, bar: bool) -> FirstWeek:
    with progress_bar("visitors", shown=bar) as progress:
        task = progress.add_task("", total=terms.visitors * runs, note=f"{runs} worlds")
        return play_first_week(log, terms, runs, seed, lambda n: progress.advance(task, n))


def _plain(found: FirstWeek, seed: int) -> dict[str, object]:
    """Return an answer as JSON."""
    log, terms = found.log, found.terms
    return {
        "slot": log.slot.name,
        "answerable": found.why is None,
        "why": found.why,
        "unit": found.unit,
        "days": terms.days,
        "visitors_per_day": terms.per_day,
        "visitors": terms.visitors,
        "runs": found.runs,
        "seed": seed,
        "rule": {"source": found.rule.source, "text": found.rule.text},
        "log": {
            "exposures": log.visitors,
            "conversions": log.conversions,
            "days": log.days,
            "left_out": dict(log.left_out),
            "propensities": found.propensities,
            "delays": "none" if log.delay is None else "known",
        },
        "extrapolated": dict(found.support.extrapolated) if log.visitors else {},
        "disagreeing": list(found.support.disagreeing),
        "to_show": dict(found.support.to_show) if log.visitors else {},
        "week": None if found.figures is None else found.figures.plain,
        "sentences": sentences(found),
    }
