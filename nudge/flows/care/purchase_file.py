"""A file of purchases, read for the model of rhythms: who bought, and on which day."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from bandits.arrays import IntArray
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.values.days import parse_day
from nudge.domain.values.plain_text import trim
from nudge.domain.values.refusal import ValueRefusedError
from nudge.errors import InvalidConfigError
from nudge.lake.intake.bad_row import BadRow
from nudge.lake.intake.input_file import InputFile
from nudge.lake.intake.row_taking import take_rows


@dataclass(frozen=True)
class PurchaseColumns:
    """The names of a file's columns, and the calendar of its moments.

    Attributes:
        customer: column of who bought.
        date: column of when.
        calendar: in whose days moments lie.
    """

    customer: str
    date: str
    calendar: OperatorCalendar

    def problems(self, columns: tuple[str, ...]) -> list[str]:
        """Return the problems of a file's columns, each with its cure."""
        asked = (("--customer", self.customer), ("--date", self.date))
        known = ", ".join(columns[:40])
        return [
            f"{flag} {name}: there is no such column; use one of {known}"
            for flag, name in asked
            if name not in columns
        ]


@dataclass
class PurchaseList:
    """Purchases as they are read, of people by number.

    Attributes:
        people: number of each purchase's person.
        days: since 1970-01-01, of each purchase.
    """

    people: list[int] = field(default_factory=list)
    days: list[int] = field(default_factory=list)
    _numbers: dict[str, int] = field(default_factory=dict)

    def take(self, row: Mapping[str, object], columns: PurchaseColumns) -> str:
        """Take a row, or return why it is refused."""
        customer = row[columns.customer]
        name = "" if customer is None else trim(str(customer))
        if not name:
            return f"column {columns.customer} is empty; say who bought"
        try:
            day = parse_day(row[columns.date], columns.calendar)
        except ValueRefusedError as error:
            return f"column {columns.date} {error}"
        self.people.append(self._numbers.setdefault(name, len(self._numbers)))
        self.days.append(day)
        return ""

    @property
    def arrays(self) -> tuple[IntArray, IntArray]:
        """People and days (n,)."""
        return np.array(self.people, dtype=np.int64), np.array(self.days, dtype=np.int64)


def read_purchases(
    source: InputFile, columns: PurchaseColumns, refuse: Callable[[BadRow], None]
) -> PurchaseList:
    """Read the purchases of a file.

    Args:
        source: CSV or Parquet.
        columns: that are read.
        refuse: is told each row that is left out.

    Raises:
        InvalidConfigError: a column is missing, or no row can be used; with the cure.
    """
    problems = columns.problems(source.columns)
    if problems:
        raise InvalidConfigError([f"{source.name}: {one}" for one in problems])
    found = PurchaseList()
    used = columns.customer, columns.date
    take_rows(source, lambda row: found.take(row, columns), refuse, used)
    if not found.people:
        text = f"no row can be used; column {columns.date} has to hold dates such as 2026-11-27"
        raise InvalidConfigError([f"{source.name}: {text}"])
    return found
