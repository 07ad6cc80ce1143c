"""The month of `nudge report --month`: payments that several slots were credited with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import click
from rich.box import SIMPLE
from rich.table import Table

from nudge import clock
from nudge.cli.common import out, print_json, tell_since
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.sharing.month_question import month_question
from nudge.errors import InvalidRequestError
from nudge.settings.settings import Settings

LAST: Final = "last"
"""Text of the option `--month` without a month."""
HIDDEN: Final = "fewer than 20 people"
Plain = Mapping[str, Any]


def report_month(settings: Settings, month: str, language: str, *, as_json: bool) -> None:
    """Print the report of the payments of a month that several slots were credited with.

    Args:
        settings: of the installation.
        month: such as 2026-10, or `LAST` for the last full one.
        language: `zh` or `en`, of the sentence.
        as_json: print everything, for programs.

    Raises:
        click.BadParameter: the text is no month, or the month lies ahead.
        BrokenLakeError: the lake cannot be read.
    """
    from nudge.flows.reports.shared import shared  # noqa: PLC0415 - ibis, which help does not need
    from nudge.lake.files.reader import Lake  # noqa: PLC0415 - the same

    calendar = OperatorCalendar.named(settings.zone)
    try:
        texts = {} if month == LAST else {"month": month}
        question = month_question(texts, clock.now(), calendar)
    except InvalidRequestError as error:
        raise click.BadParameter(str(error)) from error
    lake = Lake(settings.lake_dir)
    found = shared(lake, question, settings.lake_engine)
    tell_since(lake, calendar)
    if as_json:
        print_json(found)
    else:
        _tell(found, language)


def _tell(found: Plain, language: str) -> None:
    console = out()
    console.print(f"{found['from'][:7]}  ({found['from']} - {found['to']}, as of {found['as_of']})")
    console.print(found["headline"][language])
    console.print(_slots(found["slots"]))
    console.print(_pairs(found["pairs"]))
    console.print(_numbers(found))


def _slots(rows: Sequence[Plain]) -> Table:
    columns = ("slot", "conversions", "payments", "yuan", "by policy", "shared", "shared %")
    table = _table("slots", *columns)
    for one in rows:
        by_policy = one["by_reason"].get("policy", {"payments": 0})
        table.add_row(
            one["slot"],
            _number(one["conversions"]),
            _number(one["payments"]),
            _yuan(one["revenue"]),
            _number(by_policy["payments"]),
            _number(one["shared_payments"]),
            "-" if one["shared_share"] is None else f"{one['shared_share']:.1%}",
        )
    return table


def _pairs(rows: Sequence[Plain]) -> Table:
    table = _table("payments of both", "slots", "payments", "yuan")
    for one in rows:
        table.add_row(" + ".join(one["slots"]), _number(one["payments"]), _yuan(one["revenue"]))
    return table


def _numbers(found: Plain) -> Table:
    table = _table("payments, each once", "credited to", "payments", "yuan")
    named = [(f"{one['slots']} slots", one) for one in found["by_number_of_slots"]]
    for name, one in (*named, ("all", found["total"])):
        table.add_row(name, _number(one["payments"]), _yuan(one["revenue"]))
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE)
    for i, column in enumerate(columns):
        table.add_column(column, justify="left" if i == 0 else "right")
    return table


def _number(value: int | None) -> str:
    return HIDDEN if value is None else f"{value:,}"


def _yuan(value: float | None) -> str:
    return "-" if value is None else f"{value:,.2f}"
