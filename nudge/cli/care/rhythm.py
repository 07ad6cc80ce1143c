"""The command `nudge rhythm`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nudge.cli.common import data_dir_option, json_option, load_settings, print_json
from nudge.cli.file_summary import FileOptions, FileSummary, file_options
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.basics.local_time import date_of
from nudge.domain.values.days import parse_day
from nudge.domain.values.refusal import ValueRefusedError
from nudge.errors import InvalidConfigError

if TYPE_CHECKING:  # numpy and pyarrow, which help does not need
    from nudge.flows.care.purchase_file import PurchaseList

LANGUAGES = click.Choice(("zh", "en"))


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--customer", required=True, metavar="COLUMN", help="Column of who bought.")
@click.option("--date", required=True, metavar="COLUMN", help="Column of the day, or moment.")
@click.option("--until", metavar="DATE", help="Last day to learn from; the file's last otherwise.")
@click.option("--check", metavar="DATE", help="Last day of a check, behind --until.")
@click.option("--lang", type=LANGUAGES, default="en", show_default=True)
@data_dir_option
@file_options
@json_option
def rhythm(
    file: Path,
    customer: str,
    date: str,
    until: str | None,
    check: str | None,
    lang: str,
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
    options: FileOptions,
) -> None:
    """Tell the rhythm of purchases: who still comes, and when the next one is expected.

    FILE is CSV or Parquet with a row for each purchase. Several of a customer on a day count once.
    With --check the days between --until and DATE are forecast and compared with the file. Rows
    without a customer or a date are listed and left out; the command ends with 1 then.
    """
    from nudge.flows.care.purchase_file import PurchaseColumns, read_purchases  # noqa: PLC0415

    calendar = OperatorCalendar.named(load_settings(data_dir).zone)
    last, end = _day("--until", until, calendar), _day("--check", check, calendar)
    if end is not None and (last is None or end <= last):
        raise click.BadParameter("give --until DATE too, a day before that of --check")
    source = options.open(file)
    summary = FileSummary.of(source, options)
    columns = PurchaseColumns(customer, date, calendar)
    purchases = read_purchases(source, columns, lambda bad: summary.refuse(*bad))
    summary.taken = len(purchases.people)
    found = _find(purchases, last, end, source.name)
    if as_json:
        print_json(found | {"file": summary.plain})
    else:
        for one in (found, found["check"]):
            if one is not None:
                click.echo(one["sentence"][lang])
        click.echo(summary.sentence(), err=True)
        summary.tell_refused()
    sys.exit(summary.exit_code)


def _day(flag: str, text: str | None, calendar: OperatorCalendar) -> int | None:
    if text is None:
        return None
    try:
        return parse_day(text, calendar)
    except ValueRefusedError as error:
        raise click.BadParameter(f"{flag} {text} {error}") from error


def _find(purchases: PurchaseList, until: int | None, end: int | None, name: str) -> dict[str, Any]:
    """Fit the rhythm and check it.

    Raises:
        InvalidConfigError: the file has no purchase until then, or none behind it to check.
    """
    from nudge.models.rhythm.backtest import check_rhythm, later_purchases  # noqa: PLC0415 - scipy
    from nudge.models.rhythm.fit import fit_rhythm  # noqa: PLC0415
    from nudge.models.rhythm.purchase_sums import median_gap, purchase_sums  # noqa: PLC0415
    from nudge.models.rhythm.rhythm_view import check_view, rhythm_view  # noqa: PLC0415

    people, days = purchases.arrays
    last = int(days.max()) if until is None else until
    told = f"its purchases are from {date_of(int(days.min()))} to {date_of(int(days.max()))}"
    if not (days <= last).any():
        raise InvalidConfigError([f"{name}: --until {date_of(last)} is too early: {told}"])
    if end is not None and not (days > last).any():
        raise InvalidConfigError([f"{name}: --until {date_of(last)} leaves no check: {told}"])
    sums = purchase_sums(people, days, last)
    fitted = fit_rhythm(sums, date_of(last).isoformat())
    found = rhythm_view(fitted, median_gap(people, days, last))
    checked = None
    if fitted is not None and end is not None:
        later = later_purchases(people, days, last, end)
        checked = check_view(check_rhythm(fitted, sums, later))
    return found | {"check": checked}
